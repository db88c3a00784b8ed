import { readFile } from 'node:fs/promises';
import { fileError } from '../files/file-error.ts';
import { toJsonLine } from '../json/to-json.ts';
import type { FedOutcome } from './list-record.ts';

/** One line of a log. */
export interface FedLine {
  /** The target and the account of the import. */
  readonly to: string;
  readonly key: string;
  readonly outcome: FedOutcome;
  /** The digest of the record that had the outcome. */
  readonly digest: string;
  /** The list from which the record was imported. */
  readonly list: string;
}

/** What is known about a record, from whichever list it was imported. */
export interface Fed {
  /** The last outcome. */
  readonly outcome: FedOutcome;
  /** The digest of the record that had the outcome. */
  readonly digest: string;
  /** The lists from which the record was rejected, each with the digest of the record. */
  readonly rejectedFrom: ReadonlySet<string>;
}

/** Adds an outcome to those before. A record that was accepted once stays accepted. */
export function addFed(fed: Map<string, Fed>, { key, outcome, digest, list }: Omit<FedLine, 'to'>): void {
  const before = fed.get(key);
  if (before?.outcome === 'accepted') return;
  const rejectedFrom = new Set(before?.rejectedFrom);
  if (outcome === 'rejected') rejectedFrom.add(`${list} ${digest}`);
  fed.set(key, { outcome, digest, rejectedFrom });
}

export function toFedLine(line: FedLine): string {
  return toJsonLine(line);
}

/**
 * Reads the outcomes of the records of one import that were imported from a list.
 *
 * @param to only outcomes of this target and account.
 * @throws BatchError `ERR_OUTPUT`
 */
export async function readFedLog(path: string, to: string): Promise<Map<string, Fed>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw fileError(path, error);
  });
  const fed = new Map<string, Fed>();
  for (const line of text.split('\n')) {
    const read = parseFedLine(line);
    if (read?.to === to) addFed(fed, read);
  }
  return fed;
}

/** Returns undefined for a line that a crash cut off: the journal still has that line. */
function parseFedLine(line: string): FedLine | undefined {
  try {
    return JSON.parse(line) as FedLine;
  } catch {
    return undefined;
  }
}
