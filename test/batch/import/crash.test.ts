import { type ChildProcess, spawn } from 'node:child_process';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLedger } from '../../../src/batch/import/ledger.ts';
import { startState } from '../../../src/batch/import/state.ts';
import { importRecords } from '../../../src/batch/index.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { IMPORT_TARGETS, type TargetName } from '../../support/import-targets.ts';
import { arrivals, CONTACTS, contacts, importing, LIST, readLines } from '../../support/imports.ts';
import { startRecordApi } from '../../support/record-api.ts';

const SCRIPT = fileURLToPath(new URL('../../support/import-script.ts', import.meta.url));

// When to kill: the number of requests of a run, and a delay in milliseconds. `KILLS=40` kills each import 40 times.
const KILLS = Array.from(
  { length: Number(process.env.KILLS ?? 2) },
  (_, kill) => [2 + (kill % 3), (kill * 5) % 12] as const,
);

type Importing = Pick<Awaited<ReturnType<typeof importing>>, 'sim' | 'path'>;

const script = ({ sim, path }: Importing, name: TargetName = 'contact list without ids', apiUrl = '') => [
  ...['--import', 'tsx', SCRIPT],
  ...[sim.url, sim.clientId, sim.clientSecret, path, name, apiUrl],
];

/** Starts an import in a separate process. */
function startScript(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));

/** Kills an import after its API has received a number of further requests, and after the delay. */
async function killAfter(args: readonly string[], count: () => number, requests: number, delay: number) {
  const until = count() + requests;
  const child = startScript(args);
  const end = ended(child);
  let over = false;
  void end.then(() => {
    over = true;
  });
  await expect.poll(() => over || count() >= until, { interval: 1 }).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, delay));
  child.kill('SIGKILL');
  return end;
}

const COUNT = Math.max(120, KILLS.length * 60);
const NAMES = Object.keys(IMPORT_TARGETS) as TargetName[];

/** Starts both APIs, kills an import into one of them, and completes it. */
async function killedImport(name: TargetName) {
  const { path: requestPath } = IMPORT_TARGETS[name];
  const lines = contacts(COUNT).map((contact) => JSON.stringify({ ...contact, firstName: 'Ada' }));
  const set = await importing({ lines, pageDelay: 4 });
  const records = await startRecordApi(4);
  const args = script(set, name, requestPath === undefined ? records.url : '');
  const count = () =>
    requestPath === undefined ? records.requests.length : (set.sim.counts.byPath[requestPath] ?? 0);
  for (const [requests, delay] of KILLS) await killAfter(args, count, requests, delay);
  const child = startScript(args);
  let out = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  expect(await ended(child)).toBe(0);
  const found = { path: set.path, summary: JSON.parse(out) };
  if (requestPath === undefined) return { ...found, held: records.stored, times: records.times };
  const held = requestPath === CONTACTS ? set.sim.contacts(LIST) : set.sim.externalContacts();
  return { ...found, held, times: arrivals(set.sim, held) };
}

describe('when the import is killed at any moment', () => {
  it.each(NAMES.filter((name) => IMPORT_TARGETS[name].hasIds))(
    'stores every record once: %s',
    async (name) => {
      const { summary, held } = await killedImport(name);
      expect(summary).toMatchObject({ accepted: COUNT, rejected: 0, unresolved: 0, resumed: true });
      expect([...held.keys()].sort()).toEqual(
        contacts(COUNT)
          .map(({ id }) => id)
          .sort(),
      );
    },
  );

  it.each(NAMES.filter((name) => !IMPORT_TARGETS[name].hasIds))(
    'sends no record twice, and each is stored or in the unresolved file: %s',
    async (name) => {
      const { path, times } = await killedImport(name);
      expect([...times.values()].every((count) => count === 1)).toBe(true);
      const unresolved = await readLines(`${path}.unresolved.jsonl`);
      const open = unresolved.map(({ record }) => (record as { n: number }).n);
      expect(new Set(open).size).toBe(open.length);
      // At most two batches of five were on the wire at each kill.
      expect(open.length).toBeLessThanOrEqual(KILLS.length * 10);
      for (const { n } of contacts(COUNT)) expect(times.has(n) || open.includes(n)).toBe(true);
      for (const { unresolved: why } of unresolved) {
        expect(why).toMatchObject({ reason: 'the run ended before the API responded' });
      }
    },
  );
});

it('sends no record of a list twice if the import is killed and the list is edited after each kill', async () => {
  const set = await importing({ count: 0, pageDelay: 4 });
  const path = `${set.path}.rejects.jsonl`;
  const lines = contacts(60).map((record, index) =>
    JSON.stringify({ rejected: { import: '0123456789ab', line: index + 1 }, record }),
  );
  await writeFile(path, lines.map((line) => `${line}\n`).join(''));
  const args = script({ ...set, path });
  const count = () => set.sim.counts.byPath[CONTACTS] ?? 0;
  for (const [requests, delay] of KILLS) {
    await killAfter(args, count, requests, delay);
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('":', '": '));
  }
  expect(await ended(startScript(args))).toBe(0);
  const there = arrivals(set.sim);
  const unresolved = await readLines(`${path}.unresolved.jsonl`);
  const open = unresolved.map(({ record }) => (record as { n: number }).n);
  expect([...there.values()].every((times) => times === 1)).toBe(true);
  expect(new Set(open).size).toBe(open.length);
  for (const { n } of contacts(60)) expect(there.has(n) || open.includes(n)).toBe(true);
});

describe('the journal of an import', () => {
  /** An import that a 403 ended after three records. */
  const failedImport = async () => {
    const set = await importing({ count: 9 });
    set.sim.schedule({ match: CONTACTS, kind: '403', after: 1 });
    await failure(importRecords(set.noIds), 'ERR_REQUEST');
    return { ...set, journal: `${set.path}.import.checkpoint.journal` };
  };

  it('drops a last line that was cut off, because its action had not begun', async () => {
    const { noIds, journal, sim } = await failedImport();
    await appendFile(journal, '{"number":6,"type":"begun","end":{"rec');
    expect(await importRecords(noIds)).toMatchObject({ accepted: 9, unresolved: 0 });
    expect([...arrivals(sim).values()]).toEqual(new Array(9).fill(1));
  });

  it('sends the records with ids again if its last entry says that they were sent, also without retries', async () => {
    const withIds = [0, 1, 2, 3].map((n) => `{"id":"c${n}","n":${n}}`);
    const set = await importing({ lines: [...withIds, '{"n":4}'] });
    set.sim.schedule({ match: CONTACTS, kind: '403', after: 1 });
    await failure(importRecords(set.base), 'ERR_REQUEST');
    const journal = `${set.path}.import.checkpoint.journal`;
    const lines = (await readFile(journal, 'utf8')).split('\n');
    const sent = lines.findIndex((line) => line.includes('"sent"'));
    await writeFile(journal, `${lines.slice(0, sent + 1).join('\n')}\n`);
    expect(await importRecords({ ...set.base, retries: 0 })).toMatchObject({ accepted: 4, unresolved: 1 });
    expect([...arrivals(set.sim).keys()]).toEqual([0, 1, 2, 3]);
  });

  it('leaves records unresolved if its last entry says that they were sent', async () => {
    const { noIds, journal } = await failedImport();
    const lines = (await readFile(journal, 'utf8')).split('\n');
    const sent = lines.findIndex((line) => line.includes('"sent"'));
    await writeFile(journal, `${lines.slice(0, sent + 1).join('\n')}\n`);
    expect(await importRecords(noIds)).toMatchObject({ accepted: 6, unresolved: 3 });
  });

  it.each([
    ['removed', (path: string) => rm(path)],
    ['damaged', async (path: string) => writeFile(path, `x${await readFile(path, 'utf8')}`)],
    [
      'missing its first entry',
      async (path: string) => writeFile(path, (await readFile(path, 'utf8')).replace(/^.*\n/, '')),
    ],
  ])('ends the import if it is %s, because the records already sent are unknown', async (_, damage) => {
    const { noIds, journal, sim } = await failedImport();
    const requests = sim.counts.requests;
    const good = await readFile(journal);
    await damage(journal);
    expect((await failure(importRecords(noIds), 'ERR_CHECKPOINT_DAMAGED')).message).toContain('journal');
    expect(sim.counts.requests).toBe(requests);
    await writeFile(journal, good);
    expect(await importRecords(noIds)).toMatchObject({ accepted: 9 });
  });

  it('is not overwritten if its checkpoint is missing', async () => {
    const { noIds, path } = await failedImport();
    await rm(`${path}.import.checkpoint`);
    await failure(importRecords(noIds), 'ERR_OUTPUT_EXISTS');
  });

  it('is merged into the checkpoint before it grows long', async () => {
    const { sim, noIds, path } = await importing({ count: 400 });
    sim.schedule({ match: CONTACTS, kind: '403', after: 350 });
    await failure(importRecords({ ...noIds, batchRecords: 1 }), 'ERR_REQUEST');
    const journal = await readFile(`${path}.import.checkpoint.journal`, 'utf8');
    expect(journal.split('\n').length).toBeLessThan(100);
    expect(await importRecords(noIds)).toMatchObject({ accepted: 400, unresolved: 0, resumed: true });
    expect([...arrivals(sim).values()].every((times) => times === 1)).toBe(true);
  });
});

it('removes a reject that a crash of version 0.4 cut off', async () => {
  const { base, sim, path } = await importing({ lines: ['1', '{"id":"a","n":0}', '2', '{"id":"b","n":1}'] });
  sim.schedule({ match: CONTACTS, kind: '403', after: 1 });
  await failure(importRecords({ ...base, batchRecords: 2 }), 'ERR_REQUEST');
  await appendFile(`${path}.rejects.jsonl`, '{"rejected":{"line":3},"rec');
  expect(await importRecords({ ...base, batchRecords: 2 })).toMatchObject({ accepted: 2, rejected: 2 });
  expect((await readLines(`${path}.rejects.jsonl`)).map(({ record }) => record)).toEqual([1, 2]);
});

it('sends no record that is not in the journal when the disk is full, and resumes once there is space', async () => {
  const set = await importing({ count: 120 });
  // Blocks of 512 bytes: enough for the checkpoint and a few entries of the journal.
  const child = spawn(
    '/bin/sh',
    ['-c', 'trap "" XFSZ; ulimit -f 4; exec "$@"', 'sh', process.execPath, ...script(set)],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  expect(await ended(child)).toBe(1);
  expect(stderr).toMatch(/journal: the file is larger than|the disk is full/);
  const journal = (await readFile(`${set.path}.import.checkpoint.journal`, 'utf8')).split('\n').slice(0, -1);
  const sent = journal.filter((line) => line.includes('"type":"sent"'));
  expect(arrivals(set.sim).size).toBeGreaterThan(0);
  expect(arrivals(set.sim).size).toBeLessThanOrEqual(sent.length * 5);

  expect(await ended(startScript(script(set)))).toBe(0);
  const there = arrivals(set.sim);
  const open = (await readLines(`${set.path}.unresolved.jsonl`)).map(
    ({ record }) => (record as { n: number }).n,
  );
  expect([...there.values()].every((times) => times === 1)).toBe(true);
  for (const { n } of contacts(120)) expect(there.has(n) || open.includes(n)).toBe(true);
  expect(open.length).toBeLessThanOrEqual(10);
});

it('writes nothing after a failed write', async () => {
  const directory = await temporaryDirectory();
  const paths = {
    journal: join(directory, 'j'),
    rejects: join(directory, 'r'),
    unresolved: join(directory, 'u'),
  };
  await writeFile(paths.journal, '');
  const ledger = await openLedger(paths, startState(), async () => {});
  const position = { line: 1, start: 0, end: { offset: 9, line: 1 } };
  await ledger.begin({ ...position.end, record: 2, digest: '' });
  const unwritable = { ...position, number: 0, value: 1n };
  await expect(ledger.writeOutcomes([{ record: unwritable, outcome: 'rejected' }])).rejects.toThrow('BigInt');
  const writable = { ...position, number: 1, value: 1 };
  await expect(ledger.writeOutcomes([{ record: writable, outcome: 'accepted' }])).rejects.toThrow('BigInt');
  await ledger.close();
  expect((await readFile(paths.journal, 'utf8')).split('\n')).toHaveLength(2);
});
