import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ImportOptions, importRecords, jsonLinesInput } from '../../../src/batch/index.ts';
import type { FaultStep } from '../../../src/testing/index.ts';
import { arrivals, CONTACTS, importing } from '../../support/imports.ts';

const LISTS = /\.(rejects|unresolved)\.jsonl(\.moved-\d+)?$/;

/** When the process dies: at the request with this number, before or after the API has executed it. */
interface Kill {
  request: number;
  executed: boolean;
}

const faults = fc.array(fc.constantFrom<FaultStep>('none', 'none', 'lost', 'reset', '403'), { maxLength: 3 });
const kill = fc.option(fc.record({ request: fc.integer({ min: 0, max: 3 }), executed: fc.boolean() }), {
  nil: undefined,
  freq: 3,
});
const which = fc.nat({ max: 20 });

const step = fc.oneof(
  fc.record({
    type: fc.constant('append' as const),
    good: fc.array(fc.boolean(), { maxLength: 5 }),
    faults,
    kill,
  }),
  fc.record({
    type: fc.constant('correct' as const),
    which,
    share: fc.double({ min: 0.2, max: 1, noNaN: true }),
  }),
  fc.record({ type: fc.constant('feed' as const), which, sendAgain: fc.boolean(), faults, kill }),
  fc.record({ type: fc.constant('feed' as const), which, sendAgain: fc.constant(false), faults, kill }),
  fc.record({ type: fc.constant('reformat' as const), which, how: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ type: fc.constant('move' as const), which }),
);

const HOW: readonly ((lines: string[]) => string)[] = [
  (lines) => lines.map((line) => `${line.replace(/": ?/g, '": ')}\r\n`).join(''),
  (lines) => lines.join('\n'),
  (lines) =>
    lines
      .toReversed()
      .map((line) => `${line}\n`)
      .join(''),
  (lines) =>
    lines
      .slice(1)
      .map((line) => `${line}\n`)
      .join(''),
];

it('loses no record of a list and doubles none, after any sequence of imports, corrections, moves and kills', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(step, { minLength: 2, maxLength: 9 }),
      async (first, batchRecords, steps) => {
        let plan: (number: number) => FaultStep = () => 'none';
        let requests = 0;
        const schedule = () => plan(requests++);
        const { sim, noIds, path, directory } = await importing({ lines: [], faults: { schedule } });
        const base = {
          ...noIds,
          batchRecords,
          baseDelay: 0,
          onBadRecord: 'reject',
          maxRejects: Number.POSITIVE_INFINITY,
          target: {
            ...noIds.target,
            request: (records: readonly unknown[]) => ({ method: 'POST', url: CONTACTS, data: records }),
          },
        } satisfies ImportOptions;
        let count = 0;
        let moved = 0;
        let sentAgain = 0;
        /** Records that the user has removed from a list, while other lists may have them. */
        const removed = new Set<number>();

        const read = (name: string) => readFileSync(join(directory, name), 'utf8');
        const lists = () =>
          readdirSync(directory)
            .filter((name) => LISTS.test(name))
            .sort();
        const numbersOf = (text: string) =>
          [...text.matchAll(/"data": ?(?:\{"n": ?)?(\d+)/g)].map(([, n]) => Number(n));

        /** Runs an import. A kill leaves the files as they are at that moment, and the API gets no further request. */
        async function run(options: ImportOptions, own: readonly FaultStep[], at: Kill | undefined) {
          let files: Map<string, string> | undefined;
          requests = 0;
          plan = (number) => {
            if (files) return 'reset';
            if (number !== at?.request) return own[number] ?? 'none';
            const names = readdirSync(directory).filter((name) => !name.endsWith('.lock'));
            files = new Map(names.map((name) => [name, read(name)]));
            return at.executed ? 'lost' : 'reset';
          };
          await importRecords(options).catch(() => {});
          plan = () => 'none';
          if (!files) return;
          for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
          for (const [name, text] of files) writeFileSync(join(directory, name), text);
        }

        const main = async (good: readonly boolean[], own: readonly FaultStep[], at?: Kill) => {
          const lines = good.map((isGood) => JSON.stringify({ data: isGood ? { n: count++ } : count++ }));
          await appendFile(path, lines.map((line) => `${line}\n`).join(''));
          await run(base, own, at);
        };
        const feed = (name: string, sendAgain: boolean, own: readonly FaultStep[], at?: Kill) => {
          if (sendAgain) sentAgain++;
          const input = jsonLinesInput(join(directory, name), { lastRowComplete: true });
          return run({ ...base, input, sendAgain }, own, at);
        };

        await main(first, []);
        for (const one of steps) {
          if (one.type === 'append') {
            await main(one.good, one.faults, one.kill);
            continue;
          }
          const found = lists();
          const name = found[one.which % found.length];
          if (name === undefined) continue;
          const list = join(directory, name);
          if (one.type === 'feed') await feed(name, one.sendAgain, one.faults, one.kill);
          else if (one.type === 'move') {
            if (!name.includes('.moved-')) await rename(list, `${list}.moved-${moved++}`);
          } else if (one.type === 'correct') {
            const upTo = Math.ceil(count * one.share);
            const text = (await readFile(list, 'utf8')).replace(/("data": ?)(\d+)/g, (all, member, n) =>
              Number(n) < upTo ? `${member}{"n":${n}}` : all,
            );
            await writeFile(list, text);
          } else {
            const lines = read(name).split(/\r?\n/).filter(Boolean);
            if (one.how === 3) for (const n of numbersOf(lines[0] ?? '')) removed.add(n);
            await writeFile(list, HOW[one.how]?.(lines) ?? '');
          }
        }
        // Finish what a kill or a fault has interrupted.
        for (let time = 0; time < 3; time++) await main([], []);

        const there = arrivals(sim);
        const listed = new Set(lists().flatMap((name) => numbersOf(read(name))));
        for (let n = 0; n < count; n++) {
          expect(there.has(n) || listed.has(n) || removed.has(n), `record ${n} is not lost`).toBe(true);
          if (sentAgain === 0) expect(there.get(n) ?? 0, `times of record ${n}`).toBeLessThanOrEqual(1);
        }
        for (const name of lists()) {
          for (const line of read(name).split(/\r?\n/).filter(Boolean))
            expect(() => JSON.parse(line)).not.toThrow();
        }

        // Correct everything and feed every list: each record is then at the API.
        for (let time = 0; time < 8; time++) {
          for (const name of lists()) {
            const text = read(name).replace(/("data": ?)(\d+)/g, '$1{"n":$2}');
            await writeFile(join(directory, name), text);
            await feed(name, true, []);
          }
        }
        for (let n = 0; n < count; n++)
          expect(arrivals(sim).has(n) || removed.has(n), `record ${n} arrives`).toBe(true);
        await sim.close();
      },
    ),
    { numRuns: Number(process.env.LISTS_RUNS ?? 25), seed: 13 },
  );
}, 120_000);
