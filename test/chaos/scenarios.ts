import type { VendorSimulator } from '../../src/testing/index.ts';

/** An export of the command that is disturbed. */
export interface Scenario {
  /** Arguments of the command, without `--out`, `--interval` and `--rate`. */
  readonly args: readonly string[];
  /** Ending of the output. */
  readonly ending: string;
  readonly vendor: 'genesys' | 'cxone';
  /** Whether the output begins with a line of column names. */
  readonly hasHeading: boolean;
  /** What decides when a run is killed: the size of the output, or the number of requests if the output grows in large steps. */
  readonly killAt: 'size' | 'request';
  /** Returns a record as a line of the output. */
  line(simulator: VendorSimulator, index: number): string;
}

const conversations: Scenario = {
  args: ['genesys-conversations'],
  ending: 'jsonl',
  vendor: 'genesys',
  hasHeading: false,
  killAt: 'size',
  line: (simulator, index) => JSON.stringify(simulator.record(index)),
};

export const SCENARIOS = {
  conversations,
  jobs: { ...conversations, args: ['genesys-conversation-jobs', '--page-size', '100'] },
  contacts: {
    ...conversations,
    args: ['cxone-completed-contacts', '--page-size', '100'],
    vendor: 'cxone',
    line: (simulator, index) => JSON.stringify(simulator.completedContact(index)),
  },
  extraction: {
    ...conversations,
    args: ['cxone-data-extraction', '--entity', 'contacts', '--id', 'contactId', '--page-size', '100'],
    vendor: 'cxone',
    line: (simulator, index) => {
      const fields = Object.entries(simulator.completedContact(index));
      return JSON.stringify(Object.fromEntries(fields.map(([name, value]) => [name, String(value)])));
    },
  },
  csv: {
    ...conversations,
    args: ['genesys-conversations', '--columns', 'conversationId,conversationStart,participants'],
    ending: 'csv',
    hasHeading: true,
    line(simulator, index) {
      const { conversationId, conversationStart, participants } = simulator.record(index);
      return `${conversationId},${conversationStart},"${JSON.stringify(participants).replaceAll('"', '""')}"`;
    },
  },
  gzip: { ...conversations, ending: 'jsonl.gz', killAt: 'request' },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

/** Returns the environment of the command for a simulator. */
export function environmentOf({ vendor }: Scenario, simulator: VendorSimulator): Record<string, string> {
  const { url, clientId, clientSecret, accessKeyId, accessKeySecret } = simulator;
  if (vendor === 'genesys') {
    return {
      GENESYS_ENV_URL: url,
      GENESYS_CLIENT_ID: clientId,
      GENESYS_CLIENT_SECRET: clientSecret,
    };
  }
  return {
    CXONE_ISSUER: url,
    CXONE_CLIENT_ID: clientId,
    CXONE_CLIENT_SECRET: clientSecret,
    CXONE_ACCESS_KEY_ID: accessKeyId,
    CXONE_ACCESS_KEY_SECRET: accessKeySecret,
  };
}
