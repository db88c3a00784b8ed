import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { BatchError } from '../errors.ts';
import { openAppendFile } from '../files/append-file.ts';
import { fileError } from '../files/file-error.ts';
import type { Json, Page } from '../sources/source.ts';

/** Remembers which records and which pages an export has had. */
export interface Seen<Item> {
  /**
   * Takes note of what a page leads to.
   *
   * @throws BatchError `ERR_PAGE_LOOP` when that was read already.
   */
  follow(next: Json | undefined): void;
  /** Adds the records of a page. @returns the records that are new. */
  addRecords(page: Page<Item>): Promise<readonly Item[]>;
  /** Makes it last a crash. @returns what to open it with again; 0 without a journal. */
  save(): Promise<number>;
  close(): Promise<void>;
}

interface SeenOptions<Item> {
  /** The file that it is kept in; undefined keeps it in memory alone. */
  path: string | undefined;
  /** What `save` returned; 0 at the start. */
  position: number;
  identify: ((item: Item) => string | undefined) | undefined;
}

/** A line of the journal that is no id: what the pages were, in the order they came. */
type Mark = { next: string } | { part: string | null };

/**
 * Opens the memory of an export: a journal of lines, each the id of a record, the digest of a cursor, or the beginning of a
 * part. It is cut back with the output and holds as much as that.
 *
 * In memory are the ids of the last two parts, and none as long as the source says that its records cannot repeat:
 * then they are read from the journal when that changes.
 */
export async function openSeen<Item>({ path, position, identify }: SeenOptions<Item>): Promise<Seen<Item>> {
  const journal = path === undefined ? undefined : await openAppendFile(path, position);
  const pages = new Set<string>();
  let part: string | null = null;
  let ids = new Set<string>();
  let idsBefore = new Set<string>();
  let inMemory = position === 0;
  let lines: string[] = [];

  function beginPart(name: string | null): void {
    if (name === part) return;
    part = name;
    idsBefore = ids;
    ids = new Set();
  }

  async function writeOut(): Promise<void> {
    if (lines.length === 0) return;
    const text = `${lines.join('\n')}\n`;
    lines = [];
    await journal?.append(text);
  }

  async function load(file: string, withIds: boolean): Promise<void> {
    for await (const line of linesOf(file)) {
      if (line.startsWith('"') && !withIds) continue;
      const value = parse(file, line);
      if (typeof value === 'string') ids.add(value);
      else if ('next' in value) pages.add(value.next);
      else beginPart(value.part);
    }
  }

  if (path !== undefined && position > 0) {
    await load(path, false).catch(async (error: unknown) => {
      await journal?.close();
      throw error;
    });
  }

  /** Reads the ids into memory. */
  async function loadIds(): Promise<void> {
    inMemory = true;
    if (path === undefined) return;
    await writeOut();
    await journal?.sync();
    part = null;
    ids = new Set();
    await load(path, true);
  }

  function note(line: string | Mark): void {
    if (journal) lines.push(JSON.stringify(line));
  }

  function follow(next: Json | undefined): void {
    if (next === undefined) return;
    const key = createHash('sha256').update(JSON.stringify(next)).digest('base64url').slice(0, 22);
    if (pages.has(key)) {
      throw new BatchError(
        'the API leads in a circle: a page names as the next one a page that was read already. ' +
          'It would never end; nothing of the circle was written twice. Report it to whoever runs the API.',
        'ERR_PAGE_LOOP',
      );
    }
    pages.add(key);
    note({ next: key });
  }

  function isNew(item: Item): boolean {
    const identity: unknown = identify?.(item);
    if (identity === undefined || identity === null) return true;
    // From JavaScript it can be a number, and the journal tells ids from the rest by their being strings.
    const id = String(identity);
    if (!inMemory) {
      note(id);
      return true;
    }
    const { size } = ids;
    if (ids.add(id).size === size) return false;
    // Noted also when known from the part before: the part after this one may hold it as well.
    note(id);
    return !idsBefore.has(id);
  }

  return {
    follow,
    async addRecords({ items, part: name = null, mayRepeat = true }) {
      if (identify && mayRepeat && !inMemory) await loadIds();
      if (identify && !mayRepeat && journal && inMemory) {
        inMemory = false;
        ids = new Set();
        idsBefore = new Set();
      }
      if (name !== part) {
        beginPart(name);
        note({ part: name });
      }
      return identify ? items.filter(isNew) : items;
    },
    async save() {
      await writeOut();
      await journal?.sync();
      return journal?.length ?? 0;
    },
    close: async () => journal?.close(),
  };
}

/** Not by `readline`: that also ends a line at characters which JSON leaves as they are. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  const stream = createReadStream(path, 'utf8');
  try {
    for await (const chunk of stream) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } catch (error) {
    throw fileError(path, error);
  }
}

function parse(path: string, line: string): string | Mark {
  try {
    const value: string | Mark = JSON.parse(line);
    if (typeof value === 'string' || 'next' in value || 'part' in value) return value;
  } catch {
    // Said below, as for JSON that is no line of a journal.
  }
  throw new BatchError(
    `${path} is damaged: a line of it is not what was written there. Put it back from a backup, or begin anew (restart), ` +
      'which keeps it and the output under other names.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}
