import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
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

/** Opens one with a journal file and one in memory, which must behave in the same way. */
async function openBoth(): Promise<[string, Seen<Item>][]> {
  const path = await journalPath();
  return [
    ['with a journal', await openSeen<Item>({ path, position: 0, identify })],
    ['in memory', await openSeen<Item>({ path: undefined, position: 0, identify })],
  ];
}

describe('addRecords', () => {
  it('returns a record once within a page, a part, and two adjacent parts', async () => {
    for (const [, seen] of await openBoth()) {
      const add = async (window: string | undefined, ...ids: string[]) =>
        idsOf(await seen.addRecords({ items: items(...ids), part }));
      expect(await add('a', '1', '2', '1')).toEqual(['1', '2']);
      expect(await add('a', '2', '3')).toEqual(['3']);
      expect(await add('b', '1', '4')).toEqual(['4']);
      // The previous part contained 1, although 1 was not written there.
      expect(await add('c', '1', '4', '5')).toEqual(['5']);
      // 3 was in part a, and in no later part.
      expect(await add('d', '3')).toEqual(['3']);
      await seen.close();
    }
  });

  it('returns every record if the record or the source has no id', async () => {
    for (const [, seen] of await openBoth()) {
      expect(await seen.addRecords({ items: [{}, {}] })).toHaveLength(2);
      await seen.close();
    }
    const seen = await openSeen<Item>({ path: undefined, position: 0, identify: undefined });
    expect(await seen.addRecords({ items: items('1', '1') })).toHaveLength(2);
  });

  it('recognises ids of any text, and numeric ids, after the journal was reopened', async () => {
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

  it('recognises the records of pages that could not repeat, once pages can repeat again', async () => {
    for (const [, seen] of await openBoth()) {
      const add = async (mayRepeat: boolean, ...ids: string[]) =>
        idsOf(await seen.addRecords({ items: items(...ids), mayRepeat }));
      expect(await add(true, '1')).toEqual(['1']);
      expect(await add(false, '2', '3')).toEqual(['2', '3']);
      await seen.save();
      expect(await add(false, '4')).toEqual(['4']);
      expect(await add(true, '1', '2', '4', '5')).toEqual(['5']);
      expect(await add(false, '6')).toEqual(['6']);
      expect(await add(true, '5', '6', '7')).toEqual(['7']);
      await seen.close();
    }
  });
});

/** A simple model of the records that addRecords must return. */
function createModel() {
  let window: string | undefined;
  let now = new Set<string>();
  let before = new Set<string>();
  return (page: { window: string; ids: readonly string[] }) => {
    if (page.part !== part) [part, before, now] = [page.part, now, new Set()];
    return page.ids.filter((id) => {
      const isNew = !now.has(id) && !before.has(id);
      now.add(id);
      return isNew;
    });
  };
}

it('addRecords returns the same records as a simple model, for any pages and any crashes', async () => {
  const directory = await temporaryDirectory();
  const page = fc.record({
    window: fc.constantFrom('a', 'b', 'c'),
    mayRepeat: fc.boolean(),
    ids: fc.array(fc.nat(12), { maxLength: 6 }),
    // The event before the page: nothing, a save, or a crash that discards everything since the last save.
    event: fc.constantFrom('none', 'none', 'save', 'crash'),
  });
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(page, { maxLength: 25 }), async (made) => {
      // Pages that cannot repeat have new ids only. The other pages may also have known ids, the latest first.
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
          // A part of the unsaved lines may have reached the disk.
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

describe('follow', () => {
  it('throws for a page that was already read, also after reopening, up to the saved position', async () => {
    const path = await journalPath();
    const first = await openSeen<Item>({ path, position: 0, identify });
    first.follow({ cursor: 'a' });
    const early = await first.save();
    first.follow({ cursor: 'b' });
    first.follow(undefined);
    first.follow(undefined);
    const position = await first.save();
    expect(() => first.follow({ cursor: 'a' })).toThrow(/form a loop/);
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
    expect(() => third.follow({ cursor: 'a' })).toThrow(/form a loop/);
    await third.close();
  });

  it('writes the pages of a source without ids', async () => {
    const path = await journalPath();
    const seen = await openSeen<Item>({ path, position: 0, identify: undefined });
    seen.follow(1);
    await seen.addRecords({ items: items('1') });
    await seen.save();
    await seen.close();
    expect(await readFile(path, 'utf8')).toMatch(/^\{"next":"[\w-]{22}"\}\n$/);
  });
});

describe('openSeen', () => {
  it('rejects a journal that is missing or shorter than the saved position', async () => {
    const path = await journalPath();
    await failure(openSeen<Item>({ path, position: 5, identify }), 'ERR_OUTPUT_SHORT');
    await writeFile(path, '"1"\n');
    await failure(openSeen<Item>({ path, position: 5, identify }), 'ERR_OUTPUT_SHORT');
  });

  it('rejects a damaged journal, and names the file', async () => {
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

  it('reads a journal that is larger than one chunk of the stream', async () => {
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

  it('creates no file without a path', async () => {
    const directory = await temporaryDirectory();
    const seen = await openSeen<Item>({ path: undefined, position: 0, identify });
    seen.follow(1);
    await seen.addRecords({ items: items('1') });
    expect(await seen.save()).toBe(0);
    await seen.close();
    expect(await readdir(directory)).toEqual([]);
  });
});
