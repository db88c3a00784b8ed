import { createReadStream } from 'node:fs';
import { isWhole } from '../../core/internal.ts';
import type { JournalStore } from '../checkpoint-store.ts';
import { type Digest, isDigest } from '../digest.ts';
import { BatchError } from '../errors.ts';
import { type AppendFile, openAppendFile } from '../files/append-file.ts';
import { fileError } from '../files/file-error.ts';

/** Remembers the digests of an export. It is truncated to the checkpoint together with the output. */
export interface Journal {
  /** Adds a digest that was seen in a window. */
  note(digest: Digest, window: number): void;
  /** Writes the noted digests, without waiting until they are durable. */
  flush(): Promise<void>;
  /** Resolves with the length of the journal when the next checkpoint can contain it. */
  save(): Promise<number>;
  close(): Promise<void>;
}

// In characters.
const MAX_BUFFERED = 65_536;

/**
 * Opens a journal. Each line is a digest, or a mark with the number of the window of the following digests.
 *
 * @param length of the journal; the rest is cut off.
 * @param restore called with each digest in the journal.
 * @throws BatchError `ERR_OUTPUT_SHORT`, `ERR_CHECKPOINT_DAMAGED`, `ERR_OUTPUT`
 */
export async function openJournal(
  location: string | JournalStore,
  length: number,
  restore: (digest: Digest, window: number) => void,
): Promise<Journal> {
  const [file, pieces] =
    typeof location === 'string' ? await openFile(location, length) : await openStore(location, length);
  let window = 1;
  let text = '';

  try {
    for await (const line of linesOf(pieces)) {
      if (isDigest(line)) restore(line, window);
      else if (MARK.test(line)) window = Number(line.slice(1));
      else throw damaged(typeof location === 'string' ? location : 'the journal');
    }
  } catch (error) {
    await file.close();
    throw typeof location === 'string' ? fileError(location, error) : error;
  }

  async function flush(): Promise<void> {
    const flushed = text;
    text = '';
    await file.append(flushed);
  }

  return {
    note(digest, number) {
      if (number !== window) text += `=${number}\n`;
      window = number;
      text += `${digest}\n`;
    },
    async flush() {
      if (text.length > MAX_BUFFERED) await flush();
    },
    async save() {
      await flush();
      await file.sync();
      return file.length;
    },
    close: () => file.close(),
  };
}

const MARK = /^=[1-9]\d{0,9}$/;

/** The open file or store of a journal. */
interface OpenLog extends Pick<AppendFile, 'length' | 'sync' | 'close'> {
  append(text: string): Promise<void>;
}

type Pieces = AsyncIterable<string> | readonly string[];

async function openFile(path: string, length: number): Promise<[OpenLog, Pieces]> {
  const file = await openAppendFile(path, length, 0o600);
  return [file, length > 0 ? createReadStream(path, 'latin1') : []];
}

async function openStore(store: JournalStore, length: number): Promise<[OpenLog, Pieces]> {
  if (!isWhole(length)) throw damaged('the journal');
  const pieces = await store.open(length);
  let appended = length;
  const opened = {
    get length() {
      return appended;
    },
    async append(data: string) {
      if (data === '') return;
      await store.append(data);
      appended += data.length;
    },
    sync: async () => {},
    close: async () => {},
  };
  return [opened, pieces];
}

/** Splits at line feeds only, unlike `readline`. A last line without a line feed is a line. */
async function* linesOf(pieces: Pieces): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const lines = `${rest}${piece}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function damaged(path: string): BatchError {
  return new BatchError(
    `${path} is damaged: it contains an invalid line. Restore the file from a backup, or set restart (--restart) ` +
      'to start over; the existing files are renamed.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}
