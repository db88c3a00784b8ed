import { toJsonLine } from '../json/to-json.ts';
import type { Sink } from './sink.ts';
import { type Compression, compression, type GzipOptions, openTextFile } from './text-file.ts';

const toLines = (items: readonly unknown[]) => items.map(toJsonLine).join('');

/**
 * Returns a sink that writes records as JSON Lines: UTF-8, one JSON value per line, each line ended by a line feed.
 *
 * @param path of the file. The checkpoint, journal and lock are stored next to the file.
 */
export function jsonLinesFile(path: string): Sink {
  return linesFile(path, toLines);
}

/**
 * Returns a sink that writes records as JSON Lines, compressed with gzip.
 *
 * @param path of the file. The checkpoint, journal and lock are stored next to the file.
 * @throws ConfigurationError
 */
export function gzipJsonLinesFile(path: string, options: GzipOptions = {}): Sink {
  return linesFile(path, toLines, compression('gzipJsonLinesFile', options));
}

/** Returns a sink that writes lines to a file. @param toText returns the lines of items, each ended by a line feed. */
export function linesFile<Item>(
  path: string,
  toText: (items: readonly Item[]) => string,
  gzip?: Compression,
): Sink<Item> {
  return {
    format: gzip ? { name: 'jsonl.gz', ...gzip } : 'jsonl',
    path,
    at: (other) => linesFile(other, toText, gzip),
    async open(position) {
      const { append, save, finish, close } = await openTextFile(path, (position ?? 0) as number, gzip);
      return { write: async (items) => append(toText(items)), save, finish, close };
    },
  };
}
