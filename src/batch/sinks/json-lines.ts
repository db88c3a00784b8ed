import { messageOf } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { openAppendFile } from '../files/append-file.ts';
import type { Sink } from './sink.ts';

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

/**
 * Writes records as JSON Lines: UTF-8, one JSON value a line, each line ended by a line feed.
 *
 * @param path of the file; its checkpoint, journal and lock are kept beside it.
 */
export function jsonLinesFile(path: string): Sink {
  return linesFile(path, (items) => items.map(toJsonLine).join(''));
}

/** Writes lines into a file. @param toText makes those of some records, each ended by a line feed. */
export function linesFile<Item>(path: string, toText: (items: readonly Item[]) => string): Sink<Item> {
  return {
    format: 'jsonl',
    path,
    async open(position) {
      const file = await openAppendFile(path, Number(position ?? 0));
      return {
        async write(items) {
          await file.append(toText(items));
        },
        async save() {
          await file.sync();
          return file.length;
        },
        finish: async () => {},
        close: () => file.close(),
      };
    },
  };
}
