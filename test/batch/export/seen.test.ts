import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSeen, type Seen } from '../../../src/batch/export/seen.ts';
import type { RecordId } from '../../../src/batch/index.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';

interface Item {
  readonly id?: RecordId;
}

const identify = ({ id }: Item) => id;
const items = (...ids: RecordId[]) => ids.map((id) => ({ id }));
const journalPath = async () => join(await temporaryDirectory(), 'journal');

/** Opens one with a journal file and one in memory, which must behave in the same way. */
async function openBoth(): Promise<[string, Seen<Item>][]> {
  return [
    ['with a journal', await openSeen<Item>(await journalPath(), 0, identify)],
    ['in memory', await openSeen<Item>(undefined, 0, identify)],
  ];
}

/** Adds records, and returns the new ids and the counts: different, repeated, identical. */
function add(seen: Seen<Item>, window: number, list: readonly Item[], isStated = false) {
  const { fresh, different, repeated, identical } = seen.add(list, window, isStated);
  return [fresh.map(({ id }) => id), different, repeated, identical];
}

describe('add', () => {
  it('returns each record once in the whole export, and counts it once in each window', async () => {
    for (const [, seen] of await openBoth()) {
      expect(add(seen, 1, items('1', '2', '1'))).toEqual([['1', '2'], 2, 1, 0]);
      expect(add(seen, 1, items('2', '3'))).toEqual([['3'], 1, 1, 0]);
      expect(add(seen, 2, items('1', '4'))).toEqual([['4'], 2, 0, 0]);
      // A window far away.
      expect(add(seen, 500, items('3', '1', '3', '5'))).toEqual([['5'], 3, 1, 0]);
      await seen.close();
    }
  });

  it.each([
    ['the string 1 and the number 1', ['1', 1]],
    ['numbers that are equal to JavaScript', [9007199254740992n, 9007199254740993n]],
    [
      'texts that are special to the journal',
      ['', '"', '\n', '\u2028', '\r', '=7', 'ünï', '\ud800', '\ud801', '__proto__'],
    ],
  ] as const)('distinguishes %s, also after the journal was reopened', async (_, ids) => {
    const path = await journalPath();
    const first = await openSeen<Item>(path, 0, identify);
    expect(add(first, 1, items(...ids))).toEqual([ids, ids.length, 0, 0]);
    const position = await first.save();
    await first.close();
    const second = await openSeen<Item>(path, position, identify);
    expect(add(second, 1, items(...ids, 'new'))).toEqual([['new'], 1, ids.length, 0]);
    await second.close();
  });

  it('returns every record without an id, and compares their content if the API states a total', async () => {
    const list: (Item & { a: number })[] = [{ a: 1 }, { a: 2 }, { a: 1 }];
    for (const [, seen] of await openBoth()) {
      expect(seen.add(list, 1, false)).toEqual({ fresh: list, different: 3, repeated: 0, identical: 0 });
      expect(seen.add(list, 1, true)).toEqual({ fresh: list, different: 2, repeated: 0, identical: 1 });
      expect(seen.add(list, 2, true)).toEqual({ fresh: list, different: 2, repeated: 0, identical: 1 });
      await seen.close();
    }
    const seen = await openSeen<Item>(undefined, 0, undefined);
    expect(seen.add(items('1', '1'), 1, true)).toMatchObject({ different: 1, identical: 1 });
  });
});

it('add returns the same as a simple model, for any pages, windows and crashes', async () => {
  const directory = await temporaryDirectory();
  const page = fc.record({
    next: fc.boolean(),
    ids: fc.array(fc.nat(12), { maxLength: 6 }),
    isStated: fc.boolean(),
    // The event before the page: nothing, a save, or a crash that discards everything since the last save.
    event: fc.constantFrom('none', 'none', 'save', 'crash'),
  });
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(page, { maxLength: 25 }), async (made) => {
      let window = 1;
      const pages = made.map(({ next, ids, ...rest }) => {
        if (next) window++;
        // Records with an even number have an id.
        const list: Item[] = ids.map((id) => (id % 2 ? ({ text: `t${id}` } as Item) : { id }));
        return { window, list, ...rest };
      });
      const model = new Map<string, number>();
      const expected = pages.map(({ window: at, list, isStated }) => {
        const found = { fresh: [] as Item[], different: 0, repeated: 0, identical: 0 };
        for (const item of list) {
          const key = JSON.stringify(item);
          const before = item.id === undefined && !isStated ? undefined : model.get(key);
          if (item.id !== undefined || isStated) model.set(key, at);
          if (item.id === undefined || before === undefined) found.fresh.push(item);
          if (before !== at) found.different++;
          else found[item.id === undefined ? 'identical' : 'repeated']++;
        }
        return found;
      });

      const path = join(directory, `${number++}`);
      let seen = await openSeen<Item>(path, 0, identify);
      const got: unknown[] = [];
      let saved = { pages: 0, position: 0 };
      const crashed = new Set<number>();
      for (let n = 0; n < pages.length; n++) {
        const { window: at, list, isStated, event } = pages[n] as (typeof pages)[0];
        if (event === 'save') saved = { pages: n, position: await seen.save() };
        if (event === 'crash' && !crashed.has(n)) {
          crashed.add(n);
          // A part of the unsaved lines may have reached the disk.
          if (n % 2) await seen.save();
          await seen.close();
          seen = await openSeen<Item>(path, saved.position, identify);
          n = saved.pages - 1;
          got.length = saved.pages;
          continue;
        }
        got.push(seen.add(list, at, isStated));
      }
      await seen.close();
      expect(got).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

describe('follow', () => {
  it('throws for a page that was already read, also after reopening, up to the saved position', async () => {
    const path = await journalPath();
    const first = await openSeen<Item>(path, 0, identify);
    first.follow({ cursor: 'a' }, 1);
    const early = await first.save();
    first.follow({ cursor: 'b' }, 2);
    first.follow(undefined, 2);
    first.follow(undefined, 2);
    const position = await first.save();
    expect(() => first.follow({ cursor: 'a' }, 3)).toThrow(/form a loop/);
    await first.close();

    const second = await openSeen<Item>(path, position, identify);
    expect(() => second.follow({ cursor: 'b' }, 2)).toThrow(/form a loop/);
    second.follow({ cursor: 'c' }, 2);
    await second.close();

    const third = await openSeen<Item>(path, early, identify);
    expect((await stat(path)).size).toBe(early);
    third.follow({ cursor: 'b' }, 1);
    expect(() => third.follow({ cursor: 'a' }, 1)).toThrow(/form a loop/);
    await third.close();
  });

  it('does not confuse pages with records and ids', async () => {
    const seen = await openSeen<unknown>(undefined, 0, (item) => item as RecordId);
    seen.add(['page 1', 1, 'end'], 1, true);
    for (const key of ['page 1', 1, 'end']) seen.follow(key, 1);
  });
});

describe('the journal', () => {
  it('contains digests and marks of windows, and no id', async () => {
    const path = await journalPath();
    const seen = await openSeen<Item>(path, 0, identify);
    seen.follow(1, 1);
    seen.add(items('anna@example.com'), 1, false);
    seen.add(items('anna@example.com', 'b'), 12, false);
    await seen.save();
    await seen.close();
    expect(await readFile(path, 'utf8')).toMatch(/^([\w-]{22}\n){2}=12\n([\w-]{22}\n){2}$/);
  });

  it('has mode 0600, also if it replaces a file with another mode', async () => {
    const path = await journalPath();
    const modeOf = async () => ((await stat(path)).mode & 0o777).toString(8);
    await (await openSeen<Item>(path, 0, identify)).close();
    expect(await modeOf()).toBe('600');
    await chmod(path, 0o644);
    await (await openSeen<Item>(path, 0, identify)).close();
    expect(await modeOf()).toBe('600');
  });

  it('rejects if it is missing or shorter than the saved position', async () => {
    const path = await journalPath();
    await failure(openSeen<Item>(path, 5, identify), 'ERR_OUTPUT_SHORT');
    await writeFile(path, '=1\n');
    await failure(openSeen<Item>(path, 5, identify), 'ERR_OUTPUT_SHORT');
  });

  it.each([
    '\n',
    '=\n',
    '=0\n',
    '=-1\n',
    '"id"\n',
    '{"next":"x"}\n',
    `${'a'.repeat(21)}\n`,
    `${'a'.repeat(23)}\n`,
    `${'a'.repeat(21)}!\n`,
  ])('rejects the invalid line %j, and names the file', async (text) => {
    const path = await journalPath();
    await writeFile(path, text);
    const error = await failure(
      openSeen<Item>(path, Buffer.byteLength(text), identify),
      'ERR_CHECKPOINT_DAMAGED',
    );
    expect(error.message).toContain(path);
  });

  it('is read in chunks', async () => {
    const path = await journalPath();
    const many = Array.from({ length: 20_000 }, (_, n) => n);
    const first = await openSeen<Item>(path, 0, identify);
    first.add(items(...many), 1, false);
    const position = await first.save();
    expect(position).toBe(20_000 * 23);
    await first.close();
    const second = await openSeen<Item>(path, position, identify);
    expect(add(second, 2, items(...many, -1))).toEqual([[-1], 20_001, 0, 0]);
    await second.close();
  });

  it('does not exist without a path', async () => {
    const directory = await temporaryDirectory();
    const seen = await openSeen<Item>(undefined, 0, identify);
    seen.follow(1, 1);
    seen.add(items('1'), 1, false);
    expect(await seen.save()).toBe(0);
    await seen.close();
    expect(await readdir(directory)).toEqual([]);
  });
});
