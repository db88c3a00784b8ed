import { rm } from 'node:fs/promises';
import { Mutex } from 'async-mutex';
import { type AppendFile, openAppendFile } from '../files/append-file.ts';
import { toJsonLine } from '../json/to-json.ts';
import type { NumberedRecord } from './batches.ts';
import { openJournal } from './journal.ts';
import { applyEntry, type Entry, type ImportState, nothingDone, startState, toRanges } from './state.ts';

/** The final outcome of a record. */
export interface Outcome {
  readonly record: NumberedRecord;
  readonly outcome: 'accepted' | 'rejected' | 'unresolved';
  readonly reason?: string | undefined;
  /** The HTTP status that the API gave for the record. */
  readonly status?: number | undefined;
}

/** Writes the state, the rejects and the unresolved records of an import. A completed write survives a crash of the process. */
export interface Ledger {
  readonly state: Readonly<ImportState>;
  /** Begins a batch that ends at this position. */
  begin(end: ImportState['begun']): Promise<void>;
  /** Marks records that must not be sent twice, before they are sent. */
  sent(records: readonly NumberedRecord[]): Promise<void>;
  /** Marks sent records that were surely not executed. */
  withdrawn(records: readonly NumberedRecord[]): Promise<void>;
  writeOutcomes(outcomes: readonly Outcome[]): Promise<void>;
  /** Marks everything that was read as settled. */
  complete(): Promise<void>;
  close(): Promise<void>;
}

/** The files of a ledger. */
export interface LedgerPaths {
  journal: string;
  rejects: string;
  unresolved: string;
}

// At this length the journal has a few hundred kilobytes, and writing a checkpoint costs no more than reading the journal.
const LONGEST_JOURNAL = 1000;

/**
 * Opens the ledger. Cuts off lines that a crash left after the last settled record in the rejects and unresolved files.
 *
 * @param state the state of the checkpoint.
 * @param save writes the checkpoint.
 */
export async function openLedger(
  paths: LedgerPaths,
  state: ImportState,
  save: (state: ImportState) => Promise<void>,
): Promise<Ledger> {
  const journal = await openJournal(paths.journal, state);
  const open: { close(): Promise<void> }[] = [journal];
  const closeAll = async () => {
    for (const file of open) await file.close();
  };
  const openList = async (path: string, length: number) => {
    const file = await openAppendFile(path, length).catch(async (error: unknown) => {
      await closeAll();
      throw error;
    });
    open.push(file);
    return file;
  };
  const rejects = await openList(paths.rejects, state.rejectsLength);
  const unresolved = await openList(paths.unresolved, state.unresolvedLength);

  const mutex = new Mutex();
  let failure: unknown;

  /** After a failure a file may end with a partial write, so nothing may be appended. */
  const serialize = (work: () => Promise<void>): Promise<void> =>
    mutex.runExclusive(async () => {
      if (failure !== undefined) throw failure;
      await work().catch((error: unknown) => {
        failure = error;
        throw error;
      });
    });

  async function write(entry: Entry, { sync }: { sync: boolean }): Promise<void> {
    await journal.append(state.entry + 1, entry);
    if (sync) await journal.sync();
    applyEntry(state, entry);
    if (journal.entries < LONGEST_JOURNAL) return;
    await save(state);
    await journal.clear();
  }

  async function reset(): Promise<void> {
    await journal.clear();
    await save(startState());
  }

  const append = async (file: AppendFile, name: 'rejected' | 'unresolved', outcomes: readonly Outcome[]) => {
    const lines = outcomes.filter(({ outcome }) => outcome === name).map((one) => toLine(name, one));
    if (lines.length === 0) return 0;
    await file.append(lines.join(''));
    await file.sync();
    return lines.length;
  };

  const markRecords = (type: 'sent' | 'withdrawn', records: readonly NumberedRecord[], sync: boolean) =>
    serialize(() => write({ type, records: toRanges(records.map(({ number }) => number)) }, { sync }));

  return {
    state,
    begin: (end) => serialize(() => write({ type: 'begun', end }, { sync: false })),
    sent: (records) => markRecords('sent', records, true),
    withdrawn: (records) => markRecords('withdrawn', records, false),
    writeOutcomes: (outcomes) =>
      serialize(async () => {
        const rejected = await append(rejects, 'rejected', outcomes);
        const open = await append(unresolved, 'unresolved', outcomes);
        const entry: Entry = {
          type: 'settled',
          records: toRanges(outcomes.map(({ record }) => record.number).sort((a, b) => a - b)),
          accepted: state.accepted + outcomes.length - rejected - open,
          rejected: state.rejected + rejected,
          unresolved: state.unresolved + open,
          rejectsLength: rejects.length,
          unresolvedLength: unresolved.length,
        };
        await write(entry, { sync: true });
      }),
    complete: () =>
      serialize(async () => {
        state.completeAt = state.begun.offset;
        await save(state);
        await rm(paths.journal, { force: true });
      }),
    async close() {
      // After a wrong list or file name, a checkpoint without results would only block the next run.
      if (failure === undefined && nothingDone(state)) await reset().catch(() => {});
      await closeAll();
      if (rejects.length === 0) await rm(paths.rejects, { force: true });
      if (unresolved.length === 0) await rm(paths.unresolved, { force: true });
    },
  };
}

function toLine(name: string, { record, reason, status }: Outcome): string {
  const about = { line: record.line, ...(status !== undefined && { status }), reason };
  const what = record.bad ? { text: record.bad.text } : { record: record.value };
  return toJsonLine({ [name]: about, ...what });
}
