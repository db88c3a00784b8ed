import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { numberProblems, refuse } from '../../core/internal.ts';
import { openAppendFile } from '../files/append-file.ts';
import { toJsonLine } from './json-lines.ts';
import type { Sink } from './sink.ts';

/** Options of {@link gzipJsonLinesFile}. */
export interface GzipOptions {
  /** From 1, fast, to 9, small. @default 6 */
  level?: number | undefined;
  /**
   * How much is compressed at a time, in bytes before compression. Only what was compressed can be resumed from: a run that is
   * stopped fetches up to as much again. It is also what the export holds in memory.
   * @default 524_288
   */
  memberSize?: number | undefined;
}

const compress = promisify(gzip);

/** Where the header says which system made the file (RFC 1952 section 2.3.1), and what stands for none. */
const SYSTEM = 9;
const UNKNOWN = 255;

/**
 * Writes records as JSON Lines, compressed with gzip. Any gunzip reads it.
 *
 * It is a series of gzip members (RFC 1952 section 2.2), so that it can be cut between them. Where one ends follows from the
 * pages alone, not from when checkpoints were made: an export that was interrupted has the same bytes as one that was not.
 *
 * @param path of the file; its checkpoint, journal and lock are kept beside it.
 * @throws ConfigurationError
 */
export function gzipJsonLinesFile(path: string, options: GzipOptions = {}): Sink {
  const { level = 6, memberSize = 524_288 } = options;
  refuse('gzipJsonLinesFile', [
    !(Number.isInteger(level) && level >= 1 && level <= 9) && 'level must be a whole number from 1 to 9',
    ...numberProblems({ memberSize }, ['memberSize']),
  ]);
  return {
    format: { name: 'jsonl.gz', level, memberSize },
    path,
    async open(position) {
      const file = await openAppendFile(path, Number(position ?? 0));
      let waiting: Buffer[] = [];
      let size = 0;

      async function writeMember(): Promise<void> {
        const member = await compress(Buffer.concat(waiting), { level });
        member[SYSTEM] = UNKNOWN;
        waiting = [];
        size = 0;
        await file.append(member);
      }

      return {
        async write(items) {
          const lines = Buffer.from(items.map(toJsonLine).join(''));
          waiting.push(lines);
          size += lines.length;
          if (size >= memberSize && size > 0) await writeMember();
        },
        async save() {
          if (size > 0) return undefined;
          await file.sync();
          return file.length;
        },
        async finish() {
          // A file of no bytes at all is not gzip.
          if (size > 0 || file.length === 0) await writeMember();
        },
        close: () => file.close(),
      };
    },
  };
}
