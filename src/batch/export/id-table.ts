import type { Digest } from '../digest.ts';

/** Remembers digests, each with the number of the window in which it was last seen. */
export interface IdTable {
  readonly size: number;
  /**
   * Stores the window of a digest.
   *
   * @param window above 0.
   * @returns the window in which the digest was last seen, or 0 if the digest is new.
   */
  see(digest: Digest, window: number): number;
}

/** A part of the entries. An entry is 4 words of the digest and the window, which is 0 in a free entry. */
type Chunk = Uint32Array;

interface Table {
  /** Chunks are allocated when they are written. */
  readonly chunks: (Chunk | undefined)[];
  readonly capacity: number;
  /** Chunks to use before new ones are allocated. */
  readonly free: Chunk[];
}

const WORDS = 5;
const ENTRIES = 256;
const CHUNK = ENTRIES * WORDS;
// 20 bytes at a load of 0.85 to 0.94 are at most 24 bytes for each digest.
const MAX_LOAD = 0.94;
const GROWTH = 0.1;

/**
 * Returns an empty table. It uses at most 24 bytes for each digest, in array buffers, because a `Set` of as many strings would fill the heap
 * of JavaScript.
 */
export function createIdTable(): IdTable {
  const wordOf = wordReader();
  let table = emptyTable(1);
  let size = 0;

  return {
    get size() {
      return size;
    },
    see(digest, window) {
      const before = put(
        table,
        wordOf(digest, 0),
        wordOf(digest, 1),
        wordOf(digest, 2),
        wordOf(digest, 3),
        window,
      );
      if (before > 0) return before;
      size++;
      if (size > table.capacity * MAX_LOAD) table = grown(table);
      return 0;
    },
  };
}

function emptyTable(length: number): Table {
  return { chunks: Array.from({ length }), capacity: length * ENTRIES, free: [] };
}

function chunkAt({ chunks, free }: Table, number: number): Chunk {
  const chunk = chunks[number] ?? free.pop()?.fill(0) ?? new Uint32Array(CHUNK);
  chunks[number] = chunk;
  return chunk;
}

/** Stores an entry, and returns the window that the digest had, or 0. */
function put(table: Table, a: number, b: number, c: number, d: number, window: number): number {
  // Linear probing. The home of an entry depends on the order of its second word, which `grown` relies on.
  const home = Math.floor(b * (table.capacity / 2 ** 32));
  let number = Math.floor(home / ENTRIES);
  let chunk = chunkAt(table, number);
  let at = (home % ENTRIES) * WORDS;
  while (chunk[at + 4] !== 0) {
    if (chunk[at] === a && chunk[at + 1] === b && chunk[at + 2] === c && chunk[at + 3] === d) {
      const before = chunk[at + 4] as number;
      chunk[at + 4] = window;
      return before;
    }
    at += WORDS;
    if (at < CHUNK) continue;
    at = 0;
    number = number + 1 === table.chunks.length ? 0 : number + 1;
    chunk = chunkAt(table, number);
  }
  chunk[at] = a;
  chunk[at + 1] = b;
  chunk[at + 2] = c;
  chunk[at + 3] = d;
  chunk[at + 4] = window;
  return 0;
}

/**
 * Returns a larger table with the same entries. A chunk that was copied is used again for the entries that follow, because both tables have
 * nearly the same order. Two complete tables would need twice the memory.
 */
function grown({ chunks }: Table): Table {
  const table = emptyTable(chunks.length + Math.max(1, Math.floor(chunks.length * GROWTH)));
  for (const chunk of chunks) {
    if (!chunk) continue;
    for (let at = 0; at < CHUNK; at += WORDS) {
      const window = chunk[at + 4] as number;
      if (window === 0) continue;
      const [a, b] = [chunk[at] as number, chunk[at + 1] as number];
      put(table, a, b, chunk[at + 2] as number, chunk[at + 3] as number, window);
    }
    table.free.push(chunk);
  }
  table.free.length = 0;
  return table;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * Returns a function that reads one of the 4 words of a digest: 5 characters of 6 bits, and 2 bits of the last two characters. This is
 * faster than `Buffer.write` for such short texts.
 */
function wordReader(): (digest: Digest, number: number) => number {
  const values = new Uint8Array(128);
  for (const [value, character] of [...ALPHABET].entries()) values[character.charCodeAt(0)] = value;
  const at = (digest: Digest, index: number) => values[digest.charCodeAt(index)] as number;
  return (digest, number) => {
    const rest = (at(digest, 20) << 2) | (at(digest, 21) >> 4);
    let word = (rest >> (2 * number)) & 3;
    for (let index = 5 * number; index < 5 * number + 5; index++) word = (word << 6) | at(digest, index);
    return word >>> 0;
  };
}
