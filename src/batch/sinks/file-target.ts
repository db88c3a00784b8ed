import { open } from 'node:fs/promises';
import { BatchError } from '../errors.ts';
import { openAppendFile } from '../files/append-file.ts';
import type { Compression, TextTarget } from './text-output.ts';

const LINE_FEED = 10;

/** Returns a file as the target of text. */
export function fileTarget(path: string, gzip: Compression | undefined): TextTarget {
  return {
    path,
    async open(length) {
      const file = await openAppendFile(path, length);
      // Text is saved in whole lines, so that another end means that somebody changed the file or the checkpoint.
      if (!gzip && length > 0 && !(await endsLine(path, length))) {
        await file.close();
        throw withinLine(path, length);
      }
      return {
        get length() {
          return file.length;
        },
        append: (bytes) => file.append(bytes),
        async save() {
          await file.sync();
          return file.length;
        },
        close: () => file.close(),
      };
    },
  };
}

async function endsLine(path: string, length: number): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, length - 1);
    return buffer[0] === LINE_FEED;
  } finally {
    await file.close();
  }
}

function withinLine(path: string, length: number): BatchError {
  return new BatchError(
    `${path} cannot continue after ${length} bytes, as its checkpoint says, because no line ends there: the file or the checkpoint was ` +
      'changed. Restore both from a backup, or set restart (--restart) to start over; the existing files are renamed.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}
