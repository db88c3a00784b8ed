import { stat } from 'node:fs/promises';
import { messageOf } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { Json } from '../sources/source.ts';

/** A place between two records of an input. */
export interface InputPosition {
  /** Bytes before it. */
  readonly offset: number;
  /** Lines before it. */
  readonly line: number;
}

/** One record as it stands in the input. */
export interface InputRecord {
  /** The line it begins on, from 1. */
  readonly line: number;
  /** The byte it begins at. */
  readonly start: number;
  /** What is to be sent; undefined when it is bad. */
  readonly value?: unknown;
  /** Why it is no record, such as JSON that is none. */
  readonly bad?: { readonly reason: string; readonly text: string } | undefined;
  /** The place behind it. */
  readonly end: InputPosition;
}

/** Where the records of an import come from: a file that can be read again from any record on. */
export interface RecordInput {
  /** The file. What was read of it before may not change; more may be appended. */
  readonly path: string;
  /** How it is read. A checkpoint goes with one format alone. */
  readonly format: Json;
  /**
   * Reads records one after the other.
   *
   * @param from a place that `end` of a record named; `{ offset: 0, line: 0 }` at the start.
   * @throws BatchError `ERR_INPUT` for what cannot be read as text or rows at all.
   */
  read(from: InputPosition): AsyncIterable<InputRecord>;
}

/** The length of an input in bytes. @throws BatchError `ERR_INPUT` when it is no file that can be read. */
export async function sizeOfInput(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw inputError(path, error);
  });
  if (found.isFile()) return found.size;
  throw new BatchError(
    `${path} is no regular file. An import that is resumed reads its input again: save it to a file first.`,
    'ERR_INPUT',
    { resumable: false },
  );
}

/** Says what the file system said about an input. */
export function inputError(path: string, thrown: unknown): BatchError {
  if (thrown instanceof BatchError) return thrown;
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code;
  const why =
    code === 'ENOENT'
      ? 'there is no such file'
      : code === 'EACCES'
        ? 'no permission to read it'
        : messageOf(thrown);
  return new BatchError(`the input ${path} cannot be read: ${why}.`, 'ERR_INPUT', { cause: thrown });
}

/** The error about a place in an input. It never quotes the line: records are nobody's business. */
export function badInput(path: string, line: number, offset: number, why: string): BatchError {
  return new BatchError(
    `${path}, line ${line} (byte ${offset}): ${why}. Nothing from this line on was sent. ` +
      'Mend the line and run the same again: it goes on from there.',
    'ERR_INPUT',
  );
}
