import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DaysError } from '../../../src/batch/index.ts';
import { temporaryDirectory } from '../../support/batch.ts';
import { contents, dayFiles, daySource, pathOf, recordsOf, textOf } from '../../support/day-files.ts';

const DATE = '2026-10-01';
const DAY = { date: DATE, interval: `${DATE}T00:00:00.000Z/2026-10-02T00:00:00.000Z` };
const CURRENT = textOf(recordsOf(DAY), DATE);
const changed = (value: number) => recordsOf(DAY).map((record) => ({ ...record, value }));
const CHANGED = textOf(changed(1), DATE);

const NAME = `c-${DATE}.jsonl`;

/** Exports the day into a directory, and counts the exports that read the API. */
async function setUp() {
  const directory = await temporaryDirectory();
  const path = pathOf(directory, DATE);
  let reads = 0;
  const run = (options: Parameters<typeof dayFiles>[1] = {}, value = 0) =>
    dayFiles(directory, {
      source: (day) => {
        const source = daySource(day, () => changed(value));
        return {
          ...source,
          read(context) {
            reads++;
            return source.read(context);
          },
        };
      },
      ...options,
    });
  const readsOf = async (call: Promise<unknown>) => {
    const before = reads;
    await call;
    return reads - before;
  };
  const names = async () => (await readdir(directory)).sort();
  return { directory, path, run, readsOf, names };
}

/** Returns the error of the only failed day. */
async function dayFailure(run: Promise<unknown>) {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DaysError);
  const [outcome] = (error as DaysError).outcomes;
  if (outcome?.status !== 'failed') throw error;
  return outcome.error;
}

describe('a day', () => {
  it('gets its file and its checkpoint, and is skipped by the next run', async () => {
    const { run, readsOf, names, directory } = await setUp();
    const summary = await run();
    expect(summary).toMatchObject({ records: 5, outside: 2, stated: 7, missing: 0, warnings: [] });
    expect(await names()).toEqual([NAME, `${NAME}.checkpoint`]);
    expect(await contents(directory)).toEqual({ [NAME]: CURRENT });
    const again = run();
    expect(await readsOf(again)).toBe(0);
    expect((await again).days[0]?.summary).toMatchObject({ alreadyComplete: true, records: 5, outside: 2 });
  });

  it('is replaced by reread, and the earlier file stays until the new one is complete', async () => {
    const { run, path, directory } = await setUp();
    await run();
    const abort = new AbortController();
    const interrupted = run({ reread: 1, signal: abort.signal, onProgress: () => abort.abort() }, 1);
    await expect(interrupted).rejects.toMatchObject({ code: 'ERR_INTERRUPTED' });
    expect(await readFile(path, 'utf8')).toBe(CURRENT);
    await run({ reread: 1 }, 1);
    expect(await contents(directory)).toEqual({ [NAME]: CHANGED });
  });

  it('finishes an interrupted reread also without reread', async () => {
    const { run, directory } = await setUp();
    await run();
    const abort = new AbortController();
    await run({ reread: 1, signal: abort.signal, onProgress: () => abort.abort() }, 1).catch(() => {});
    await run({}, 1);
    expect(await contents(directory)).toEqual({ [NAME]: CHANGED });
  });

  it('is exported again by restart, which renames the complete file at the end', async () => {
    const { run, directory, names } = await setUp();
    await run();
    await run({ restart: true }, 1);
    expect(await contents(directory)).toEqual({ [NAME]: CHANGED, [`${NAME}.old-1`]: CURRENT });
    expect(await names()).toContain(`${NAME}.checkpoint.old-1`);
  });
});

interface Crash {
  state: string;
  /** Brings about the state, after the day was exported once. */
  make(path: string): Promise<void>;
  /** How many exports the next run starts. */
  reads: number;
}

const unpublish = async (path: string) => {
  await rename(path, `${path}.unfinished`);
  await rename(`${path}.checkpoint`, `${path}.unfinished.checkpoint`);
};

const CRASHES: Crash[] = [
  { state: 'the export is complete, and nothing is renamed', make: unpublish, reads: 0 },
  {
    state: 'the file is renamed, and the checkpoint is not',
    make: (path) => rename(`${path}.checkpoint`, `${path}.unfinished.checkpoint`),
    reads: 0,
  },
  {
    state: 'the complete unfinished file was removed',
    async make(path) {
      await unpublish(path);
      await rm(`${path}.unfinished`);
    },
    reads: 1,
  },
  {
    state: 'an empty file has the name of the day',
    async make(path) {
      await rm(`${path}.checkpoint`);
      await truncate(path, 0);
    },
    reads: 1,
  },
];

describe('the next run completes a day if a run ended when', () => {
  it.each(CRASHES)('$state', async ({ make, reads }) => {
    const { run, path, readsOf, directory, names } = await setUp();
    await run();
    await make(path);
    expect(await readsOf(run())).toBe(reads);
    expect(await contents(directory)).toEqual({ [NAME]: CURRENT });
    expect(await names()).toEqual([NAME, `${NAME}.checkpoint`]);
    expect(await readsOf(run())).toBe(0);
  });

  it.each(CRASHES.slice(0, 2))('$state, during a reread', async ({ make, reads }) => {
    const { run, path, readsOf, directory, names } = await setUp();
    await run();
    const [text, checkpoint] = [await readFile(path), await readFile(`${path}.checkpoint`)];
    await run({ reread: 1 }, 1);
    await make(path);
    if (!(await names()).includes(NAME)) await writeFile(path, text);
    await writeFile(`${path}.checkpoint`, checkpoint);
    expect(await readsOf(run({}, 1))).toBe(reads);
    expect(await contents(directory)).toEqual({ [NAME]: CHANGED });
    expect(await names()).toEqual([NAME, `${NAME}.checkpoint`]);
  });
});

describe('a day fails, and its files stay, if', () => {
  const broken: { what: string; make(path: string): Promise<void>; code: string }[] = [
    {
      what: 'the file of another program has its name',
      make: (path) => rm(`${path}.checkpoint`),
      code: 'ERR_OUTPUT_EXISTS',
    },
    {
      what: 'an unfinished file has no checkpoint',
      async make(path) {
        await rename(path, `${path}.unfinished`);
        await rm(`${path}.checkpoint`);
      },
      code: 'ERR_OUTPUT_EXISTS',
    },
    {
      what: 'its checkpoint is damaged',
      make: (path) => writeFile(`${path}.checkpoint`, '{'),
      code: 'ERR_CHECKPOINT_DAMAGED',
    },
  ];
  it.each(broken)('$what', async ({ make, code }) => {
    const { run, path, directory, readsOf } = await setUp();
    await run();
    await make(path);
    const before = await contents(directory);
    let error: Awaited<ReturnType<typeof dayFailure>> | undefined;
    const failed = dayFailure(run()).then((thrown) => {
      error = thrown;
    });
    expect(await readsOf(failed)).toBe(0);
    expect(error?.code).toBe(code);
    expect(await contents(directory)).toEqual(before);
  });

  it('its checkpoint belongs to another query', async () => {
    const { run, directory } = await setUp();
    await run();
    const error = await dayFailure(run({ account: 'another' }));
    expect(error.code).toBe('ERR_CHECKPOINT_MISMATCH');
    expect(await contents(directory)).toEqual({ [NAME]: CURRENT });
  });

  it('another program creates its file during the export', async () => {
    const { run, path, directory } = await setUp();
    const onProgress = () => void writeFile(path, 'foreign');
    const error = await dayFailure(run({ onProgress }));
    expect(error.code).toBe('ERR_OUTPUT_EXISTS');
    expect(await contents(directory)).toMatchObject({ [NAME]: 'foreign' });
  });
});

describe('a complete day whose file was moved away', () => {
  it('counts as complete, with one warning that says how to export it again', async () => {
    const { run, path, readsOf } = await setUp();
    await run();
    await rm(path);
    const summary = await run();
    expect(summary.records).toBe(5);
    expect(summary.warnings).toEqual([
      `${path} no longer exists. Its day counts as complete, because the checkpoint says so. To export a day again, remove the ` +
        `checkpoint of its file, such as ${path}.checkpoint`,
    ]);
    await rm(`${path}.checkpoint`);
    expect(await readsOf(run())).toBe(1);
  });
});
