import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendLines, checkList, completeLines } from '../../../src/batch/import/list-file.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';

const line = (n: number, record: unknown = n) =>
  `${JSON.stringify({ rejected: { import: '0123456789ab', line: n }, record })}\n`;

async function listOf(content?: string) {
  const directory = await temporaryDirectory();
  const path = join(directory, 'list');
  if (content !== undefined) await writeFile(path, content);
  return { directory, path, read: () => readFile(path, 'utf8') };
}

describe('appendLines', () => {
  it.each([
    ['creates a missing list', undefined, line(1)],
    ['fills an empty list', '', line(1)],
    ['adds to a list', line(0), line(0) + line(1)],
    ['ends a last line without a line end', line(0).trimEnd(), line(0) + line(1)],
    ['keeps CR LF', line(0).replace('\n', '\r\n'), line(0).replace('\n', '\r\n') + line(1)],
  ])('%s', async (_, before, after) => {
    const { path, read } = await listOf(before);
    await appendLines(path, line(1));
    expect(await read()).toBe(after);
  });

  it('finds a list that an editor has replaced by a new file', async () => {
    const { path, read } = await listOf();
    await appendLines(path, line(0));
    await writeFile(path, 'replaced\n');
    await appendLines(path, line(1));
    expect(await read()).toBe(`replaced\n${line(1)}`);
  });
});

describe('completeLines', () => {
  const pending = line(1, 'é') + line(2, '😀');

  it('completes lines that a crash cut off at any byte', async () => {
    const bytes = Buffer.from(pending);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { path, read } = await listOf(line(0));
      await appendFile(path, bytes.subarray(0, cut));
      await completeLines(path, pending);
      expect(await read()).toBe(line(0) + pending);
    }
  });

  it.each([
    ['corrected', line(1, 'right') + line(2, 'right')],
    ['in another order', line(2, '😀') + line(1, 'é')],
    ['with another form', pending.replaceAll('":', '": ').replaceAll('\n', '\r\n')],
    ['followed by other lines', `${pending}${line(3)}`],
  ])('writes nothing if the list has the lines %s', async (_, content) => {
    const { path, read } = await listOf(content);
    await completeLines(path, pending);
    expect(await read()).toBe(content);
  });

  it('adds a missing last line end', async () => {
    const { path, read } = await listOf(pending.trimEnd());
    await completeLines(path, pending);
    expect(await read()).toBe(pending);
  });

  it('adds only the missing line if the user has edited the list after the crash', async () => {
    const { path, read } = await listOf(line(0, 'right') + line(1, 'right').trimEnd());
    await completeLines(path, pending);
    expect(await read()).toBe(line(0, 'right') + line(1, 'right') + line(2, '😀'));
  });

  it('creates a list that was moved away', async () => {
    const { path, read } = await listOf();
    await completeLines(path, pending);
    expect(await read()).toBe(pending);
  });
});

describe('checkList', () => {
  it('creates no file', async () => {
    const { path, directory } = await listOf();
    await checkList(path);
    expect(await readdir(directory)).toEqual([]);
  });

  it('refuses a missing directory and a directory', async () => {
    const { path, directory } = await listOf();
    expect((await failure(checkList(join(path, 'x')), 'ERR_OUTPUT')).message).toContain('does not exist');
    expect((await failure(checkList(directory), 'ERR_OUTPUT')).message).toContain('is a directory');
  });
});
