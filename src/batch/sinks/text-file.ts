import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { openAppendFile } from '../files/append-file.ts';

/** How a file is compressed. */
export interface GzipOptions {
  /** From 1 (fast) to 9 (small). @default 6 */
  level?: number | undefined;
  /**
   * Bytes of text that are compressed at a time. An export resumes only after complete members, so an interrupted export fetches up
   * to this much again. The export also holds this much in memory.
   * @default 524_288
   */
  memberSize?: number | undefined;
}

export type Compression = Required<{ [name in keyof GzipOptions]: number }>;

/** A text file that an export writes page by page. */
export interface TextFile {
  isEmpty(): boolean;
  append(text: string): Promise<void>;
  /** Returns the length at which the file can be cut, once the disk has all text; undefined within a gzip member. */
  save(): Promise<number | undefined>;
  /** Writes the rest of the text; `save` then returns a length. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const compress = promisify(gzip);

const LINE_FEED = 10;

/** Position of the operating system in a gzip header (RFC 1952 section 2.3.1), and the value for an unknown one. */
const SYSTEM = 9;
const UNKNOWN = 255;

export const GZIP_OPTIONS: OptionTable<GzipOptions> = { level: 'any', memberSize: 'number' };

/** Completes the options of compression. @throws ConfigurationError */
export function compression(caller: string, options: GzipOptions): Compression {
  const [{ level = 6, memberSize = 524_288 }, problems] = readOptions(options, GZIP_OPTIONS);
  refuse(caller, [
    !(Number.isInteger(level) && level >= 1 && level <= 9) && 'level must be a whole number from 1 to 9',
    ...problems,
  ]);
  return { level, memberSize };
}

/** Opens a file to continue after its first `length` bytes, and cuts off the rest. */
export async function openTextFile(path: string, length: number, gzip?: Compression): Promise<TextFile> {
  const file = await openAppendFile(path, length);
  const save = async () => {
    await file.sync();
    return file.length;
  };
  const close = () => file.close();
  if (!gzip) {
    // Another program, or a hand in the checkpoint, has changed the length if the file would continue within a line.
    if (length > 0 && !(await endsLine(path, length))) {
      await close();
      throw withinLine(path, length);
    }
    const append = (text: string) => file.append(text);
    return { isEmpty: () => file.length === 0, append, save, finish: async () => {}, close };
  }

  // A series of gzip members (RFC 1952 section 2.2) can be cut between them. Their ends depend on the pages only, not on the
  // times of checkpoints, so an interrupted export has the same bytes as an undisturbed one.
  const { level, memberSize } = gzip;
  let waiting: Buffer[] = [];
  let size = 0;
  const writeMember = async () => {
    const member = await compress(Buffer.concat(waiting), { level });
    member[SYSTEM] = UNKNOWN;
    waiting = [];
    size = 0;
    await file.append(member);
  };
  return {
    isEmpty: () => file.length === 0 && size === 0,
    async append(text) {
      const bytes = Buffer.from(text);
      waiting.push(bytes);
      size += bytes.length;
      if (size >= memberSize && size > 0) await writeMember();
    },
    save: async () => (size > 0 ? undefined : save()),
    async finish() {
      // A file without any bytes is not gzip.
      if (size > 0 || file.length === 0) await writeMember();
    },
    close,
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
