import { constants } from 'node:fs';
import { access, type FileHandle, open, readFile, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../core/node/index.ts';
import { fileError, refuseNonFile } from '../files/file-error.ts';
import { readListLine } from './list-line.ts';

const LINE_FEED = 0x0a;

/**
 * Checks that lines can be appended to a list. Does not create the file: a list exists only if it has lines.
 *
 * @throws BatchError `ERR_OUTPUT`
 */
export async function checkList(path: string): Promise<void> {
  try {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (found) refuseNonFile(path, found);
    await access(found ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw fileError(path, error);
  }
}

/**
 * Appends whole lines to a list that the user may edit, replace, move or remove at any time. The lines are on the disk when it resolves.
 *
 * @param mode of a new file.
 * @throws BatchError `ERR_OUTPUT`
 */
export async function appendLines(path: string, lines: string, mode?: number): Promise<void> {
  await append(path, Buffer.from(lines), mode, async (file, size) => {
    if (size === 0) return false;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    // An editor may have removed the last line end.
    return buffer[0] !== LINE_FEED;
  });
}

/**
 * Appends the lines of a list that an interrupted {@link appendLines} may have written completely, in part, or not at all. Lines that
 * the list has are not written again, even if the user has edited their records.
 *
 * @throws BatchError `ERR_OUTPUT`
 */
export async function completeLines(path: string, lines: string, mode?: number): Promise<void> {
  const found = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw fileError(path, error);
  });
  if (found.includes(lines)) return;
  const present = new Set(found.toString('utf8').split('\n').flatMap(identityOf));
  const missing = Buffer.from(
    lines
      .split(/(?<=\n)/)
      .filter((line) => !identityOf(line).some((identity) => present.has(identity)))
      .join(''),
  );
  const rest = found.subarray(found.lastIndexOf(LINE_FEED) + 1);
  if (missing.length + rest.length === 0) return;
  const isTorn = rest.length > 0 && missing.subarray(0, rest.length).equals(rest);
  await append(path, isTorn ? missing.subarray(rest.length) : missing, mode, async () => {
    return rest.length > 0 && !isTorn;
  });
}

// Version 0.4 began its lines with this text, and did not complete a line that a crash had cut off.
const OLD_LINE = /^\{"(rejected|unresolved)":\{"line":/;

/** Removes the last line of a list if a crash of version 0.4 cut the line off. @throws BatchError `ERR_OUTPUT` */
export async function dropTornLine(path: string): Promise<void> {
  const found = await readFile(path).catch(() => Buffer.alloc(0));
  const end = found.lastIndexOf(LINE_FEED) + 1;
  const text = found.subarray(end).toString('utf8');
  if (!OLD_LINE.test(text) || isJson(text)) return;
  await truncate(path, end).catch((error: unknown) => {
    throw fileError(path, error);
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** @param needsLineEnd returns whether the file ends within a line. */
async function append(
  path: string,
  bytes: Uint8Array,
  mode: number | undefined,
  needsLineEnd: (file: FileHandle, size: number) => Promise<boolean>,
): Promise<void> {
  try {
    const file = await open(path, 'a+', mode);
    try {
      const found = await file.stat();
      refuseNonFile(path, found);
      const lineEnd = (await needsLineEnd(file, found.size)) ? '\n' : '';
      await file.appendFile(Buffer.concat([Buffer.from(lineEnd), bytes]));
      await file.datasync();
      if (found.size === 0) await syncDirectory(dirname(path));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Returns the identity of the record of a line, if the line has one. */
function identityOf(line: string): string[] {
  try {
    const { list, origin } = readListLine(JSON.parse(line)) ?? {};
    return origin ? [`${list} ${origin.import} ${origin.line}`] : [];
  } catch {
    return [];
  }
}
