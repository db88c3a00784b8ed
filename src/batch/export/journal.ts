import { createReadStream } from 'node:fs';
import { type Digest, isDigest } from '../digest.ts';
import { BatchError } from '../errors.ts';
import { openAppendFile } from '../files/append-file.ts';
import { fileError } from '../files/file-error.ts';

/** The file that remembers the digests of an export. It is truncated to the checkpoint together with the output. */
export interface Journal {
  /** Adds a digest that was seen in a window. */
  note(digest: Digest, window: number): void;
  /** Gives the noted digests to the disk, without waiting for it. */
  flush(): Promise<void>;
  /** Resolves with the length of the file when the disk has all digests. */
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
  path: string,
  length: number,
  restore: (digest: Digest, window: number) => void,
): Promise<Journal> {
  const file = await openAppendFile(path, length, 0o600);
  let window = 1;
  let text = '';

  if (length > 0) {
    try {
      for await (const line of linesOf(path)) {
        if (isDigest(line)) restore(line, window);
        else if (MARK.test(line)) window = Number(line.slice(1));
        else throw damaged(path);
      }
    } catch (error) {
      await file.close();
      throw error;
    }
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

/** Replaces `readline`, which accepts other line ends too. A last line without an end is a line. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  const stream = createReadStream(path, 'latin1');
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

function damaged(path: string): BatchError {
  return new BatchError(
    `${path} is damaged: it contains an invalid line. Restore the file from a backup, or set restart (--restart) ` +
      'to start over; the existing files are renamed.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}
