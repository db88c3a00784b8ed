import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../../../src/batch/checkpoint.ts';
import {
  type CheckRecords,
  genesysContactList,
  type ImportOptions,
  importRecords,
  jsonLinesInput,
} from '../../../src/batch/index.ts';
import { ConfigurationError } from '../../../src/core/errors.ts';
import { failure } from '../../support/batch.ts';
import { arrivals, CONTACTS, importing, LIST, readLines } from '../../support/imports.ts';

type Edit = (text: string) => string;

/** Sends the records unchanged, so that the API refuses a record whose `data` is a number. */
const asIs = { request: (records: readonly unknown[]) => ({ method: 'POST', url: CONTACTS, data: records }) };
const bad = (n: number) => ({ data: n });
const good = (n: number) => ({ data: { n } });

const correct =
  (...numbers: number[]): Edit =>
  (text) =>
    numbers.reduce(
      (all, n) => all.replaceAll(new RegExp(`"data" ?: ?${n}}`, 'g'), `"data":{"n":${n}}}`),
      text,
    );

/** An import without ids of the records 0 to 5, of which the API refuses 1, 3 and 5. */
async function withRejects() {
  const records = [good(0), bad(1), good(2), bad(3), good(4), bad(5)];
  const set = await importing({ lines: records.map((one) => JSON.stringify(one)) });
  const base = {
    ...set.noIds,
    target: { ...set.noIds.target, ...asIs },
    maxRejects: Number.POSITIVE_INFINITY,
  } satisfies ImportOptions;
  const rejects = `${set.path}.rejects.jsonl`;
  const feed = (path = rejects, options: Partial<ImportOptions> = {}) =>
    importRecords({ ...base, ...options, input: jsonLinesInput(path) });
  const edit = async (change: Edit, path = rejects) => writeFile(path, change(await readFile(path, 'utf8')));
  const main = () => importRecords(base);
  await main();
  return { ...set, base, rejects, feed, edit, main };
}

/** An import without ids whose first request got no response: 0, 1 and 2 are unresolved, and the API has stored none of them. */
async function withUnresolved(kind: 'reset' | 'lost' = 'reset') {
  const set = await importing({ count: 6 });
  set.sim.schedule({ match: CONTACTS, kind });
  await importRecords(set.noIds);
  const unresolved = `${set.path}.unresolved.jsonl`;
  const feed = (options: Partial<ImportOptions> = {}, path = unresolved) =>
    importRecords({ ...set.noIds, ...options, input: jsonLinesInput(path) });
  return { ...set, unresolved, feed };
}

const once = (...numbers: number[]) => new Map(numbers.map((n) => [n, 1]));
const sorted = (map: Map<number, number>) => new Map([...map].sort(([a], [b]) => a - b));
const numbersIn = async (path: string) => (await readLines(path)).map(({ record }) => record);

describe('a rejects file', () => {
  it.each<[string, Edit]>([
    ['with the same text', (text) => text],
    ['without its last line end', (text) => text.trimEnd()],
    ['with CR LF', (text) => text.replaceAll('\n', '\r\n')],
    ['reformatted', (text) => text.replaceAll('":', '" : ')],
    ['in another order', (text) => `${text.trimEnd().split('\n').reverse().join('\n')}\n`],
    [
      'unwrapped',
      (text) =>
        text
          .split('\n')
          .filter(Boolean)
          .map((line) => `${JSON.stringify(JSON.parse(line).record)}\n`)
          .join(''),
    ],
    ['without the accepted line', (text) => text.replace(/^.*\n/, '')],
  ])('is corrected in place and imported again %s, and sends no accepted record twice', async (_, change) => {
    const { sim, feed, edit, rejects } = await withRejects();
    await edit(correct(1));
    expect(await feed()).toMatchObject({ accepted: 1, rejected: 2 });
    expect(await numbersIn(`${rejects}.rejects.jsonl`)).toEqual([bad(3), bad(5)]);
    await edit(correct(3));
    await edit(change);
    await feed();
    expect(sorted(arrivals(sim))).toEqual(once(0, 1, 2, 3, 4));
    await edit(correct(5));
    const last = await feed();
    expect(last).toMatchObject({ rejected: 0, unresolved: 0 });
    expect(sorted(arrivals(sim))).toEqual(once(0, 1, 2, 3, 4, 5));
  });

  it('keeps its corrections when the main import continues, and is imported again with the new lines', async () => {
    const { sim, feed, edit, main, path, rejects } = await withRejects();
    await edit(correct(1));
    await edit((text) => text.trimEnd());
    await appendFile(path, `${JSON.stringify(bad(6))}\n${JSON.stringify(good(7))}\n`);
    expect(await main()).toMatchObject({ accepted: 4, rejected: 4 });
    expect(await numbersIn(rejects)).toEqual([good(1), bad(3), bad(5), bad(6)]);
    expect(await feed()).toMatchObject({ accepted: 1, rejected: 3 });
    await edit(correct(3, 6));
    await appendFile(path, `${JSON.stringify(bad(8))}\n`);
    await main();
    const summary = await feed();
    expect(summary).toMatchObject({ accepted: 3, rejected: 2 });
    expect(summary.warnings).toEqual([
      expect.stringContaining('1 record was not sent again'),
      expect.stringMatching(/1 record was not sent again.*unchanged/),
    ]);
    expect(sorted(arrivals(sim))).toEqual(once(0, 1, 2, 3, 4, 6, 7));
  });

  it('is created again if it was moved away', async () => {
    const { main, path, rejects } = await withRejects();
    await rename(rejects, `${rejects}.moved`);
    await appendFile(path, `${JSON.stringify(bad(6))}\n`);
    await main();
    expect(await numbersIn(rejects)).toEqual([bad(6)]);
  });

  it('shares what was accepted with the rejects of its own import', async () => {
    const { sim, feed, edit, rejects } = await withRejects();
    await feed();
    await edit(correct(1), `${rejects}.rejects.jsonl`);
    await feed(`${rejects}.rejects.jsonl`);
    await edit(correct(1, 3));
    expect(await feed()).toMatchObject({ accepted: 2, rejected: 1 });
    await edit(correct(1, 3, 5), `${rejects}.rejects.jsonl`);
    expect(await feed(`${rejects}.rejects.jsonl`)).toMatchObject({ accepted: 3, rejected: 0 });
    expect(sorted(arrivals(sim))).toEqual(once(0, 1, 2, 3, 4, 5));
  });

  it('sends a record once that several lines have', async () => {
    const { sim, feed, edit, rejects, directory } = await withRejects();
    await feed();
    await edit(correct(1, 3));
    await edit(correct(1, 3), `${rejects}.rejects.jsonl`);
    const all = join(directory, 'all.jsonl');
    await writeFile(
      all,
      (await readFile(rejects, 'utf8')) + (await readFile(`${rejects}.rejects.jsonl`, 'utf8')),
    );
    expect(await feed(all, { concurrency: 4 })).toMatchObject({ accepted: 4, rejected: 2 });
    expect(sorted(arrivals(sim))).toEqual(once(0, 1, 2, 3, 4));
  });

  it('is corrected and imported again after an import that failed', async () => {
    const { sim, feed, edit } = await withRejects();
    await edit(correct(1, 5));
    sim.schedule({ match: CONTACTS, kind: '403', after: 1 });
    await failure(feed(undefined, { batchRecords: 1 }), 'ERR_REQUEST');
    await edit(correct(3));
    await edit((text) => text.replace('{"rejected"', ' {"rejected"'));
    expect(await feed()).toMatchObject({ accepted: 3, rejected: 0 });
    expect(sorted(arrivals(sim))).toEqual(once(0, 1, 2, 3, 4, 5));
  });

  it('does not send a record again whose outcome a kill left unknown, even if the list was corrected since', async () => {
    const { sim, feed, edit, api, directory, rejects } = await withRejects();
    await edit(correct(1));
    sim.schedule({ match: CONTACTS, kind: 'lost' });
    // The files as a kill after the first request would leave them.
    const files = new Map<string, string>();
    const snapshot = api.interceptors.request.use(async (config) => {
      for (const name of await readdir(directory)) {
        if (!name.endsWith('.lock')) files.set(name, await readFile(join(directory, name), 'utf8'));
      }
      api.interceptors.request.eject(snapshot);
      return config;
    });
    await feed(rejects, { batchRecords: 1 });
    for (const name of await readdir(directory)) await rm(join(directory, name));
    for (const [name, text] of files) await writeFile(join(directory, name), text);
    await edit(correct(3));
    await edit((text) => text.replaceAll('":', '": '));
    expect(await feed(rejects, { batchRecords: 1 })).toMatchObject({
      accepted: 1,
      rejected: 1,
      unresolved: 1,
    });
    expect(await numbersIn(`${rejects}.unresolved.jsonl`)).toEqual([good(1)]);
    expect(sorted(arrivals(sim))).toEqual(once(0, 1, 2, 3, 4));
  });

  it('sends everything again with `restart`', async () => {
    const { sim, feed, edit } = await withRejects();
    await edit(correct(1));
    await feed();
    await edit(correct(3));
    expect(await feed(undefined, { restart: true })).toMatchObject({ accepted: 2, rejected: 1 });
    expect(arrivals(sim).get(1)).toBe(2);
  });

  it('does not apply to another target', async () => {
    const { feed, edit, base, rejects } = await withRejects();
    await edit(correct(1));
    await feed();
    const other = { ...base.target, query: { other: true } };
    const checkpoint = `${rejects}.other`;
    const files = { checkpoint, rejects: `${checkpoint}.rejects`, unresolved: `${checkpoint}.unresolved` };
    expect(await feed(rejects, { target: other, ...files })).toMatchObject({ accepted: 1, warnings: [] });
  });
});

describe('an import that version 0.4 began', () => {
  it.each([
    ['nothing', ''],
    ['a whole line', '{"rejected":{"line":3,"reason":"x"},"record":2}\n'],
    ['a part of a line', '{"rejected":{"line":3,"reason":"x"},"rec'],
  ])('resumes, and writes each reject once, if a crash left %s after the last outcome', async (_, rest) => {
    const { sim, base, path } = await importing({
      lines: ['1', '{"id":"a","n":0}', '2', '{"id":"b","n":1}'],
    });
    const rejects = `${path}.rejects.jsonl`;
    const checkpoint = `${path}.import.checkpoint`;
    const old = '{"rejected":{"line":1,"reason":"x"},"record":1}\n';
    const offset = Buffer.byteLength('1\n{"id":"a","n":0}\n');
    const digest = createHash('sha256')
      .update((await readFile(path)).subarray(0, offset))
      .digest('hex');
    const { name: target, query } = base.target;
    const subject = { target, query, input: 'jsonl', account: sim.url };
    const lengths = { rejectsLength: 0, unresolvedLength: 0 };
    const counts = { accepted: 0, rejected: 0, unresolved: 0 };
    const begun = { record: 0, offset: 0, line: 0, digest: '' };
    const state = { entry: 0, begun, open: [], batches: 0, ...counts, ...lengths, completeAt: null };
    await saveCheckpoint(checkpoint, subject, state);
    const entries = [
      { number: 1, type: 'begun', end: { offset, line: 2, record: 2, digest } },
      {
        number: 2,
        type: 'settled',
        records: [[0, 2]],
        ...counts,
        accepted: 1,
        rejected: 1,
        rejectsLength: old.length,
        unresolvedLength: 0,
      },
    ];
    await writeFile(`${checkpoint}.journal`, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    await writeFile(rejects, old + rest);
    expect(await importRecords(base)).toMatchObject({ resumed: true, accepted: 2, rejected: 2 });
    expect(await numbersIn(rejects)).toEqual([1, 2]);
    expect(arrivals(sim)).toEqual(once(1));
    await writeFile(
      rejects,
      (await readFile(rejects, 'utf8')).replace('"record":1', '"record":{"id":"c","n":2}'),
    );
    const feed = () => importRecords({ ...base, input: jsonLinesInput(rejects) });
    expect(await feed()).toMatchObject({ accepted: 1, rejected: 1 });
    await writeFile(
      rejects,
      (await readFile(rejects, 'utf8')).replace('"record":2', '"record":{"id":"d","n":3}'),
    );
    expect(await feed()).toMatchObject({ accepted: 2, rejected: 0 });
    expect(arrivals(sim)).toEqual(once(1, 2, 3));
  });
});

describe('a row that cannot be read', () => {
  it('keeps its text, however often it is imported, and is sent once corrected', async () => {
    const { sim, base } = await importing({ lines: ['{"id":"a","n":0}', '{"id":"b","n":1'] });
    await importRecords({ ...base, onBadRecord: 'reject' });
    let path = base.input.path;
    for (let time = 0; time < 3; time++) {
      path += '.rejects.jsonl';
      expect(await readLines(path)).toMatchObject([
        { rejected: { line: 2, reason: 'the line is not valid JSON' }, text: '{"id":"b","n":1' },
      ]);
      await importRecords({ ...base, input: jsonLinesInput(path) });
    }
    await writeFile(
      path,
      (await readFile(path, 'utf8')).replace(String.raw`\"n\":1"`, String.raw`\"n\":1}"`),
    );
    expect(await importRecords({ ...base, input: jsonLinesInput(path) })).toMatchObject({ accepted: 1 });
    expect(arrivals(sim)).toEqual(once(0, 1));
  });
});

describe('an unresolved file', () => {
  it('is refused without `sendAgain` before the first request if a record has no id', async () => {
    const { sim, feed, unresolved } = await withUnresolved();
    const requests = sim.counts.requests;
    const error = await feed().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain('--send-again');
    expect((error as Error).message).toContain('3 records');
    expect(sim.counts.requests).toBe(requests);
    const summary = await feed({ sendAgain: true });
    expect(summary).toMatchObject({ accepted: 3 });
    expect(summary.warnings).toEqual([
      expect.stringContaining(`3 records of ${unresolved} may be stored twice`),
    ]);
    expect(arrivals(sim)).toEqual(once(3, 4, 5, 0, 1, 2));
  });

  it('needs nothing if the records have ids', async () => {
    const { feed, base } = await withUnresolved('lost');
    expect(await feed({ target: base.target })).toMatchObject({ accepted: 3, warnings: [] });
  });

  it('lets the check decide', async () => {
    const { sim, feed } = await withUnresolved('lost');
    const check: CheckRecords = async (records) =>
      records.map((record) => (arrivals(sim).has((record as { n: number }).n) ? 'present' : 'absent'));
    const target = genesysContactList({ listId: LIST, check });
    expect(await feed({ target })).toMatchObject({ accepted: 3, unresolved: 0 });
    expect([...arrivals(sim).values()]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('needs `sendAgain` again for records that are lost again, wherever they are', async () => {
    const { sim, feed, unresolved, noIds } = await withUnresolved();
    sim.schedule({ match: CONTACTS, kind: 'reset' });
    expect(await feed({ sendAgain: true })).toMatchObject({ unresolved: 3 });
    const next = `${unresolved}.unresolved.jsonl`;
    await expect(feed({}, next)).rejects.toThrow(ConfigurationError);
    const refusing = {
      ...noIds.target,
      problem: (record: unknown) => ((record as { n: number }).n === 1 ? 'no' : undefined),
    };
    expect(await feed({ sendAgain: true, target: refusing }, next)).toMatchObject({
      accepted: 2,
      rejected: 1,
    });
    expect(await readLines(`${next}.rejects.jsonl`)).toMatchObject([{ rejected: { unresolved: true } }]);
    await expect(feed({}, `${next}.rejects.jsonl`)).rejects.toThrow(ConfigurationError);
    expect(existsSync(`${next}.unresolved.jsonl`)).toBe(false);
  });

  it('keeps its records when a rejects file is imported again', async () => {
    const { sim, feed, edit, rejects } = await withRejects();
    await edit(correct(1));
    sim.schedule({ match: CONTACTS, kind: 'reset' });
    expect(await feed(rejects, { batchRecords: 1 })).toMatchObject({ unresolved: 1, rejected: 2 });
    await edit(correct(3));
    const summary = await feed();
    expect(summary).toMatchObject({ accepted: 1, rejected: 1, unresolved: 1 });
    expect(summary.warnings).toContainEqual(expect.stringContaining('may have stored'));
    expect(await feed(`${rejects}.unresolved.jsonl`, { sendAgain: true })).toMatchObject({ accepted: 1 });
    await edit(correct(5));
    expect(await feed()).toMatchObject({ accepted: 3, rejected: 0 });
    expect(sorted(arrivals(sim))).toEqual(once(0, 1, 2, 3, 4, 5));
  });
});
