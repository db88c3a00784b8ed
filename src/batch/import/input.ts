import { stat } from 'node:fs/promises';
import { messageOf } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { Json } from '../sources/source.ts';
import type { FedRecord, ListName, Origin } from './list-record.ts';

/** A position between two records of an input. */
export interface InputPosition {
  /** Number of bytes before the position. */
  readonly offset: number;
  /** Number of lines before the position. */
  readonly line: number;
}

/** One record of an input. */
export interface InputRecord {
  /** Number of the first line of the record, from 1. */
  readonly line: number;
  /** Offset of the first byte of the record. */
  readonly start: number;
  /** The value to send; undefined if the record is bad. */
  readonly value?: unknown;
  /** Why the record cannot be read, such as invalid JSON, and its text. */
  readonly bad?: { readonly reason: string; readonly text: string } | undefined;
  /** The list that an earlier import has written the record to. Undefined for a record of any other file. */
  readonly list?: ListName | undefined;
  /** Where a record of a list comes from; undefined if the line does not tell. */
  readonly origin?: Origin | undefined;
  /** The identity of the record in an import of a list. */
  readonly fed?: FedRecord | undefined;
  /** Set if the file ends within the record, because another process still writes it. Only the last record can be unfinished. */
  readonly unfinished?: true | undefined;
  /** The position after the record. */
  readonly end: InputPosition;
}

/** The source of the records of an import: a file that can be read from any record. */
export interface RecordInput {
  /** The file. The part that was already read must not change; lines may be appended. */
  readonly path: string;
  /** How the file is read. A checkpoint is valid for one format only. */
  readonly format: Json;
  /**
   * Reads the records in order.
   *
   * @param from the `end` of a record, or `{ offset: 0, line: 0 }` for the start of the file.
   * @throws BatchError `ERR_INPUT` if the file cannot be read as text or rows at all.
   */
  read(from: InputPosition): AsyncIterable<InputRecord>;
  /** Checks the options of the input with its records, before the first request of a run. @throws ConfigurationError */
  check?(): Promise<void>;
}

export const START: InputPosition = { offset: 0, line: 0 };

/** Returns the first record after a position; undefined if nothing but empty lines follows. */
export async function readOn(input: RecordInput, from: InputPosition): Promise<InputRecord | undefined> {
  for await (const record of input.read(from)) return record;
  return undefined;
}

/** Returns the size of an input in bytes. @throws BatchError `ERR_INPUT` if it is not a readable regular file. */
export async function sizeOfInput(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw inputError(path, error);
  });
  if (found.isFile()) return found.size;
  throw new BatchError(
    `${path} is not a regular file. A resumed import reads its input again, so save the input to a file first.`,
    'ERR_INPUT',
    { resumable: false },
  );
}

/** Converts a file system error about an input into a BatchError. */
export function inputError(path: string, thrown: unknown): BatchError {
  if (thrown instanceof BatchError) return thrown;
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code;
  const why =
    code === 'ENOENT' ? 'no such file' : code === 'EACCES' ? 'permission denied' : messageOf(thrown);
  return new BatchError(`cannot read the input ${path}: ${why}.`, 'ERR_INPUT', { cause: thrown });
}

/** Returns the error for a line of an input. Never quotes the line, because records can be confidential. */
export function badInput(path: string, line: number, offset: number, why: string): BatchError {
  return new BatchError(
    `${path}, line ${line} (byte ${offset}): ${why}. This line and the lines after it were not sent. ` +
      'Fix the line and run the same import again to resume.',
    'ERR_INPUT',
  );
}
