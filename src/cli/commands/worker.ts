import type { Command } from 'commander';
import { type ExportWorkerEvent, startExportWorker } from '../../bullmq/index.ts';
import { reasonOf, WORKER_DEFAULTS } from '../../bullmq/internal.ts';
import type { TokenSet } from '../../core/index.ts';
import { removeUserInfo, throwIfAborted } from '../../core/internal.ts';
import { redisStore } from '../../stores/redis/index.ts';
import type { TokenManager } from '../../token/index.ts';
import { findArgumentSecrets, refuseCredentials } from '../argument-secrets.ts';
import { chooseVendor } from '../choose-vendor.ts';
import type { CommandContext } from '../command-context.ts';
import { connect } from '../connection.ts';
import { readEnvironment } from '../environment.ts';
import { EXIT, EXIT_CODES } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import { checkpointIntervalFlag, type ReadFlags, readAheadFlag } from '../flags/export-flags.ts';
import { type QueueFlags, queueFlag, queueNameFlag } from '../flags/queue-flags.ts';
import {
  addConnectionFlags,
  addLogFlags,
  addSpeedFlags,
  baseUrlFlag,
  rateFlag,
  vendorFlag,
  type WorkFlags,
} from '../flags/run-flags.ts';
import { addHelpEnd } from '../help.ts';
import type { Io } from '../io.ts';
import { openReporter } from '../open-reporter.ts';
import { parseCount, parseRate, parseSeconds } from '../parse.ts';
import { accountOf } from '../queue/account.ts';
import { queueUrl } from '../queue/queue-url.ts';
import type { Reporter } from '../reporter/types.ts';
import { counted } from '../reporter/words.ts';
import { watchRun } from '../run-signal.ts';
import { sourceFromQueue, vendorOf } from '../sources.ts';
import { VENDOR_RATES, VENDOR_VARIABLES, type VendorName } from '../variables.ts';

interface WorkerFlags extends QueueFlags, WorkFlags, ReadFlags {
  directory: string;
  concurrency: number;
  takeover?: number;
  vendor?: VendorName;
  baseUrl?: string;
}

/** Adds the command that exports the parts of a queue until a signal stops it. */
export function addWorker(program: Command, { io, args, setExitCode }: CommandContext): void {
  const command = program
    .command('worker')
    .description('Export the parts of exports in a queue (export ... --queue), on any number of hosts.')
    .optionsGroup('Required:')
    .addOption(queueFlag('Redis of the queue').makeOptionMandatory())
    .optionsGroup('Queue and output:')
    .option('--directory <path>', 'output directory, on a file system that all workers share', '.')
    .addOption(queueNameFlag())
    .option(
      '--takeover <s>',
      `seconds without a sign of life after which other workers take over the parts (default: ${WORKER_DEFAULTS.takeover / 1000})`,
      parseSeconds,
    );
  addConnectionFlags(command).addOption(vendorFlag()).addOption(baseUrlFlag());
  addSpeedFlags(command, rateFlag(VENDOR_RATES, ', for all workers together'))
    .option('--concurrency <n>', 'parts to export at the same time', parseCount, WORKER_DEFAULTS.concurrency)
    .addOption(readAheadFlag())
    .optionsGroup('Checkpoint:')
    .addOption(checkpointIntervalFlag());
  addLogFlags(command);
  addHelpEnd(command, {
    examples: [
      `worker --queue redis://redis.internal:6379 \\
    --directory /mnt/exports`,
      `worker --queue rediss://redis.internal:6379 \\
    --directory /mnt/exports --env genesys.env --concurrency 2`,
    ],
    notes: `Workers share one token and one rate limit. Ctrl-C or SIGTERM stops a worker,
which then returns its parts to the queue.`,
    redis: true,
    exitCodes: {
      0: 'stopped by Ctrl-C or SIGTERM',
      1: EXIT_CODES[1],
      2: EXIT_CODES[2],
      3: 'the credentials are refused',
      5: 'the token endpoint throttles',
      6: 'Redis or the token endpoint is unreachable',
    },
  }).action(async (flags: WorkerFlags) => {
    const reporter = openReporter(io, flags, findArgumentSecrets(args));
    try {
      await work(io, flags, reporter);
      setExitCode(EXIT.complete);
    } catch (error) {
      const failure = failureOf(error, { command: 'worker' });
      reporter.failed(failure);
      setExitCode(failure.exitCode);
    } finally {
      reporter.stop();
    }
  });
}

async function work(io: Io, flags: WorkerFlags, reporter: Reporter): Promise<void> {
  const { retries, timeout, maxOutage, baseUrl, directory, concurrency } = flags;
  const { takeover, readAhead, checkpointInterval } = flags;
  const environment = readEnvironment(io, flags.env, (message) => reporter.warning(message));
  refuseCredentials({ '--base-url': baseUrl });
  const connection = await queueUrl(flags.queue, environment);
  const { name: vendorName, vendor } = chooseVendor(environment, flags.vendor);
  const rate = flags.rate ?? parseRate(VENDOR_VARIABLES[vendorName].rate);
  const store = redisStore({ url: connection });
  const { signal, memory, release } = watchRun(io, reporter, 'stopping: returning the parts to the queue');
  try {
    const { api, tokens } = connect({ vendor, baseUrl, retries, timeout, store, onEvent: reporter.event });
    memory.limitResponses(api);
    // Check the credentials before taking a part, so that wrong credentials fail no part.
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
      maxOutage,
      account: accountOf(vendorName, vendor, token.accessToken),
      // The form of versions up to 0.4, so that their checkpoints stay valid.
      checkpointAccount: [vendor.name, removeUserInfo(base)].join(' '),
      declines(common) {
        const wanted = vendorOf(common);
        if (wanted === undefined || wanted === vendorName) return undefined;
        return (
          `the export needs credentials of ${wanted}, but this worker has credentials of ${vendorName}, so this worker leaves the export to ` +
          `others. Start a worker with credentials of ${wanted}`
        );
      },
      ...(rate !== 'none' && { rate }),
      source: (interval, common) => sourceFromQueue(common, String(interval)),
      onEvent: (event) => report(reporter, event),
    });
    reporter.started('worker', directory);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
    await worker.close();
    throwIfAborted(memory.signal);
  } finally {
    await store.close();
    release();
  }
}

/** Returns undefined if a signal stops the worker first. */
async function firstToken(tokens: TokenManager, signal: AbortSignal): Promise<TokenSet | undefined> {
  try {
    return await tokens.getToken({ signal });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function report(reporter: Reporter, event: ExportWorkerEvent): void {
  if (event.type === 'queue-error') {
    reporter.problem('queue-error', `queue: ${event.error.message}`, {});
    return;
  }
  if (event.type === 'paused') {
    const { error, delay } = event;
    const text = `paused for ${delay / 1000} s: ${reasonOf(error)}; other workers continue`;
    reporter.problem('worker-paused', text, { error: error.message, delay });
    return;
  }
  if (event.type === 'resumed') {
    reporter.note('worker-resumed', 'resumed after a pause', {});
    return;
  }
  // The command that submitted the export reports the progress.
  if (event.type === 'progress') return;
  const { type, name, part, ...fields } = event;
  const merge = type === 'left-alone' ? name : `the merge of ${name}`;
  const subject = part === undefined ? merge : `part ${part} of ${name}`;
  const error = 'error' in fields ? fields.error?.message : undefined;
  const details =
    'records' in fields ? `, ${counted(fields.records, 'record')}` : error === undefined ? '' : `: ${error}`;
  // A part that is tried again, or that another worker has, needs no attention.
  const needsAttention = error !== undefined && type !== 'retrying' && type !== 'lost';
  const report = needsAttention ? reporter.problem : reporter.note;
  report(`part-${type}`, `${subject}: ${type}${details}`, { name, part, ...fields, error });
}
