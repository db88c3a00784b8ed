import { promisify } from 'node:util';
import { gzip as gzipBuffer } from 'node:zlib';
import { type OptionTable, readOptions, refuse } from '../../core/internal.ts';

/** How text is compressed. */
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

/** Where a sink writes text: a file or a stream. */
export interface TextTarget {
  /** Undefined for a stream. */
  readonly path?: string;
  /** Opens the target to continue after its first `length` bytes, and cuts off the rest. */
  open(length: number, signal: AbortSignal | undefined): Promise<ByteOutput>;
}

/** An open file or stream. */
interface ByteOutput {
  /** Bytes written so far. */
  readonly length: number;
  append(bytes: string | Uint8Array): Promise<void>;
  /** Returns the length at which the output can be cut, once the disk has all bytes; undefined for a stream. */
  save(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** A text that an export writes page by page. */
export interface TextOutput {
  isEmpty(): boolean;
  append(text: string): Promise<void>;
  /** Returns the length at which the output can be cut; undefined within a gzip member and for a stream. */
  save(): Promise<number | undefined>;
  /** Writes the rest of the text; `save` then returns a length. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const compress = promisify(gzipBuffer);

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

/** Opens a target for text, which is compressed if `gzip` is set. @param length from which the output continues. */
export async function openText(
  target: TextTarget,
  length: number,
  gzip: Compression | undefined,
  signal: AbortSignal | undefined,
): Promise<TextOutput> {
  const output = await target.open(length, signal);
  const { save, close } = output;
  if (!gzip) {
    const append = (text: string) => output.append(text);
    return { isEmpty: () => output.length === 0, append, save, finish: async () => {}, close };
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
    await output.append(member);
  };
  return {
    isEmpty: () => output.length === 0 && size === 0,
    async append(text) {
      const bytes = Buffer.from(text);
      waiting.push(bytes);
      size += bytes.length;
      if (size >= memberSize && size > 0) await writeMember();
    },
    save: async () => (size > 0 ? undefined : save()),
    async finish() {
      // An output without any bytes is not gzip.
      if (size > 0 || output.length === 0) await writeMember();
    },
    close,
  };
}
