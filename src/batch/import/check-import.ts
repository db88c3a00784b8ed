import { digestOf } from '../digest.ts';
import { createIdTable } from '../export/id-table.ts';
import { interrupted } from '../to-batch-error.ts';
import { cutBatches, type NumberedRecord } from './batches.ts';
import { type InputRecord, sizeOfInput } from './input.ts';
import { listOf } from './list-scan.ts';
import { batchLimits, checkImportOptions, IMPORT_DEFAULTS, type ImportOptions } from './options.ts';
import { preflight } from './preflight.ts';
import { isExceeded, limitOf } from './reject-limit.ts';
import { startState } from './state.ts';
import { inputWarnings } from './warnings.ts';

/** The options of the import that is checked. `api` and the options of requests are not used. */
export type CheckImportOptions = Omit<ImportOptions, 'api'> & Partial<Pick<ImportOptions, 'api'>>;

/** A record of the input and what is wrong with it. */
export interface LineProblem {
  readonly line: number;
  readonly reason: string;
}

/** Records with a problem: how many, and the first 20. */
export interface LineProblems {
  readonly count: number;
  readonly first: readonly LineProblem[];
}

/** The result of {@link checkImport}. */
export interface ImportCheck {
  /** Records of the whole input, without an unfinished last row. */
  readonly records: number;
  /** Records that the import would send. */
  readonly sendable: number;
  /** Requests that the import would send if the API accepts every record. */
  readonly requests: number;
  /** Records that cannot be read. The import stops at the first, or rejects them if `onBadRecord` is `reject`. */
  readonly unreadable: LineProblems;
  /** The number of the line at which the import would stop, because a record cannot be read. Records of a rejects file do not stop an import. */
  readonly stopsAtLine?: number | undefined;
  /** Records that the target refuses. The import would reject them without a request. */
  readonly refused: LineProblems;
  /** Whether the unreadable and refused records alone would stop the import because of `maxRejects`. */
  readonly exceedsMaxRejects: boolean;
  /** Records without an id, which the import never repeats. 0 if the target has no ids. */
  readonly withoutId: number;
  /** Records whose id an earlier record of the input has. */
  readonly repeatedIds: LineProblems;
  /** Records of an unresolved file that have no id. The import would refuse them without `sendAgain` or a `check` of the target. */
  readonly unresolvedWithoutId: number;
  /** The number of the line of a last row without a line end, which the import would not send. */
  readonly unfinishedLine?: number | undefined;
  /** What else the caller should know, in sentences without a full stop. */
  readonly warnings: readonly string[];
}

const MOST_LISTED = 20;

/**
 * Reads the whole input of an import and reports what the import would do. Sends nothing, writes nothing, and needs no credentials.
 *
 * Uses 24 bytes of memory for each id, to find repeated ids.
 *
 * @throws ConfigurationError that lists every invalid option. BatchError `ERR_INPUT` if the input cannot be read as text or rows at all,
 * `ERR_INTERRUPTED` if `signal` aborts.
 * @example
 * const { records, refused } = await checkImport({ input: csvInput('contacts.csv'), target });
 */
export async function checkImport(options: CheckImportOptions): Promise<ImportCheck> {
  const own = checkImportOptions(options, 'checkImport');
  const { input, target, signal, sendAgain = false, onBadRecord = IMPORT_DEFAULTS.onBadRecord } = own;
  await sizeOfInput(input.path);
  await preflight(input, target);
  const unreadable = collectProblems();
  const refused = collectProblems();
  const repeatedIds = collectProblems();
  const ids = createIdTable();
  let withoutId = 0;
  let unresolvedWithoutId = 0;
  let unfinished: InputRecord | undefined;
  let stopsAtLine: number | undefined;
  let records = 0;
  let requests = 0;
  let exceedsMaxRejects = false;
  const rejected = () => unreadable.count + refused.count;

  /** Returns whether the record would be sent. */
  function inspect(record: NumberedRecord): boolean {
    const { line, bad, list, problem, id } = record;
    if (bad) {
      if (onBadRecord === 'stop' && !list) stopsAtLine ??= line;
      return unreadable.add(line, bad.reason);
    }
    if (problem !== undefined) return refused.add(line, problem);
    if (id === undefined) {
      if (target.idOf) withoutId++;
      if (listOf(input, record) === 'unresolved' && !sendAgain && !target.check) unresolvedWithoutId++;
      return true;
    }
    const earlier = ids.see(digestOf(id), line);
    if (earlier > 0) repeatedIds.add(line, `the record in line ${earlier} has the same id`);
    return true;
  }

  const batches = cutBatches(input, startState(), {
    ...batchLimits(own),
    target,
    stopAtBad: false,
    onUnfinished(record) {
      unfinished = record;
    },
  });
  for await (const batch of batches) {
    if (signal?.aborted) throw interrupted(signal.reason);
    records += batch.records.length;
    const before = rejected();
    if (batch.records.filter(inspect).length > 0) requests++;
    // Later records can lower the share of rejected records, but the import has stopped.
    exceedsMaxRejects ||= rejected() > before && isExceeded(own.maxRejects, rejected(), records);
  }
  return {
    records,
    sendable: records - rejected(),
    requests,
    unreadable: unreadable.list(),
    stopsAtLine,
    refused: refused.list(),
    exceedsMaxRejects: exceedsMaxRejects || rejected() > limitOf(own.maxRejects, records),
    withoutId,
    repeatedIds: repeatedIds.list(),
    unresolvedWithoutId,
    unfinishedLine: unfinished?.line,
    warnings: inputWarnings(input.path, records, unfinished),
  };
}

function collectProblems() {
  const first: LineProblem[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(line: number, reason: string): false {
      count++;
      if (first.length < MOST_LISTED) first.push({ line, reason });
      return false;
    },
    list: (): LineProblems => ({ count, first }),
  };
}
