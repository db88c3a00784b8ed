import { messageOf } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { Sink } from './sink.ts';
import { type Compression, compression, type GzipOptions, openTextFile } from './text-file.ts';

/** One record as a line of JSON. @throws BatchError `ERR_RECORD` for what JSON cannot say. */
export function toJsonLine(record: unknown): string {
  // A JSON text has no line feed of its own: JSON.stringify escapes those in strings.
  return `${toJson(record)}\n`;
}

/** A value as JSON text. @throws BatchError `ERR_RECORD` for what JSON cannot say. */
export function toJson(value: unknown): string {
  let text: string | undefined;
  let why = 'it is undefined or a function';
  try {
    text = JSON.stringify(value);
  } catch (error) {
    why = messageOf(error);
  }
  if (text === undefined) throw new BatchError(`a record cannot be written as JSON: ${why}`, 'ERR_RECORD');
  return text;
}

const toLines = (items: readonly unknown[]) => items.map(toJsonLine).join('');

/**
 * Writes records as JSON Lines: UTF-8, one JSON value a line, each line ended by a line feed.
 *
 * @param path of the file; its checkpoint, journal and lock are kept beside it.
 */
export function jsonLinesFile(path: string): Sink {
  return linesFile(path, toLines);
}

/**
 * Writes records as JSON Lines, compressed with gzip.
 *
 * @param path of the file; its checkpoint, journal and lock are kept beside it.
 * @throws ConfigurationError
 */
export function gzipJsonLinesFile(path: string, options: GzipOptions = {}): Sink {
  return linesFile(path, toLines, compression('gzipJsonLinesFile', options));
}

/** Writes lines into a file. @param toText returns the lines of some records, each ended by a line feed. */
export function linesFile<Item>(
  path: string,
  toText: (items: readonly Item[]) => string,
  gzip?: Compression,
): Sink<Item> {
  return {
    format: gzip ? { name: 'jsonl.gz', ...gzip } : 'jsonl',
    path,
    async open(position) {
      const { append, save, finish, close } = await openTextFile(path, Number(position ?? 0), gzip);
      return { write: async (items) => append(toText(items)), save, finish, close };
    },
  };
}
