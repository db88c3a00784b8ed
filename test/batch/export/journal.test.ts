import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSeen, type Seen } from '../../../src/batch/export/journal.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';

interface Item {
  id?: string;
}

const identify = ({ id }: Item) => id;
const items = (...ids: string[]) => ids.map((id) => ({ id }));
const idsOf = (list: readonly Item[]) => list.map(({ id }) => id);

async function journalPath(): Promise<string> {
  return join(await temporaryDirectory(), 'journal');
}

/** One that keeps a journal, and one that does not: they must do the same. */
async function openBoth(): Promise<[string, Seen<Item>][]> {
  const path = await journalPath();
  return [
    ['with a journal', await openSeen<Item>({ path, position: 0, identify })],
    ['in memory', await openSeen<Item>({ path: undefined, position: 0, identify })],
  ];
}

describe('records', () => {
  test('are taken once: within a page, a part, and the part before it', async () => {
    for (const [, seen] of await openBoth()) {
      const take = async (part: string | undefined, ...ids: string[]) =>
        idsOf(await seen.addRecords({ items: items(...ids), part }));
      expect(await take('a', '1', '2', '1')).toEqual(['1', '2']);
      expect(await take('a', '2', '3')).toEqual(['3']);
      expect(await take('b', '1', '4')).toEqual(['4']);
      // 1 was held by the part before this one, though it was not written there.
      expect(await take('c', '1', '4', '5')).toEqual(['5']);
      // 3 was in a and in no part since.
      expect(await take('d', '3')).toEqual(['3']);
      await seen.close();
    }
  });

  test('without an id, or in a source that has none, are all taken', async () => {
    for (const [, seen] of await openBoth()) {
      expect(await seen.addRecords({ items: [{}, {}] })).toHaveLength(2);
      await seen.close();
    }
    const seen = await openSeen<Item>({ path: undefined, position: 0, identify: undefined });
    expect(await seen.addRecords({ items: items('1', '1') })).toHaveLength(2);
  });

  test('with ids of any text, and with numbers for ids, come back out of the journal', async () => {
    const path = await journalPath();
    const odd = ['', '"', '\n', '\u2028', '\r', '{"next":"x"}', 'ünï', '\ud800', '__proto__', '7'];
    const first = await openSeen<Item>({ path, position: 0, identify });
    expect(await first.addRecords({ items: items(...odd) })).toHaveLength(odd.length);
    const position = await first.save();
    await first.close();
    const numbers = ({ id }: Item) => (id === '7' ? (7 as unknown as string) : id);
    const second = await openSeen<Item>({ path, position, identify: numbers });
    expect(await second.addRecords({ items: items(...odd, 'new') })).toEqual(items('new'));
    await second.close();
  });

  test('that cannot repeat cost no memory, and are known when that changes', async () => {
    for (const [, seen] of await openBoth()) {
      const take = async (mayRepeat: boolean, ...ids: string[]) =>
        idsOf(await seen.addRecords({ items: items(...ids), mayRepeat }));
      expect(await take(true, '1')).toEqual(['1']);
      expect(await take(false, '2', '3')).toEqual(['2', '3']);
      await seen.save();
      expect(await take(false, '4')).toEqual(['4']);
      expect(await take(true, '1', '2', '4', '5')).toEqual(['5']);
      expect(await take(false, '6')).toEqual(['6']);
      expect(await take(true, '5', '6', '7')).toEqual(['7']);
      await seen.close();
    }
  });
});

/** What should be taken, said as simply as can be. */
function createModel() {
  let part: string | undefined;
  let now = new Set<string>();
  let before = new Set<string>();
  return (page: { part: string; ids: readonly string[] }) => {
    if (page.part !== part) [part, before, now] = [page.part, now, new Set()];
    return page.ids.filter((id) => {
      const isNew = !now.has(id) && !before.has(id);
      now.add(id);
      return isNew;
    });
  };
}

test('whatever comes, wherever it is cut off and opened again, it takes what a simple model takes', async () => {
  const directory = await temporaryDirectory();
  const page = fc.record({
    part: fc.constantFrom('a', 'b', 'c'),
    mayRepeat: fc.boolean(),
    ids: fc.array(fc.nat(12), { maxLength: 6 }),
    // What happens before it: nothing, a save, or a crash that throws away all since the last save.
    event: fc.constantFrom('go on', 'go on', 'save', 'crash'),
  });
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(page, { maxLength: 25 }), async (made) => {
      // Pages that cannot repeat hold ids that did not come before; others may hold those as well, the latest first.
      let fresh = 100;
      const known: string[] = [];
      const pages = made.map(({ ids, ...one }) => {
        const chosen = ids.map((id) => (one.mayRepeat ? (known[id - 6] ?? `${id}`) : `${fresh++}`));
        known.unshift(...chosen);
        return { ...one, ids: chosen };
      });
      const expected = pages.map(createModel());

      const path = join(directory, `${number++}`);
      let seen = await openSeen<Item>({ path, position: 0, identify });
      const got: (string | undefined)[][] = [];
      let saved = { pages: 0, position: 0 };
      const crashed = new Set<number>();
      for (let n = 0; n < pages.length; n++) {
        const { part, mayRepeat, ids, event } = pages[n] as (typeof pages)[0];
        if (event === 'save') saved = { pages: n, position: await seen.save() };
        if (event === 'crash' && !crashed.has(n)) {
          crashed.add(n);
          // Something of what was not saved may have reached the disk.
          if (n % 2) await seen.save();
          await seen.close();
          seen = await openSeen<Item>({ path, position: saved.position, identify });
          n = saved.pages - 1;
          got.length = saved.pages;
          continue;
        }
        got.push(idsOf(await seen.addRecords({ items: items(...ids), part, mayRepeat })));
      }
      await seen.close();
      expect(got).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

describe('pages', () => {
  test('that were read already end in an error, also after a restart, and only as far as it is told', async () => {
    const path = await journalPath();
    const first = await openSeen<Item>({ path, position: 0, identify });
    first.follow({ cursor: 'a' });
    const early = await first.save();
    first.follow({ cursor: 'b' });
    first.follow(undefined);
    first.follow(undefined);
    const position = await first.save();
    expect(() => first.follow({ cursor: 'a' })).toThrow(/in a circle/);
    await first.close();

    const second = await openSeen<Item>({ path, position, identify });
    await failure(
      Promise.resolve().then(() => second.follow({ cursor: 'b' })),
      'ERR_PAGE_LOOP',
    );
    second.follow({ cursor: 'c' });
    await second.close();

    const third = await openSeen<Item>({ path, position: early, identify });
    expect((await stat(path)).size).toBe(early);
    third.follow({ cursor: 'b' });
    expect(() => third.follow({ cursor: 'a' })).toThrow(/in a circle/);
    await third.close();
  });

  test('are kept without ids for a source that has none', async () => {
    const path = await journalPath();
    const seen = await openSeen<Item>({ path, position: 0, identify: undefined });
    seen.follow(1);
    await seen.addRecords({ items: items('1') });
    await seen.save();
    await seen.close();
    expect(await readFile(path, 'utf8')).toMatch(/^\{"next":"[\w-]{22}"\}\n$/);
  });
});

describe('a journal', () => {
  test('that is shorter than it was, or gone, is no journal', async () => {
    const path = await journalPath();
    await failure(openSeen<Item>({ path, position: 5, identify }), 'ERR_OUTPUT_SHORT');
    await writeFile(path, '"1"\n');
    await failure(openSeen<Item>({ path, position: 5, identify }), 'ERR_OUTPUT_SHORT');
  });

  test('that is damaged says so', async () => {
    for (const text of ['{"next":\n', 'null\n', '7\n', '{"other":1}\n', '{"next":"x"}\n{"next":"']) {
      const path = await journalPath();
      await writeFile(path, text);
      const error = await failure(
        openSeen<Item>({ path, position: Buffer.byteLength(text), identify }),
        'ERR_CHECKPOINT_DAMAGED',
      );
      expect(error.message).toContain(path);
    }
    const path = await journalPath();
    await writeFile(path, '"1\n');
    const seen = await openSeen<Item>({ path, position: 3, identify });
    await failure(seen.addRecords({ items: items('2') }), 'ERR_CHECKPOINT_DAMAGED');
    await seen.close();
  });

  test('larger than what is read at a time is read whole', async () => {
    const path = await journalPath();
    const many = Array.from({ length: 5000 }, (_, n) => `${n}-${'ü'.repeat(n % 50)}`);
    const first = await openSeen<Item>({ path, position: 0, identify });
    await first.addRecords({ items: items(...many) });
    const position = await first.save();
    expect(position).toBeGreaterThan(200_000);
    await first.close();
    const second = await openSeen<Item>({ path, position, identify });
    expect(await second.addRecords({ items: items(...many, 'new') })).toEqual(items('new'));
    await second.close();
  });

  test('is not made where none is wanted', async () => {
    const directory = await temporaryDirectory();
    const seen = await openSeen<Item>({ path: undefined, position: 0, identify });
    seen.follow(1);
    await seen.addRecords({ items: items('1') });
    expect(await seen.save()).toBe(0);
    await seen.close();
    expect(await readdir(directory)).toEqual([]);
  });
});
