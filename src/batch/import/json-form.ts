import { open } from 'node:fs/promises';
import { BatchError } from '../errors.ts';
import { isJsonObject } from '../json/json-object.ts';
import { START } from './input.ts';
import { type Row, type RowOptions, readRows } from './rows.ts';

/**
 * Checks that a file is JSON Lines, not another form of JSON or a CSV file. Reads at most two rows.
 *
 * @throws BatchError `ERR_INPUT`. The records of a JSON array would else be one record, or one bad record for each line.
 */
export async function checkJsonLines(path: string, options: RowOptions): Promise<void> {
  const [first, second] = await firstRows(path, options).catch(async (error: unknown) => {
    // The rows of an array on one line can be too long.
    const isTooLong = (error as BatchError).code === 'ERR_INPUT' && (await firstBytes(path)).startsWith('[');
    throw isTooLong ? notJsonLines(path, ARRAY) : error;
  });
  if (!first) return;
  const start = first.text.trimStart();
  const isArray = start.startsWith('[');
  const value = parsed(first);
  if (isArray) {
    // Each line can be an array, for a target whose records are arrays.
    const isRecord = value !== undefined && second !== undefined;
    const isCut = value === undefined && first.unfinished;
    if (!isRecord && !isCut) throw notJsonLines(path, ARRAY);
  } else if (value === undefined && second) {
    if (start.startsWith('{')) {
      // A line that only was cut is a bad record. An object over several lines goes on with an indented line or a member.
      if (/[{[,:]\s*$/.test(first.text) && /^[\s"]/.test(second.text)) throw notJsonLines(path, ONE_OBJECT);
    } else if (/[,;\t|]/.test(first.text) && !isJsonObject(parsed(second))) {
      throw notJsonLines(path, CSV);
    }
  }
}

/** Returns whether the first row of a file begins JSON. */
export function looksLikeJson(text: string): boolean {
  return /^\s*(\{\s*("|$)|\[\s*([[{"]|$))/.test(text);
}

/** Returns the error for a file that was opened as CSV. */
export function notCsv(path: string): BatchError {
  const why = `${path} is JSON, not CSV. Read JSON Lines, which has one record per line, with jsonLinesInput (--format jsonl)`;
  return new BatchError(`${why}.`, 'ERR_INPUT', { resumable: false });
}

const ARRAY = {
  what: 'is a JSON array',
  advice: "Convert the file to one record per line, for example with `jq -c '.[]' IN > OUT.jsonl`",
};
const ONE_OBJECT = {
  what: 'has JSON objects that go over several lines',
  advice: 'Convert the file to one record per line, for example with `jq -c . IN > OUT.jsonl`',
};
const CSV = {
  what: 'seems to be CSV',
  advice: 'Read the file with csvInput (--format csv)',
};

function notJsonLines(path: string, { what, advice }: { what: string; advice: string }): BatchError {
  return new BatchError(`${path} ${what}, not JSON Lines. ${advice}.`, 'ERR_INPUT', { resumable: false });
}

async function firstRows(path: string, options: RowOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of readRows(path, START, options)) {
    rows.push(row);
    // A second row is read only if the first does not decide: it can be very long.
    if (rows.length === 2 || isJsonObject(parsed(row))) break;
  }
  return rows;
}

/** Returns the first characters of a file, without a byte order mark and spaces before them. */
async function firstBytes(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  try {
    const read = await file?.read(Buffer.alloc(1024), 0, 1024, 0);
    return read ? read.buffer.toString('utf8', 0, read.bytesRead).trimStart() : '';
  } finally {
    await file?.close();
  }
}

function parsed({ text }: Row): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
