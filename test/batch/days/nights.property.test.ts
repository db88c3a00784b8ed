import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Day } from '../../../src/batch/index.ts';
import { clockAt, type DayRecord, dayFiles, daySource, pathOf } from '../../support/day-files.ts';

const FIRST = Date.parse('2026-10-01T00:00Z');
const DAY = 86_400_000;
const dateOf = (day: number) => new Date(FIRST + day * DAY).toISOString().slice(0, 10);

/** A record of each third of a day. The API also returns the records that began up to 8 hours before or after the day. */
const START_DAYS = 6;

function apiOf(values: ReadonlyMap<string, number>) {
  const all = Array.from({ length: START_DAYS * 3 + 6 }, (_, n): DayRecord => {
    const at = new Date(FIRST + ((n - 3) * DAY) / 3).toISOString();
    return { id: at, at, value: values.get(at) ?? 0 };
  });
  return (day: Day) => {
    const [start, end] = day.interval.split('/').map((time) => Date.parse(time)) as [number, number];
    const margin = DAY / 3;
    return all.filter(({ at }) => Date.parse(at) >= start - margin && Date.parse(at) < end + margin);
  };
}

const night = fc.record({
  reread: fc.nat({ max: 2 }),
  /** The number of pages after which the run is interrupted; 0 for never. */
  interruptAfter: fc.nat({ max: 12 }),
  /** A day whose export fails. */
  failing: fc.option(fc.nat({ max: START_DAYS - 1 }), { nil: undefined }),
  /** The record whose value changes in the day before the night. */
  changed: fc.nat({ max: START_DAYS * 3 - 1 }),
  /** A complete day that is put back into a state within its publication. */
  crash: fc.record({ day: fc.nat({ max: START_DAYS - 1 }), step: fc.constantFrom('none', 'file', 'both') }),
});

describe('nights of new days, rereads, late changes, failures, interruptions and crashes', () => {
  it('leave only complete files, and at the end each record in the file of its day', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(night, { minLength: 1, maxLength: START_DAYS }), async (nights) => {
        const directory = await mkdtemp(join(tmpdir(), 'nights-'));
        const values = new Map<string, number>();
        /** All values that a record has had. */
        const history = new Map<string, number[]>();
        const read = async () => {
          const names = (await readdir(directory)).filter((name) => /^c-[\d-]+\.jsonl$/.test(name));
          for (const name of names) {
            const text = await readFile(join(directory, name), 'utf8');
            const records: DayRecord[] = text
              .split('\n')
              .filter(Boolean)
              .map((line) => JSON.parse(line));
            const date = name.slice(2, 12);
            expect(records.map(({ at }) => at)).toEqual(
              [0, 8, 16].map((hour) => `${date}T${String(hour).padStart(2, '0')}:00:00.000Z`),
            );
            for (const { id, value } of records) expect([0, ...(history.get(id) ?? [])]).toContain(value);
          }
          return names.length;
        };
        const options = (ended: number, failing?: number) => ({
          days: { since: dateOf(0) },
          clock: clockAt(`${dateOf(ended)}T01:00Z`),
          source: (day: Day) =>
            daySource(
              day,
              apiOf(values),
              failing !== undefined && day.date === dateOf(failing) ? { read: fail } : {},
            ),
        });
        try {
          for (const [index, { reread, interruptAfter, failing, changed, crash }] of nights.entries()) {
            const id = new Date(FIRST + (changed * DAY) / 3).toISOString();
            values.set(id, index + 1);
            history.set(id, [...(history.get(id) ?? []), index + 1]);
            const abort = new AbortController();
            let pages = 0;
            const onProgress = () => {
              if (++pages === interruptAfter) abort.abort();
            };
            await dayFiles(directory, {
              ...options(index + 1, failing),
              reread,
              signal: abort.signal,
              onProgress,
            }).catch((error: { code: string }) => expect(error.code).toMatch(/^ERR_(DAYS|INTERRUPTED)$/));
            await read();
            await backTo(pathOf(directory, dateOf(crash.day)), crash.step);
          }
          const summary = await dayFiles(directory, options(START_DAYS));
          expect(summary.records).toBe(START_DAYS * 3);
          expect(summary.records + summary.outside).toBe(summary.stated);
          expect(await read()).toBe(START_DAYS);
          await dayFiles(directory, { ...options(START_DAYS), reread: START_DAYS });
          const texts = await Promise.all(
            Array.from({ length: START_DAYS }, (_, day) => readFile(pathOf(directory, dateOf(day)), 'utf8')),
          );
          const last: DayRecord[] = texts
            .join('')
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line));
          expect(last.map(({ id, value }) => [id, value])).toEqual(
            last.map(({ id }) => [id, values.get(id) ?? 0]),
          );
        } finally {
          await rm(directory, { recursive: true, force: true });
        }
      }),
      { numRuns: 12 },
    );
  });
});

// biome-ignore lint/correctness/useYield: the source fails before its first page.
async function* fail(): AsyncGenerator<never> {
  throw new Error('the API fails for this day');
}

/** Undoes the renames of a complete day, as if the run had ended before them. */
async function backTo(path: string, step: string): Promise<void> {
  if (step === 'none') return;
  const isUnfinished = (await readdir(join(path, '..'))).some(
    (name) => path.endsWith(name.replace('.unfinished', '')) && name.includes('.unfinished'),
  );
  if (isUnfinished) return;
  await rename(`${path}.checkpoint`, `${path}.unfinished.checkpoint`).catch(() => {});
  if (step === 'both') await rename(path, `${path}.unfinished`).catch(() => {});
}
