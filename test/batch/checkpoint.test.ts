import { spawn } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, type Subject, saveCheckpoint } from '../../src/batch/checkpoint.ts';
import { BatchError } from '../../src/batch/errors.ts';
import { replaceFile } from '../../src/batch/files/durable-file.ts';
import { failure, temporaryDirectory } from '../support/batch.ts';

const never = () => false;
const SUBJECT: Subject = {
  source: 'ünï',
  query: { interval: 'a/b', list: [1, { z: 1, a: null }] },
  format: 'jsonl',
};
const STATE = { cursor: { pageNumber: 3, from: 'x\u2028"' }, position: 1234, pages: 2, complete: false };

async function saved(): Promise<{ path: string; text: Buffer }> {
  const path = join(await temporaryDirectory(), 'out.checkpoint');
  await saveCheckpoint(path, SUBJECT, STATE);
  return { path, text: await readFile(path) };
}

/** Loads a checkpoint of these bytes, and returns the state or the code of the error. */
async function load(path: string, bytes: Uint8Array): Promise<unknown> {
  await writeFile(path, bytes);
  return loadCheckpoint(path, SUBJECT, never).catch((error: unknown) => {
    expect(error).toBeInstanceOf(BatchError);
    return (error as BatchError).code;
  });
}

describe('loadCheckpoint', () => {
  it('returns the last saved state, and leaves no other file', async () => {
    const { path } = await saved();
    expect(await loadCheckpoint(path, SUBJECT, never)).toEqual(STATE);
    await saveCheckpoint(path, SUBJECT, { ...STATE, pages: 3 });
    expect(await loadCheckpoint(path, SUBJECT, never)).toEqual({ ...STATE, pages: 3 });
    expect(await readdir(join(path, '..'))).toEqual(['out.checkpoint']);
    expect(await loadCheckpoint(`${path}.other`, SUBJECT, never)).toBeUndefined();
  });

  it('accepts a subject with members in another order', async () => {
    const { path } = await saved();
    const same = { format: 'jsonl', query: { list: [1, { a: null, z: 1 }], interval: 'a/b' }, source: 'ünï' };
    expect(await loadCheckpoint(path, same, never)).toEqual(STATE);
  });

  it('returns any state for any subject unchanged', async () => {
    const path = join(await temporaryDirectory(), 'x');
    // JSON has no -0.
    const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));
    const members = fc.dictionary(fc.string(), json);
    await fc.assert(
      fc.asyncProperty(members, members, async (subject, state) => {
        await saveCheckpoint(path, subject as Subject, state);
        expect(await loadCheckpoint(path, subject as Subject, never)).toEqual(state);
      }),
      { numRuns: 100 },
    );
  });

  it('rejects a checkpoint that is truncated at any length', async () => {
    const { path, text } = await saved();
    for (let length = 0; length < text.length - 1; length++) {
      expect(await load(path, text.subarray(0, length))).toBe('ERR_CHECKPOINT_DAMAGED');
    }
  });

  it('rejects a checkpoint with any changed bit or byte, or returns the saved state', async () => {
    const { path, text } = await saved();
    let damaged = 0;
    const check = async (at: number, byte: number) => {
      const bytes = Buffer.from(text);
      bytes[at] = byte;
      const result = await load(path, bytes);
      if (result === 'ERR_CHECKPOINT_DAMAGED') damaged++;
      else expect(result).toEqual(STATE);
    };
    for (let at = 0; at < text.length; at++) await check(at, (text[at] ?? 0) ^ (1 << (at % 8)));
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.nat(255), async (at, byte) => check(at, byte)),
      { numRuns: 300 },
    );
    expect(damaged).toBeGreaterThan(text.length / 2);
  });

  it('states why a file is not a valid checkpoint', async () => {
    const { path } = await saved();
    const newer = Buffer.from((await readFile(path, 'utf8')).replace('"version":2', '"version":3'));
    for (const [text, why] of [
      [
        newer,
        /has version 3, which a newer version .* this process reads version 2 .*Upgrade this process.*restart/,
      ],
      [Buffer.from('<html>'), /it is not JSON/],
      [Buffer.from(''), /it is not JSON/],
      [Buffer.from('{"name":"package"}'), /it is not a checkpoint/],
      [Buffer.from('null'), /it is not a checkpoint/],
      [Buffer.from('{"version":1}'), /its checksum does not match/],
    ] as const) {
      await writeFile(path, text);
      const error = await failure(loadCheckpoint(path, SUBJECT, never), 'ERR_CHECKPOINT_DAMAGED');
      expect(error.message).toMatch(why);
    }
  });

  it('reads version 1 too, because the states of imports are the same', async () => {
    const { path, text } = await saved();
    expect(await load(path, Buffer.from(text.toString().replace('"version":2', '"version":1')))).toEqual(
      STATE,
    );
  });

  it('uses what the reader of states returns, and shows the reason why a state cannot be used', async () => {
    const { path } = await saved();
    expect(
      await loadCheckpoint(path, SUBJECT, never, ({ pages }: typeof STATE) => ({ pages }) as never),
    ).toEqual({
      pages: 2,
    });
    const refused = loadCheckpoint(path, SUBJECT, never, (_, version) => `version ${version} is not enough`);
    expect((await failure(refused, 'ERR_CHECKPOINT_DAMAGED')).message).toBe(
      `the checkpoint ${path} cannot be used: version 2 is not enough.`,
    );
  });

  it('has mode 0600, also if it replaces a file with another mode or a crashed process left one behind', async () => {
    const { path } = await saved();
    const modeOf = async () => ((await stat(path)).mode & 0o777).toString(8);
    expect(await modeOf()).toBe('600');
    await chmod(path, 0o644);
    await writeFile(`${path}.tmp`, 'left behind', { mode: 0o644 });
    await saveCheckpoint(path, SUBJECT, STATE);
    expect(await modeOf()).toBe('600');
  });

  it('lists the members that differ, with both values, for a checkpoint of another run', async () => {
    const { path } = await saved();
    const { format: _, ...rest } = SUBJECT;
    const other = { ...rest, query: { interval: 'a/c', list: [], more: 'm'.repeat(200) }, account: null };
    const { message } = await failure(loadCheckpoint(path, other, never), 'ERR_CHECKPOINT_MISMATCH');
    expect(message).toContain('query.interval was "a/b" and is now "a/c"');
    expect(message).toContain('query.list was [1,{"z":1,"a":null}] and is now []');
    expect(message).toMatch(/query\.more was not given and is now "m{76}\.\.\.;/);
    expect(message).toContain('format was "jsonl" and is now not given');
    expect(message).toContain('account was not given and is now null');
    expect(message).not.toContain('source');
  });

  it('ignores the checkpoint of another run that has done nothing', async () => {
    const { path } = await saved();
    const isStart = (state: typeof STATE) => state.pages === 2;
    expect(await loadCheckpoint(path, { source: 'another' }, isStart)).toBeUndefined();
  });

  it('reports a checkpoint that cannot be written or read', async () => {
    const directory = await temporaryDirectory();
    await failure(saveCheckpoint(join(directory, 'missing', 'x'), SUBJECT, STATE), 'ERR_OUTPUT');
    await mkdir(join(directory, 'folder'));
    await failure(saveCheckpoint(join(directory, 'folder'), SUBJECT, STATE), 'ERR_OUTPUT');
    await failure(loadCheckpoint(join(directory, 'folder'), SUBJECT, never), 'ERR_OUTPUT');
    // The temporary file is removed.
    expect(await readdir(directory)).toEqual(['folder']);
  });
});

describe('replaceFile', () => {
  it('leaves the old or the new text if the process is killed', async () => {
    const path = join(await temporaryDirectory(), 'file');
    const script = fileURLToPath(new URL('../support/replace-script.ts', import.meta.url));
    for (let round = 0; round < 5; round++) {
      await replaceFile(path, '0:');
      const child = spawn(process.execPath, ['--import', 'tsx', script, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((resolve) => child.once('close', resolve));
      let replaced = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        replaced = Number(line);
        if (replaced === 5 + round) setTimeout(() => child.kill('SIGKILL'), Math.random() * 5);
      }
      await ended;
      const [number, text] = (await readFile(path, 'utf8')).split(':');
      // The reported replacement is complete. The next one may have been in progress.
      expect([replaced, replaced + 1]).toContain(Number(number));
      expect(text).toBe('x'.repeat(Number(number) * 100));
    }
  });
});
