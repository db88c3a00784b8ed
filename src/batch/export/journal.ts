import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { BatchError } from '../errors.ts';
import { openAppendFile } from '../files/append-file.ts';
import { fileError } from '../files/file-error.ts';
import type { Json, Page } from '../sources/source.ts';

/** Remembers the records and pages that an export has read. */
export interface Seen<Item> {
  /**
   * Notes the cursor of the next page.
   *
   * @throws BatchError `ERR_PAGE_LOOP` if that page was read already.
   */
  follow(next: Json | undefined): void;
  /** Adds the records of a page, and returns the new ones. */
  addRecords(page: Page<Item>): Promise<readonly Item[]>;
  /** Writes the journal to the disk, and returns the `position` to open it with again; 0 without a journal. */
  save(): Promise<number>;
  close(): Promise<void>;
}

interface SeenOptions<Item> {
  /** The journal file; undefined uses memory only. */
  path: string | undefined;
  /** The value that `save` returned; 0 at the start. */
  position: number;
  identify: ((item: Item) => unknown) | undefined;
}

/** A line of the journal that marks a next page or the beginning of a part. All other lines are ids. */
type Mark = { next: string } | { part: string | null };

/**
 * Opens the journal of an export. Each line is the id of a record, the digest of a cursor, or the beginning of a part.
 * The journal is truncated to the checkpoint together with the output.
 *
 * Memory holds the ids of the last two parts. It holds none while the source states that its records cannot repeat, and
 * reads them from the journal when that changes.
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
        'the pages of the API form a loop: a page leads to a page that was already read. ' +
          'The export stops and has written no record twice. Report the loop to the operator of the API.',
        'ERR_PAGE_LOOP',
      );
    }
    pages.add(key);
    note({ next: key });
  }

  function isNew(item: Item): boolean {
    const identity: unknown = identify?.(item);
    if (identity === undefined || identity === null) return true;
    // JavaScript callers can return a number, and the journal recognises ids as strings.
    const id = String(identity);
    if (!inMemory) {
      note(id);
      return true;
    }
    const { size } = ids;
    if (ids.add(id).size === size) return false;
    // Note an id of the previous part too, because the next part may contain it again.
    note(id);
    return !idsBefore.has(id);
  }

  return {
    follow,
    async addRecords({ items, window: name = null }) {
      if (identify && !inMemory) await loadIds();
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

/** Replaces `readline`, which also ends a line at characters that JSON does not escape. */
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
    // Throw the same error as for JSON that is not a journal line.
  }
  throw new BatchError(
    `${path} is damaged: it contains an invalid line. Restore the file from a backup, or set restart (--restart) ` +
      'to start over; the existing files are renamed.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}
