import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { exportRecords, type PageSource } from '../../src/batch/index.ts';
import { readDescription, writeDescription } from '../../src/bullmq/description.ts';
import { directoryParts } from '../../src/bullmq/directory-parts.ts';
import { exportKeys } from '../../src/bullmq/keys.ts';
import { createLedger } from '../../src/bullmq/ledger.ts';
import { linesOf } from '../../src/bullmq/lines.ts';
import { mergeParts } from '../../src/bullmq/merge-job.ts';
import { claimPart, type PartClaim } from '../../src/bullmq/part-claim.ts';
import { failure, preparedPages, temporaryDirectory } from '../support/batch.ts';
import { numbered } from '../support/exporting.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

function deferred() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

it('linesOf returns lists that are short enough for one string', async () => {
  // Longer than the maximum length of a string, in fewer lines than the limit of a list.
  const line = Buffer.from(`"${'x'.repeat(1024 * 1024)}"\n`);
  async function* chunks() {
    for (let count = 0; count < 600; count++) yield line;
  }
  let lines = 0;
  for await (const list of linesOf(chunks(), 1000, 'a part')) {
    expect(list.join('\n').length).toBeLessThan(2 ** 25);
    lines += list.length;
  }
  expect(lines).toBe(600);
});

type TwoParts = Partial<PageSource> & { directory?: string };

describeWithRedis('mergeParts', () => {
  const redis = useRedis();

  /** Prepares the merge of two complete parts that share records. */
  async function twoParts(name: string, { directory: shared, ...more }: TwoParts = {}) {
    const directory = shared ?? (await temporaryDirectory());
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    const keys = exportKeys(redis.prefix, 'q', name);
    const ledger = createLedger(client, keys, 5000);
    const text = writeDescription({ parts: [0, 1], output: 'out.jsonl' });
    const { run } = await ledger.claimExport(text, '');
    const api = axios.create();
    const parts = directoryParts(directory);
    const sources = [numbered(0, 20), numbered(15, 40)].map((items) =>
      preparedPages([{ items }], { identify: (item: { id: string }) => item.id }),
    );
    async function claim(key: string): Promise<PartClaim> {
      const claimed = await claimPart({ ledger, name, key, run, label: key, worker: { host: 'this' } });
      if (typeof claimed === 'string') throw new Error(claimed);
      return claimed;
    }
    for (const [part, source] of sources.entries()) {
      const { fence, checkpoints: checkpoint } = await claim(keys.part(part));
      await exportRecords({ api, source, sink: parts.sink({ name, part, fence }), checkpoint });
    }
    const merge = async (merging: PartClaim) => {
      const source = () =>
        preparedPages([], { identify: (item: unknown) => (item as { id: string }).id, ...more });
      const { signal } = new AbortController();
      return mergeParts(
        { api, directory, parts, source, run: {} },
        { name, run, keys, ledger, signal },
        readDescription(text),
        merging,
      );
    };
    return { directory, output: join(directory, 'out.jsonl'), claim: () => claim(keys.merge), merge };
  }

  const WHOLE = numbered(0, 40)
    .map((record) => `${JSON.stringify(record)}\n`)
    .join('');

  it('does not merge again after a kill between publishing the output and noting the summary', async () => {
    const { directory, output, claim, merge } = await twoParts('renamed');
    const first = await claim();
    const killed: PartClaim = {
      ...first,
      note: async (name, value) => {
        if (name === 'summary') throw new Error('killed');
        return first.note(name, value);
      },
    };
    await expect(merge(killed)).rejects.toThrow('killed');
    expect(await readFile(output, 'utf8')).toBe(WHOLE);
    const before = await stat(output);
    expect(await merge(await claim())).toMatchObject({
      records: 40,
      repeated: 5,
      parts: 2,
      output: 'out.jsonl',
    });
    expect((await stat(output)).ino).toBe(before.ino);
    expect(await readdir(directory)).toEqual(['out.jsonl']);
  });

  it('does not mistake a foreign file with the name and size of the output for its own', async () => {
    const { directory, output, claim, merge } = await twoParts('foreign');
    const first = await claim();
    const killed: PartClaim = {
      ...first,
      note: async (name, value) => {
        await first.note(name, value);
        // The same length, but another modification time.
        await writeFile(output, 'x'.repeat(WHOLE.length));
        await utimes(output, 1, 1);
      },
    };
    await failure(merge(killed), 'ERR_OUTPUT_EXISTS');
    await failure(merge(await claim()), 'ERR_OUTPUT_EXISTS');
    expect(await readFile(output, 'utf8')).toBe('x'.repeat(WHOLE.length));
    // The parts are kept, and no unfinished output is left.
    expect((await readdir(directory)).sort()).toEqual(['foreign.parts', 'out.jsonl']);
  });

  it('fails with ERR_LOCKED if it is suspended before it publishes, while the next merge succeeds', async () => {
    const { directory, output, claim, merge } = await twoParts('suspended');
    const first = await claim();
    const noted = deferred();
    const resumed = deferred();
    const zombie = merge({
      ...first,
      async note(name, value) {
        await first.note(name, value);
        noted.resolve();
        await resumed.promise;
      },
    });
    await noted.promise;
    const next = await claim();
    const result = await merge({
      ...next,
      async note(name, value) {
        await next.note(name, value);
        resumed.resolve();
        await failure(zombie, 'ERR_LOCKED');
      },
    });
    expect(result).toMatchObject({ records: 40, output: 'out.jsonl' });
    expect(await readFile(output, 'utf8')).toBe(WHOLE);
    expect(await readdir(directory)).toEqual(['out.jsonl']);
  });

  it('fails with ERR_OUTPUT_SHORT if a part has another number of records than its checkpoint states', async () => {
    const { directory, claim, merge } = await twoParts('changed');
    const folder = join(directory, 'changed.parts');
    const [file = ''] = (await readdir(folder)).filter((name) => name.startsWith('0.'));
    const text = await readFile(join(folder, file), 'utf8');
    // The same number of bytes, but one record more.
    await writeFile(join(folder, file), text.replace('{"id":"r10"}\n', '{"id":1}\n{} \n'));
    const error = await failure(merge(await claim()), 'ERR_OUTPUT_SHORT');
    expect(error.message).toContain('part 0 of changed has 21 records, but its checkpoint states 20');
    expect(error.permanent).toBe(true);
    expect(await readdir(directory)).toEqual(['changed.parts']);
  });

  it('calls `identify` as a method of the source', async () => {
    const source = {
      key: 'id' as const,
      identify(item: unknown) {
        return (item as { id: string })[this.key];
      },
    };
    const { output, claim, merge } = await twoParts('this', source);
    expect(await merge(await claim())).toMatchObject({ records: 40, repeated: 5 });
    expect(await readFile(output, 'utf8')).toBe(WHOLE);
  });

  it('publishes only one of two exports that use the same output at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const directory = await temporaryDirectory();
      const exports = await Promise.all(
        ['one', 'other'].map((name) => twoParts(`${name}${round}`, { directory })),
      );
      const claims = await Promise.all(exports.map(({ claim }) => claim()));
      const merges = exports.map(({ merge }, index) => merge(claims[index] as PartClaim));
      const ends = await Promise.allSettled(merges);
      expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      // The parts of the rejected export are kept.
      const rejected = ends[0]?.status === 'rejected' ? 'one' : 'other';
      expect((await readdir(directory)).sort()).toEqual([`${rejected}${round}.parts`, 'out.jsonl'].sort());
    }
  });

  it('publishes no output after it lost its claim', async () => {
    const { directory, output, claim, merge } = await twoParts('claimed');
    const zombie = await claim();
    const next = await claim();
    await failure(merge(zombie), 'ERR_LOCKED');
    expect(await readdir(directory)).toEqual(['claimed.parts']);
    await merge(next);
    expect(await readFile(output, 'utf8')).toBe(WHOLE);
  });
});
