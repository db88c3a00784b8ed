/**
 * The pages of docs/reference, by the path of their entry point: what the entry point is for, and its sections in the order of
 * the page. A name belongs to the section with the longest path that its source file starts with. The order of the paths is the
 * order in the section.
 *
 * @type {Readonly<Record<string, { about: string; sections: Readonly<Record<string, readonly string[]>> }>>}
 */
export const PAGES = {
  '': {
    about: 'Attaches the plugin to an axios instance, and shares a token between instances and processes.',
    sections: {
      'Attach the plugin': ['src/plugin/', 'src/core/request-options'],
      'Share a token': ['src/token/token-manager', 'src/stores/', 'src/token/', 'src/core/token-store'],
      'Vendors and grants': ['src/vendors/', 'src/core/vendor', 'src/oauth/', 'src/core/grant'],
      'Client authentication': ['src/oauth/client-authentication'],
      Errors: ['src/core/errors'],
      Events: ['src/core/events'],
      Types: ['src/core/'],
    },
  },
  'genesys-cloud': {
    about: 'Provides the vendor for Genesys Cloud.',
    sections: { Vendor: ['src/vendors/'] },
  },
  'nice-cxone': {
    about: 'Provides the vendor for NICE CXone.',
    sections: { Vendor: ['src/vendors/'] },
  },
  environment: {
    about: 'Chooses the vendor and its credentials from environment variables.',
    sections: { Vendors: ['src/vendors/'] },
  },
  'file-store': {
    about: 'Shares a token and a rate between the processes of one host, in a directory.',
    sections: {
      'File store': ['src/stores/file/file-store', 'src/stores/file/', 'src/stores/encryption'],
      'Interface of a store': ['src/core/'],
    },
  },
  'redis-store': {
    about: 'Shares a token between hosts, in Redis.',
    sections: {
      'Redis store': ['src/stores/redis/redis-store', 'src/stores/redis/', 'src/stores/encryption'],
      'Interface of a store': ['src/core/'],
    },
  },
  batch: {
    about: 'Exports records of an API to a file, and imports records from a file. Both resume after a crash.',
    sections: {
      Exports: ['src/batch/export/'],
      'Exports of days': ['src/batch/days/', 'src/batch/dates/'],
      Sources: [
        'src/batch/sources/genesys-',
        'src/batch/sources/cxone-',
        'src/batch/sources/cursor',
        'src/batch/sources/link',
        'src/batch/sources/offset',
        'src/batch/sources/page-number',
        'src/batch/sources/',
      ],
      Sinks: ['src/batch/sinks/'],
      Imports: ['src/batch/import/import', 'src/batch/import/options', 'src/batch/import/'],
      'Import targets': ['src/batch/import/targets/', 'src/batch/import/target'],
      'Progress, checkpoints and rates': ['src/batch/', 'src/core/'],
      Errors: ['src/batch/errors'],
    },
  },
  bullmq: {
    about: 'Exports records with workers on many hosts, which BullMQ coordinates.',
    sections: {
      'Submit an export': ['src/bullmq/submit', 'src/bullmq/description', 'src/bullmq/', 'src/batch/'],
      'Follow an export': ['src/bullmq/handle', 'src/bullmq/whole-progress', 'src/bullmq/summary'],
      'Run workers': ['src/bullmq/worker'],
      'Store parts': ['src/bullmq/directory-parts', 'src/bullmq/part-store'],
      'Share a rate': ['src/bullmq/shared-rate'],
    },
  },
  postgres: {
    about: 'Exports records to a table of Postgres, each record exactly once.',
    sections: { 'Write to a table': ['src/postgres/'] },
  },
  testing: {
    about: 'Starts a simulator of Genesys Cloud and NICE CXone, and checks token stores of your own.',
    sections: {
      Simulator: ['src/testing/simulator', 'src/testing/options', 'src/testing/'],
      'Fault injection': ['src/testing/faults'],
      'Token stores': ['src/testing/store-contract'],
      'Responses of the simulator': ['src/testing/wire-types'],
    },
  },
};
