import type { Command } from 'commander';
import { type ExportWorkerEvent, startExportWorker } from '../../bullmq/index.ts';
import { WORKER_DEFAULTS } from '../../bullmq/internal.ts';
import type { TokenSet } from '../../core/index.ts';
import { refuse, systemClock } from '../../core/internal.ts';
import { redisStore } from '../../stores/redis/index.ts';
import type { TokenManager } from '../../token/index.ts';
import { chooseVendor } from '../choose-vendor.ts';
import type { CommandContext } from '../command-context.ts';
import { connect } from '../connection.ts';
import { readEnvironment } from '../environment.ts';
import { EXIT } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import { addReadFlags, type ReadFlags } from '../flags/export-flags.ts';
import { addQueueFlags, type QueueFlags } from '../flags/queue-flags.ts';
import {
  addConnectionFlags,
  addWorkFlags,
  baseUrlFlag,
  rateFlag,
  vendorFlag,
  type WorkFlags,
} from '../flags/run-flags.ts';
import { abortOnSignal } from '../interrupt.ts';
import type { Io } from '../io.ts';
import { parseCount, parseRate, parseSeconds } from '../parse.ts';
import { queueUrl } from '../queue/queue-url.ts';
import { createReporter } from '../reporter/create-reporter.ts';
import type { Reporter } from '../reporter/types.ts';
import { counted } from '../reporter/words.ts';
import { sourceOf, toSourceDescription, VENDOR_OF } from '../sources.ts';
import { REDIS_VARIABLES, VENDOR_VARIABLES, type VendorName } from '../variables.ts';

interface WorkerFlags extends QueueFlags, WorkFlags, ReadFlags {
  directory: string;
  concurrency: number;
  takeover?: number;
  vendor?: VendorName;
  baseUrl?: string;
}

/** Works on the exports of a queue until it is told to end. */
export function addWorker(program: Command, { io, end }: CommandContext): void {
  const command = program
    .command('worker')
    .description(
      'Work on the exports that others gave to a queue (export ... --queue), on as many machines as you like.',
    )
    .option(
      '--directory <path>',
      'where the output goes: the same for all workers, on a disk they share',
      '.',
    )
    .option('--concurrency <n>', 'parts at a time', parseCount, WORKER_DEFAULTS.concurrency)
    .option(
      '--takeover <s>',
      `seconds without a sign of life after which others take the parts of a worker (default: ${WORKER_DEFAULTS.takeover / 1000})`,
      parseSeconds,
    )
    .addOption(
      rateFlag(`; all workers share it (default: ${VENDOR_VARIABLES.genesys.rate} for Genesys Cloud)`),
    )
    .addOption(baseUrlFlag())
    .addOption(vendorFlag())
    .addHelpText(
      'after',
      `
Examples:
  $ axios-oauth-refresh worker --queue redis://redis.internal:6379 --directory /mnt/exports

Workers share one token and one rate through that Redis. ${REDIS_VARIABLES.username} and ${REDIS_VARIABLES.password} are its credentials.
On Ctrl-C or SIGTERM a worker hands its parts back to the others; killed, they are taken from it.
`,
    );
  addWorkFlags(addConnectionFlags(addReadFlags(addQueueFlags(command)))).action(
    async (flags: WorkerFlags) => {
      const { log, progressInterval: interval } = flags;
      const reporter = createReporter({ stream: io.stderr, log, interval, clock: systemClock });
      try {
        await work(io, flags, reporter);
        end(EXIT.complete);
      } catch (error) {
        const failure = failureOf(error, undefined);
        reporter.failed(failure);
        end(failure.exitCode);
      } finally {
        reporter.stop();
      }
    },
  );
}

async function work(io: Io, flags: WorkerFlags, reporter: Reporter): Promise<void> {
  const { retries, timeout, baseUrl, directory, concurrency, takeover, readAhead, checkpointInterval } =
    flags;
  const environment = readEnvironment(io, flags.env, (message) => reporter.warning(message));
  const connection = queueUrl(flags.queue, environment);
  const { name: vendorName, vendor } = chooseVendor(environment, flags.vendor);
  const rate = flags.rate ?? parseRate(VENDOR_VARIABLES[vendorName].rate);
  const store = redisStore({ url: connection });
  const { signal, release } = abortOnSignal(
    io,
    () => reporter.warning('ending: parts are handed back'),
    reporter.stop,
  );
  try {
    const { api, tokens } = connect({ vendor, baseUrl, retries, timeout, store, onEvent: reporter.event });
    // Before any part is taken: whether the credentials are good.
    const token = await firstToken(tokens, signal);
    if (!token) return;
    const base = baseUrl ?? token.apiBaseUrl ?? vendor.apiBaseUrl ?? '';
    const worker = await startExportWorker({
      connection,
      queue: flags.queueName,
      api,
      tokens,
      directory,
      concurrency,
      takeover,
      readAhead,
      checkpointInterval,
      timeout,
      account: [vendor.name, base].join(' '),
      ...(rate !== 'none' && { rate }),
      source(interval, common) {
        const description = toSourceDescription(common);
        const wanted = VENDOR_OF[description.source];
        refuse('worker', [
          wanted !== vendorName &&
            `${description.source} needs credentials of ${wanted}, and this worker has those of ${vendorName}: give it ` +
              'another queue (--queue-name)',
        ]);
        return sourceOf(description, String(interval));
      },
      onEvent: (event) => tell(reporter, event),
    });
    reporter.started('worker', directory);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
    await worker.close();
  } finally {
    await store.close();
    release();
  }
}

/** @returns undefined when the worker was told to end meanwhile: there is nothing to hand back. */
async function firstToken(tokens: TokenManager, signal: AbortSignal): Promise<TokenSet | undefined> {
  try {
    return await tokens.getToken({ signal });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function tell(reporter: Reporter, event: ExportWorkerEvent): void {
  if (event.type === 'queue-error') {
    reporter.note('queue-error', `queue: ${event.error.message}`, {});
    return;
  }
  // The whole is told where it was submitted.
  if (event.type === 'progress') return;
  const { type, name, part, ...fields } = event;
  const what = part === undefined ? `the merge of ${name}` : `part ${part} of ${name}`;
  const said = 'error' in fields ? fields.error.message : undefined;
  const how =
    'records' in fields ? `, ${counted(fields.records, 'record')}` : said === undefined ? '' : `: ${said}`;
  reporter.note(`part-${type}`, `${what}: ${type}${how}`, { name, part, ...fields, error: said });
}
