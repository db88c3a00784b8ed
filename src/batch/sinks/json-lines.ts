import type { Writable } from 'node:stream';
import { toJsonLine } from '../json/to-json.ts';
import { fileTarget } from './file-target.ts';
import type { Sink } from './sink.ts';
import { streamTarget } from './stream-target.ts';
import { type Compression, compression, type GzipOptions, openText, type TextTarget } from './text-output.ts';

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

/**
 * Returns a sink that writes records as JSON Lines to a stream, such as `process.stdout`. Apart from the pages that are read ahead, the
 * export fetches a page only after the stream has accepted the previous pages.
 *
 * Output cannot be removed from a stream, so an export to a stream always starts at the beginning. The sink does not end the stream.
 *
 * Writing fails with a BatchError `ERR_OUTPUT` if the reader closes the stream, as `head` does.
 */
export function jsonLinesStream(stream: Writable): Sink {
  return linesSink(streamTarget(stream), toLines, undefined);
}

/**
 * Returns a sink that writes records to a stream as {@link jsonLinesStream} does, compressed with gzip. The stream receives up to
 * `memberSize` bytes of text at a time.
 *
 * @throws ConfigurationError
 */
export function gzipJsonLinesStream(stream: Writable, options: GzipOptions = {}): Sink {
  return linesSink(streamTarget(stream), toLines, compression('gzipJsonLinesStream', options));
}

/** Returns a sink that writes lines to a file. @param toText returns the lines of items, each ended by a line feed. */
export function linesFile<Item>(
  path: string,
  toText: (items: readonly Item[]) => string,
  gzip?: Compression,
): Sink<Item> {
  const at = (other: string) => linesFile(other, toText, gzip);
  return { ...linesSink(fileTarget(path, gzip), toText, gzip), at };
}

function linesSink<Item>(
  target: TextTarget,
  toText: (items: readonly Item[]) => string,
  gzip: Compression | undefined,
): Sink<Item> {
  return {
    format: gzip ? { name: 'jsonl.gz', ...gzip } : 'jsonl',
    path: target.path,
    async open(position, signal) {
      const output = await openText(target, (position ?? 0) as number, gzip, signal);
      const { append, save, finish, close } = output;
      return { write: async (items) => append(toText(items)), save, finish, close };
    },
  };
}
