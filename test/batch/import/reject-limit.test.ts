import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type BatchError,
  genesysContactList,
  genesysExternalContacts,
  type ImportOptions,
  importRecords,
  jsonLinesInput,
} from '../../../src/batch/index.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { readLines } from '../../support/imports.ts';
import { sendJson, startServer } from '../../support/server.ts';

type Sent = { id?: string; n: number };

/** Why the API refuses a record; undefined if the API accepts the record. */
type Refuses = (record: Sent) => string | undefined;

const TARGETS = {
  'a whole batch with 400': { target: genesysContactList({ listId: 'L', idField: 'id' }) },
  'a whole batch with 400, without ids': { target: genesysContactList({ listId: 'L' }) },
  'each record in a 200 response': { target: genesysExternalContacts({ keepsIds: true }) },
  'each record in a 200 response, without ids': { target: genesysExternalContacts() },
} as const;
type How = keyof typeof TARGETS;

/** Starts an API and returns the options of an import of `count` records. */
async function importing(
  how: How,
  count: number,
  refuses: Refuses,
  badLines: Readonly<Record<number, string>> = {},
) {
  const state = { requests: 0, refuses, accepted: [] as number[] };
  const server = await startServer(({ body }, response) => {
    state.requests++;
    const sent: { data?: Sent }[] | { entities: Sent[] } = JSON.parse(body.toString());
    const isList = Array.isArray(sent);
    const records = isList ? sent.map((contact) => contact.data as Sent) : sent.entities;
    const reasons = records.map((record) => state.refuses(record));
    const first = reasons.find((reason) => reason !== undefined);
    if (isList && first !== undefined) {
      sendJson(response, 400, { message: first });
      return;
    }
    state.accepted.push(...records.flatMap(({ n }, index) => (reasons[index] === undefined ? [n] : [])));
    if (isList) {
      sendJson(response, 200, sent);
      return;
    }
    const results = reasons.map((message) =>
      message === undefined
        ? { success: true, status: 201 }
        : { success: false, status: 400, error: { message } },
    );
    sendJson(response, 200, { results });
  });
  onTestFinished(() => server.close());
  const path = join(await temporaryDirectory(), 'in.jsonl');
  const hasId = !how.includes('without ids');
  const lines = Array.from(
    { length: count },
    (_, n) => badLines[n] ?? JSON.stringify({ ...(hasId && { id: `id${n}` }), n }),
  );
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
  const options = {
    api: axios.create({ baseURL: server.url, proxy: false }),
    input: jsonLinesInput(path),
    target: TARGETS[how].target,
    onBadRecord: 'reject',
  } satisfies ImportOptions;
  return { state, options, path, rejects: `${path}.rejects.jsonl` };
}

const stopped = (options: ImportOptions): Promise<BatchError> =>
  failure(importRecords(options), 'ERR_TOO_MANY_REJECTS');

const everything: Refuses = ({ n }) => `Contact ${n} ("id${n}") has a column that the list lacks`;

describe.each(Object.keys(TARGETS) as How[])('if the API refuses %s', (how) => {
  it.each([1, 4])(
    'stops with the one reason for all of 3,000 records, concurrency %i',
    async (concurrency) => {
      const { state, options, path, rejects } = await importing(how, 3000, everything);
      const error = await stopped({ ...options, concurrency });
      expect(error).toMatchObject({ permanent: true });
      expect(error.message).toMatch(
        /the API refuses every record for one reason: Contact \d+ \("id\d+"\) has a column/,
      );
      expect(error.message).toMatch(/None of the \d+ records tried was accepted/);
      expect(state.requests).toBeLessThanOrEqual(25 * concurrency);
      expect(existsSync(rejects)).toBe(false);
      expect(existsSync(`${path}.unresolved.jsonl`)).toBe(false);

      // After the list is fixed, the same import starts from the first record.
      state.refuses = () => undefined;
      expect(await importRecords({ ...options, concurrency })).toMatchObject({
        resumed: false,
        accepted: 3000,
        rejected: 0,
        unresolved: 0,
      });
      expect(state.accepted).toHaveLength(3000);
    },
  );

  it('sends each of 3,000 records with maxRejects Infinity', async () => {
    const { options } = await importing(how, 60, everything);
    const summary = await importRecords({ ...options, maxRejects: Number.POSITIVE_INFINITY });
    expect(summary).toMatchObject({ accepted: 0, rejected: 60 });
  });

  it('rejects all records of an input of fewer than 20', async () => {
    const { state, options, rejects } = await importing(how, 19, everything);
    expect(await importRecords(options)).toMatchObject({ accepted: 0, rejected: 19 });
    expect((await readLines(rejects)).map(({ record }) => (record as Sent).n)).toEqual([...Array(19).keys()]);
    expect(state.requests).toBeLessThanOrEqual(20);
  });

  it('finds one bad record of 1,000 with few requests, wherever it is', async () => {
    for (const bad of [0, 1, 500, 999]) {
      const { state, options, rejects } = await importing(how, 1000, ({ n }) =>
        n === bad ? 'bad phone' : undefined,
      );
      expect(await importRecords(options)).toMatchObject({ accepted: 999, rejected: 1 });
      expect(state.requests).toBeLessThanOrEqual(2 * 10 + 20);
      expect(state.accepted.toSorted((a, b) => a - b)).toEqual(
        [...Array(1000).keys()].filter((n) => n !== bad),
      );
      expect(await readLines(rejects)).toMatchObject([{ record: { n: bad } }]);
    }
  });

  it('writes held records once a record is accepted or refused for another reason', async () => {
    const accepted = await importing(how, 40, ({ n }) => (n === 12 ? undefined : 'no phone'));
    expect(await importRecords(accepted.options)).toMatchObject({ accepted: 1, rejected: 39 });
    const different = await importing(how, 40, ({ n }) => (n === 12 ? 'no name' : 'no phone'));
    expect(await importRecords(different.options)).toMatchObject({ accepted: 0, rejected: 40 });
    expect(await readLines(different.rejects)).toHaveLength(40);
  });

  it.each([
    ['a number', 10, 20],
    ['a share', '10%', 20],
  ] as const)(
    'stops at more rejected records than %s, and resumes with a higher limit',
    async (_, maxRejects, size) => {
      const { state, options, rejects } = await importing(how, 400, ({ n }) =>
        n % 5 === 4 ? `no phone in ${n}` : undefined,
      );
      const error = await stopped({ ...options, batchRecords: size, maxRejects });
      const [, rejected, processed] =
        /^(\d+) of (\d+) records were rejected, more than/.exec(error.message) ?? [];
      expect(Number(rejected)).toBeGreaterThan(10);
      expect(Number(processed)).toBeLessThanOrEqual(120);
      expect(error.message).toContain(`more than the limit of ${maxRejects} (maxRejects, --max-rejects)`);
      expect(error.message).toContain(`(${rejected} of ${rejected}): no phone in 4.`);
      expect(error.message).toContain(rejects);
      expect(await readLines(rejects)).toHaveLength(Number(rejected));

      // The records that were already rejected count.
      const again = await stopped({ ...options, batchRecords: size, maxRejects });
      expect(again.message).not.toMatch(new RegExp(`^${rejected} of`));
      const before = state.accepted.length;
      expect(await importRecords({ ...options, batchRecords: size, maxRejects: 80 })).toMatchObject({
        resumed: true,
        accepted: 320,
        rejected: 80,
        unresolved: 0,
      });
      expect(state.accepted).toHaveLength(320);
      expect(before).toBeLessThan(320);
    },
  );
});

describe('maxRejects', () => {
  const HOW = 'a whole batch with 400';

  it.each([
    [1001, 1001],
    [1000, undefined],
  ])('is 1,000 by default: %i rejected records', async (count, expected) => {
    const bad = Object.fromEntries(Array.from({ length: count }, (_, n) => [n, 'x']));
    const { options } = await importing(HOW, 3000, () => undefined, bad);
    const run = importRecords({ ...options, batchRecords: 100 });
    if (expected === undefined) expect(await run).toMatchObject({ rejected: count });
    else
      expect((await failure(run, 'ERR_TOO_MANY_REJECTS')).message).toContain(
        '1001 of 1001 records were rejected',
      );
  });

  it('is 5 % by default if that is more than 1,000', async () => {
    const bad = Object.fromEntries(Array.from({ length: 1200 }, (_, n) => [n * 21 + 1, '7']));
    const { options } = await importing(HOW, 26_000, () => undefined, bad);
    expect(await importRecords(options)).toMatchObject({ rejected: 1200, accepted: 24_800 });
  });

  it('counts records that cannot be read and records that the target refuses', async () => {
    const { options, rejects } = await importing(HOW, 50, () => undefined, { 10: '{', 20: '7', 30: '[' });
    const error = await stopped({ ...options, batchRecords: 5, maxRejects: 2 });
    expect(error.message).toMatch(/^3 of 3\d records were rejected/);
    expect(await readLines(rejects)).toHaveLength(3);
    expect(await importRecords({ ...options, batchRecords: 5, maxRejects: 3 })).toMatchObject({
      rejected: 3,
    });
  });

  it('applies a share at the end of a short input', async () => {
    const { options } = await importing(HOW, 30, ({ n }) => (n % 3 === 0 ? 'no phone' : undefined));
    expect((await stopped({ ...options, maxRejects: '5%' })).message).toMatch(/^10 of 30 records/);
    expect(await importRecords({ ...options, maxRejects: '5%' })).toMatchObject({
      rejected: 10,
      accepted: 20,
    });
  });

  it('stops at the first rejected record with 0', async () => {
    const { options, rejects } = await importing(HOW, 30, everything);
    await stopped({ ...options, batchRecords: 1, maxRejects: 0 });
    expect(await readLines(rejects)).toHaveLength(1);
  });

  it.each([-1, Number.NaN, '5', '101%', 'none', '%'])('%j is refused', async (maxRejects) => {
    const { options } = await importing(HOW, 1, () => undefined);
    await expect(importRecords({ ...options, maxRejects: maxRejects as never })).rejects.toThrow(
      "maxRejects must be a number >= 0, a share such as '5%', or Infinity",
    );
  });
});

it('holds records back again after the process was killed during the look', async () => {
  const { state, options } = await importing('a whole batch with 400, without ids', 100, everything);
  const abort = new AbortController();
  state.refuses = (record) => {
    if (state.requests === 7) abort.abort();
    return everything(record);
  };
  await failure(importRecords({ ...options, signal: abort.signal }), 'ERR_INTERRUPTED');
  state.refuses = everything;
  await stopped(options);
  state.refuses = () => undefined;
  expect(await importRecords(options)).toMatchObject({ accepted: 100, unresolved: 0, resumed: false });
  expect(state.accepted).toHaveLength(100);
});
