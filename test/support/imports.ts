import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  genesysContactList,
  type ImportOptions,
  type ImportSummary,
  importRecords,
  jsonLinesInput,
} from '../../src/batch/index.ts';
import type { SimulatorOptions, VendorSimulator } from '../../src/testing/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { temporaryDirectory } from './batch.ts';
import { attached, startSimulator } from './simulated.ts';

export const LIST = 'list-1';
export const CONTACTS = `/api/v2/outbound/contactlists/${LIST}/contacts`;
/** Matches the id of an import in a line of a list. */
export const IMPORT_ID: unknown = expect.stringMatching(/^[0-9a-f]{12}$/);
export const BULK = '/api/v2/externalcontacts/bulk/contacts/add';

/** Returns a simulator, an instance for it, and an input of contacts `{ id: 'c0', n: 0 }`, `{ id: 'c1', n: 1 }`, ... */
export async function importing({
  count = 10,
  lines,
  ...simulated
}: SimulatorOptions & { count?: number; lines?: readonly string[] } = {}) {
  const sim = await startSimulator(simulated);
  const api = attachedTo(sim);
  const directory = await temporaryDirectory();
  const path = join(directory, 'in.jsonl');
  await writeFile(
    path,
    (lines ?? contacts(count).map((contact) => JSON.stringify(contact))).map(endLine).join(''),
  );
  const base = {
    api,
    input: jsonLinesInput(path),
    target: genesysContactList({ listId: LIST, idField: 'id' }),
    batchRecords: 3,
    baseDelay: 2,
    // Failures of these tests last.
    maxOutage: 0,
  } satisfies ImportOptions;
  /** Options whose target sends no ids. */
  const noIds = { ...base, target: genesysContactList({ listId: LIST }) } satisfies ImportOptions;
  return { sim, api, directory, path, base, noIds };
}

/** Returns an attached instance for a simulator, with its own token manager. */
export function attachedTo({
  url,
  clientId,
  clientSecret,
}: Pick<VendorSimulator, 'url' | 'clientId' | 'clientSecret'>) {
  const api = attached(genesysCloud({ envUrl: url, clientId, clientSecret }));
  api.defaults.baseURL = url;
  return api;
}

export function contacts(count: number): { id: string; n: number }[] {
  return Array.from({ length: count }, (_, n) => ({ id: `c${n}`, n }));
}

/** Returns how often each record arrived, by its `n`. */
export function arrivals(sim: VendorSimulator, contacts = sim.contacts(LIST)): Map<number, number> {
  const times = new Map<number, number>();
  for (const contact of contacts.values()) {
    const n = Number(contact.data.n);
    times.set(n, (times.get(n) ?? 0) + contact.times);
  }
  return times;
}

/** Returns the lines of a rejects or unresolved file; empty if the file does not exist. */
export async function readLines(path: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Runs an import until it is complete. */
export async function untilComplete(options: ImportOptions, runs = 50): Promise<ImportSummary> {
  for (let run = 1; ; run++) {
    try {
      return await importRecords(options);
    } catch (error) {
      if (run === runs) throw error;
    }
  }
}

function endLine(line: string): string {
  return `${line}\n`;
}
