import { rm } from 'node:fs/promises';
import { Mutex } from 'async-mutex';
import type { NumberedRecord } from './batches.ts';
import { openJournal } from './journal.ts';
import { appendLines, checkList, completeLines, dropTornLine } from './list-file.ts';
import { toListLine } from './list-line.ts';
import type { FedOutcome } from './list-record.ts';
import type { Outcome } from './outcome.ts';
import {
  applyEntry,
  type Entry,
  type ImportState,
  type NewLines,
  nothingDone,
  startState,
  toRanges,
} from './state.ts';

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
  /** Begins again at the start of the input. The files keep their lines. */
  startOver(): Promise<void>;
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

// At this length, writing a checkpoint costs no more than reading the journal.
const LONGEST_JOURNAL = { entries: 1000, bytes: 4 * 1024 * 1024 };

// A log has the digests of records.
const LOG_MODE = 0o600;

/** Returns the lines for the logs of imported lists, by log. */
function logLines<R extends NumberedRecord>(
  records: readonly R[],
  outcomeOf: (record: R) => FedOutcome,
): Record<string, string> {
  const logs: Record<string, string> = {};
  for (const record of records) {
    const lines = record.fed?.toLines(outcomeOf(record)) ?? [];
    for (const [log, line] of lines) logs[log] = (logs[log] ?? '') + line;
  }
  return logs;
}

/**
 * Opens the ledger. Appends the lines to the rejects and unresolved files that a crash has kept from them. Never cuts these files,
 * because the user may correct their lines at any time.
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

  // Version 0.4 wrote the lines before the journal, so that a crash could leave lines of records that are processed again.
  const isOld = state.id === undefined && state.completeAt === null;

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
    const { entries, bytes } = LONGEST_JOURNAL;
    const isShort = journal.entries < entries && journal.length < bytes;
    // The journal is the only place of lines that are not yet in their files.
    if (isShort || state.unlisted) return;
    await save(state);
    await journal.clear();
  }

  async function reset(): Promise<void> {
    await journal.clear();
    await save(startState());
  }

  /** Passes each file and its lines to a function. */
  async function writeLists(
    lines: NewLines,
    writeLines: (path: string, lines: string, mode?: number) => Promise<void>,
  ): Promise<void> {
    if (lines.rejects) await writeLines(paths.rejects, lines.rejects);
    if (lines.unresolved) await writeLines(paths.unresolved, lines.unresolved);
    for (const [log, text] of Object.entries(lines.logs ?? {})) await writeLines(log, text, LOG_MODE);
    await write({ type: 'listed' }, { sync: false });
  }

  const linesOf = (list: 'rejected' | 'unresolved', outcomes: readonly Outcome[]) =>
    outcomes
      .filter(({ outcome, isEarlier }) => outcome === list && !isEarlier)
      .map((one) => toListLine(list, one, state.id))
      .join('');

  async function markRecords(
    type: 'sent' | 'withdrawn',
    records: readonly NumberedRecord[],
    { sync }: { sync: boolean },
  ): Promise<void> {
    for (const [log, lines] of Object.entries(logLines(records, () => type))) {
      await appendLines(log, lines, LOG_MODE);
    }
    await write({ type, records: toRanges(records.map(({ number }) => number)) }, { sync });
  }

  try {
    for (const path of [paths.rejects, paths.unresolved]) {
      await checkList(path);
      if (state.completeAt === null) await dropTornLine(path);
    }
    if (state.unlisted) await writeLists(state.unlisted, completeLines);
  } catch (error) {
    await journal.close();
    throw error;
  }

  return {
    state,
    begin: (end) => serialize(() => write({ type: 'begun', end }, { sync: false })),
    sent: (records) => serialize(() => markRecords('sent', records, { sync: true })),
    withdrawn: (records) => serialize(() => markRecords('withdrawn', records, { sync: false })),
    writeOutcomes: (outcomes) =>
      serialize(async () => {
        const count = (name: string) => outcomes.filter(({ outcome }) => outcome === name).length;
        const rejects = linesOf('rejected', outcomes);
        const unresolved = linesOf('unresolved', outcomes);
        const news = outcomes.filter(({ isEarlier }) => !isEarlier);
        const outcomeOf = new Map(news.map(({ record, outcome }) => [record, outcome]));
        const logs = logLines([...outcomeOf.keys()], (record) => outcomeOf.get(record) as FedOutcome);
        const lines: NewLines = {
          ...(rejects && { rejects }),
          ...(unresolved && { unresolved }),
          ...(Object.keys(logs).length > 0 && { logs }),
        };
        const hasLines = Object.keys(lines).length > 0;
        const entry: Entry = {
          type: 'settled',
          records: toRanges(outcomes.map(({ record }) => record.number).sort((a, b) => a - b)),
          accepted: state.accepted + count('accepted'),
          rejected: state.rejected + count('rejected'),
          unresolved: state.unresolved + count('unresolved'),
          ...(hasLines && { lines }),
        };
        await write(entry, { sync: true });
        if (hasLines) await writeLists(lines, isOld ? completeLines : appendLines);
      }),
    startOver: () =>
      serialize(async () => {
        // Entries up to this number are ignored, should the journal outlive a crash.
        Object.assign(state, startState(), { entry: state.entry });
        await save(state);
        await journal.clear();
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
      await journal.close();
    },
  };
}
