import { dirname, join, resolve } from 'node:path';
import type { Clock } from '../../core/index.ts';
import { refuse } from '../../core/internal.ts';
import { canonical, type Subject } from '../checkpoint.ts';
import { countRecords } from '../count-records.ts';
import { lockOutput } from '../files/output-lock.ts';
import { addFed, type Fed, readFedLog, toFedLine } from './fed-log.ts';
import type { InputRecord, RecordInput } from './input.ts';
import type { FedRecord } from './list-record.ts';
import { isList, type ScannedRecord, scanList, shortDigest } from './list-scan.ts';
import type { ImportOptions, ImportPaths } from './options.ts';
import { type ImportState, readFrom } from './state.ts';
import { toOriginKey, withOrigins } from './unwrapped.ts';
import { changedList, mayDouble } from './warnings.ts';

/**
 * An import whose input is a list: the rejects file or the unresolved file of another import. The user corrects the list in place and
 * imports it several times. A record that was accepted once is not sent again, from whichever list it comes.
 */
export interface Feeding {
  /** The list as it was when the import began. Its records have `fed`. */
  readonly input: RecordInput;
  /** The files with the outcomes of earlier imports of the records. */
  readonly logs: readonly string[];
  /** Whether several lines have the same record, so that batches must be sent one after the other. */
  readonly hasCopies: boolean;
  /**
   * Checks the records that this run will send.
   *
   * @param state the state from which the import resumes; undefined if it sends the list from its start.
   * @throws ConfigurationError if the API may already have stored a record, and sending the record again could double it.
   */
  check(state: ImportState | undefined): void;
  /** Returns the outcome of a record that must not be sent; `sent` if its outcome must be found out first. */
  known(record: InputRecord): KnownOutcome | undefined;
  warnings(): string[];
  release(): Promise<void>;
}

type KnownOutcome = 'sent' | 'accepted' | 'rejected' | 'unresolved';

/**
 * Opens a list to import it. Reads the whole list, and the outcomes of earlier imports of its records.
 *
 * @returns undefined if the input is not a list.
 * @throws BatchError `ERR_LOCKED` while another list with records of the same import is imported.
 */
export async function openFeeding(
  { input, target, sendAgain = false, restart = false, signal }: ImportOptions,
  paths: ImportPaths,
  subject: Subject,
  clock: Clock,
): Promise<Feeding | undefined> {
  if (!(await isList(input))) return undefined;
  const to = shortDigest(canonical({ ...subject, input: null }));
  const list = shortDigest(resolve(input.path));
  const scan = await scanList(input, target, list);
  const logOf = (importId: string) => join(dirname(paths.checkpoint), `import-${importId}.fed`);
  const keyOf = ({ importId, key }: ScannedRecord) => `${importId} ${key}`;

  const locks: { release(): Promise<void> }[] = [];
  const release = async () => {
    for (const lock of locks) await lock.release();
  };
  const fed = new Map<string, Map<string, Fed>>();
  async function open(importId: string): Promise<void> {
    if (fed.has(importId)) return;
    locks.push(await lockOutput(`${logOf(importId)}.lock`, clock, signal));
    fed.set(importId, restart ? new Map() : await readFedLog(logOf(importId), to));
  }
  let records: readonly ScannedRecord[];
  try {
    await open(list);
    records = withOrigins(scan.records, list, fed.get(list) ?? new Map());
    for (const importId of new Set(records.map((record) => record.importId))) await open(importId);
  } catch (error) {
    await release();
    throw error;
  }
  const byLine = new Map(records.map((record) => [record.line, record]));

  const skipped = { sent: 0, accepted: 0, rejected: 0, unresolved: 0 };
  let doubtful = 0;

  /** Returns the known outcome; `doubtful` if sending the record could double it. */
  function decide(record: ScannedRecord): KnownOutcome | 'doubtful' | undefined {
    const before = fed.get(record.importId)?.get(record.key);
    if (before?.outcome === 'accepted' || before?.outcome === 'sent') return before.outcome;
    // A record that was rejected from another list is sent: the user may have fixed the cause at the API.
    const isUnchanged = before?.rejectedFrom.has(`${list} ${record.digest}`);
    if (before?.outcome === 'rejected' && isUnchanged) return 'rejected';
    const mayBeStored = record.list === 'unresolved' || before?.outcome === 'unresolved';
    if (!mayBeStored || record.isSafe) return undefined;
    return target.check ? 'sent' : 'doubtful';
  }

  function fedRecord(record: ScannedRecord): FedRecord {
    const { importId, key, digest } = record;
    return {
      key: keyOf(record),
      toLines(outcome) {
        const line = { to, key, outcome, digest, list };
        addFed(fed.get(importId) as Map<string, Fed>, line);
        const own = [logOf(importId), toFedLine(line)] as const;
        if (importId === list) return [own];
        return [own, [logOf(list), toFedLine({ ...line, key: toOriginKey(record) })]];
      },
    };
  }

  return {
    logs: [...fed.keys()].map(logOf),
    hasCopies: new Set(records.map(keyOf)).size < records.length,
    release,
    input: {
      ...input,
      async *read(from) {
        for await (const record of input.read(from)) {
          const scanned = byLine.get(record.line);
          // Lines that were appended since are left for the next import of the list.
          if (!record.unfinished && record.end.offset > scan.end) return;
          yield scanned ? { ...record, fed: fedRecord(scanned) } : record;
        }
      },
    },
    check(state) {
      const begin = state ? readFrom(state).record : 0;
      const states = state?.open.flatMap((batch) => batch.states) ?? [];
      const toSend = records.slice(begin).filter((_, index) => (states[index] ?? 'waiting') === 'waiting');
      const found = toSend.filter((record) => decide(record) === 'doubtful');
      if (sendAgain) doubtful = found.length;
      // A record of a rejects file that became unresolved is left to the unresolved file.
      const refused = sendAgain ? [] : found.filter((record) => record.list === 'unresolved');
      const [first] = refused;
      refuse('sendAgain (--send-again)', [
        first &&
          `${input.path} has ${countRecords(refused.length)} without an id whose outcome is unknown (first: line ${first.line}). The API may ` +
            'already have stored such a record. Look the records up in the API, and remove the lines of records that are stored. Then set ' +
            'sendAgain (--send-again) to send the others. The API may then store a record twice',
      ]);
    },
    known(record) {
      const scanned = byLine.get(record.line);
      const decided = scanned && decide(scanned);
      const known = decided === 'doubtful' ? (sendAgain ? undefined : 'unresolved') : decided;
      if (known) skipped[known]++;
      return known;
    },
    warnings: () => [
      ...changedList(input.path, skipped),
      ...(doubtful > 0 ? [mayDouble(input.path, doubtful)] : []),
    ],
  };
}
