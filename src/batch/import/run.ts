import { monotonicOf, systemClock } from '../../core/internal.ts';
import { toProgress, type Waiting } from '../progress.ts';
import { createRequests } from '../requests.ts';
import { RUN_DEFAULTS } from '../run-options.ts';
import { interrupted, toBatchError } from '../to-batch-error.ts';
import { type Batch, cutBatches } from './batches.ts';
import type { Feeding } from './feeding.ts';
import { createFirstLook } from './first-look.ts';
import { type InputRecord, readOn, sizeOfInput } from './input.ts';
import type { Ledger } from './ledger.ts';
import { batchLimits, IMPORT_DEFAULTS, type ImportOptions, type ImportProgress } from './options.ts';
import type { Outcome } from './outcome.ts';
import { inputChanged, openPrefixDigest } from './prefix-digest.ts';
import { createBatchProcessor } from './process-batch.ts';
import type { Mark, RecordState } from './state.ts';

/**
 * Sends batch after batch until the end of the input.
 *
 * @param ledger the ledger as the last run left it.
 * @param verify throws if another run has taken the lock over.
 * @param feeding set if the input is a list.
 * @returns the progress, and the last record of the input if it is not finished.
 */
export async function runImport(
  options: ImportOptions,
  ledger: Ledger,
  verify: () => Promise<void>,
  feeding?: Feeding,
): Promise<{ progress: ImportProgress; unfinished: InputRecord | undefined }> {
  const {
    api,
    target,
    rate,
    signal,
    tokens,
    onProgress,
    onBadRecord = IMPORT_DEFAULTS.onBadRecord,
  } = options;
  const {
    clock = systemClock,
    random = Math.random,
    timeout = RUN_DEFAULTS.timeout,
    maxOutage = RUN_DEFAULTS.maxOutage,
    retries = IMPORT_DEFAULTS.retries,
    baseDelay = IMPORT_DEFAULTS.baseDelay,
  } = options;
  const { input } = feeding ?? options;
  const concurrency = feeding?.hasCopies ? 1 : (options.concurrency ?? IMPORT_DEFAULTS.concurrency);
  const now = monotonicOf(clock);
  const began = now();
  const recordsBefore = processedRecords(ledger);
  let refreshes = 0;
  const inputSize = await sizeOfInput(input.path);
  let total: number | undefined;
  let unfinished: InputRecord | undefined;

  // Aborting stops new requests. Requests on the wire still get their response, because the API may execute them.
  const stop = new AbortController();
  let waiting: Waiting | undefined;
  const onWaiting = (next: Waiting | undefined) => {
    waiting = next;
    reportProgress().catch(fail);
  };
  const requests = createRequests({
    api,
    rate,
    timeout,
    maxOutage,
    signal: stop.signal,
    clock,
    random,
    onWaiting,
  });
  const firstLook = createFirstLook(options, ledger, (error) => fail(error));
  const processBatch = createBatchProcessor({
    api,
    target,
    requests,
    ledger: { ...ledger, writeOutcomes: (outcomes) => firstLook.write(outcomes).then(reportProgress) },
    splitRefused: firstLook.parts,
    stop: stop.signal,
    retries,
    baseDelay,
    maxOutage,
    clock,
    random,
    onWaiting,
  });

  function progress(): ImportProgress {
    const { accepted, rejected, unresolved, batches } = ledger.state;
    const measured = toProgress({
      records: processedRecords(ledger),
      recordsBefore,
      pages: batches,
      repeated: 0,
      total,
      refreshes,
      ...requests.counts,
      elapsed: now() - began,
      waiting,
    });
    return { ...measured, accepted, rejected, unresolved };
  }

  async function reportProgress(): Promise<void> {
    await onProgress?.(progress());
  }

  const onAbort = () => stop.abort(interrupted(signal?.reason));
  const fail = (error: unknown) => stop.abort(toBatchError(error));
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  const unsubscribe = tokens?.subscribe(({ type }) => {
    if (type === 'refresh-succeeded') refreshes++;
  });
  const digest = await openPrefixDigest(input.path);
  const inFlight = new Map<Promise<void>, ReadonlySet<string>>();
  const idsOf = ({ records }: Batch) => new Set(records.flatMap(({ id }) => id ?? []));

  async function begin({ end, states }: Batch): Promise<void> {
    total = estimate(end, inputSize);
    if (states) return;
    await verify();
    await ledger.begin({ ...end, digest: await digest.upTo(end.offset) });
  }

  /** Writes the outcomes of records that an earlier import of the same list has sent. */
  async function withoutKnown(batch: Batch): Promise<Batch> {
    if (!feeding) return batch;
    const outcomes: Outcome[] = [];
    const states = batch.records.map((record, index): RecordState => {
      const state = batch.states?.[index] ?? 'waiting';
      const known = state === 'waiting' ? feeding.known(record) : undefined;
      if (known === undefined || known === 'sent') return known ?? state;
      outcomes.push({ record, outcome: known, isEarlier: true });
      return 'settled';
    });
    if (outcomes.length > 0) await ledger.writeOutcomes(outcomes).then(reportProgress);
    return { ...batch, states };
  }

  try {
    const { begun, open } = ledger.state;
    const difference = await digest.differenceFrom(begun);
    if (difference !== undefined) throw inputChanged(input.path, difference);
    // Reading the open batches again would not show that their last row has grown.
    if (open.length > 0) await readOn(input, begun);
    const batches = cutBatches(input, ledger.state, {
      ...batchLimits(options),
      target,
      stopAtBad: onBadRecord === 'stop',
      onUnfinished(record) {
        unfinished = record;
      },
    });
    for await (const batch of batches) {
      const ids = concurrency > 1 ? idsOf(batch) : new Set<string>();
      // Two records with one id must arrive in the order of the input.
      const before = [...inFlight].filter(([, others]) => [...ids].some((id) => others.has(id)));
      await Promise.all(before.map(([processing]) => processing));
      if (stop.signal.aborted) break;
      await begin(batch);
      const processing: Promise<void> = withoutKnown(batch)
        .then(processBatch)
        .catch(fail)
        .finally(() => inFlight.delete(processing));
      inFlight.set(processing, ids);
      if (inFlight.size >= concurrency) await Promise.race(inFlight.keys());
      if (stop.signal.aborted) break;
    }
    await Promise.all(inFlight.keys());
    if (!stop.signal.aborted) await firstLook.end();
  } catch (error) {
    // A bad line ends the reading, but the batches before it must still finish.
    await Promise.all(inFlight.keys());
    fail(error);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    unsubscribe?.();
    await digest.close();
  }
  if (stop.signal.aborted) throw stop.signal.reason;
  total = processedRecords(ledger);
  await ledger.complete();
  return { progress: progress(), unfinished };
}

function processedRecords({ state }: Ledger): number {
  return state.accepted + state.rejected + state.unresolved;
}

/** Estimates the number of records in the input from the average length so far. */
function estimate({ record, offset }: Mark, inputSize: number): number {
  return offset === 0 ? record : Math.max(record, Math.round((record / offset) * inputSize));
}
