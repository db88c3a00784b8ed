import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BatchError,
  type ImportOptions,
  type ImportSummary,
  importRecords,
  jsonLinesInput,
} from '../../../src/batch/index.ts';
import { temporaryDirectory } from '../../support/batch.ts';
import { readLines } from '../../support/imports.ts';
import {
  LIES,
  type LyingRecord,
  type LyingTarget,
  startLyingImportApi,
  TARGETS,
} from '../../support/lying-import-api.ts';

const RUNS = Number(process.env.LYING_IMPORT_RUNS ?? 50);

// Runs of one import. Each lie ends at most one run.
const MAX_LIES = 12;

const plans = (target: LyingTarget) =>
  fc.record({
    records: fc.array(
      fc.record({
        id: fc.nat(TARGETS[target].hasIds ? 20 : 0),
        isBad: fc.boolean().map((bad) => bad && undefined),
      }),
      { minLength: 1, maxLength: 25 },
    ),
    bad: fc.array(fc.nat(24), { maxLength: 3 }),
    lies: fc.array(fc.constantFrom(...LIES), { maxLength: MAX_LIES }),
    batchRecords: fc.integer({ min: 1, max: 10 }),
    concurrency: fc.constantFrom(1, 1, 3),
    retries: fc.nat(3),
    /** The numbers of progress reports after which a run is interrupted. */
    interrupts: fc.array(fc.nat(6), { maxLength: 3 }),
  });

let server: Awaited<ReturnType<typeof startLyingImportApi>>;
beforeAll(async () => {
  server = await startLyingImportApi();
});
afterAll(() => server.close());

/** Runs an import again and again until it is complete. */
async function complete(options: ImportOptions, interrupts: readonly number[]): Promise<ImportSummary> {
  for (let run = 0; ; run++) {
    const abort = new AbortController();
    let reports = 0;
    const onProgress = () => {
      if (reports++ === interrupts[run]) abort.abort(new Error('interrupted by the test'));
    };
    try {
      return await importRecords({ ...options, signal: abort.signal, onProgress });
    } catch (error) {
      if (!(error instanceof BatchError && error.resumable) || run > MAX_LIES + interrupts.length)
        throw error;
    }
  }
}

const numbersOf = (lines: readonly Record<string, unknown>[]) =>
  lines.map(({ record }) => (record as LyingRecord).n);

describe('an import into an API that lies', () => {
  it.each(Object.keys(TARGETS) as LyingTarget[])(
    'accounts for every record, and sends no record twice without an id: %s',
    async (name) => {
      const { hasIds, target } = TARGETS[name];
      const directory = await temporaryDirectory();
      let count = 0;
      await fc.assert(
        fc.asyncProperty(plans(name), async ({ records: drawn, bad, lies, interrupts, ...options }) => {
          const records = drawn.map(
            ({ id }, n): LyingRecord => ({
              n,
              ...(hasIds && { id: `c${id}` }),
              ...(bad.includes(n) && { isBad: true }),
            }),
          );
          const path = join(directory, `${count++}.jsonl`);
          await writeFile(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
          const { api, held } = server.begin(lies);
          const summary = await complete(
            {
              ...options,
              api,
              input: jsonLinesInput(path),
              target: target(),
              baseDelay: 0,
              maxOutage: 0,
              maxRejects: Number.POSITIVE_INFINITY,
            },
            interrupts,
          );
          const rejected = numbersOf(await readLines(`${path}.rejects.jsonl`));
          const unresolved = numbersOf(await readLines(`${path}.unresolved.jsonl`));
          expect(summary.accepted + summary.rejected + summary.unresolved).toBe(records.length);
          expect([rejected.length, unresolved.length]).toEqual([summary.rejected, summary.unresolved]);
          expect(new Set([...rejected, ...unresolved]).size).toBe(rejected.length + unresolved.length);
          const accepted = records.filter(({ n }) => !rejected.includes(n) && !unresolved.includes(n));
          for (const { n } of accepted) expect(held.times.get(n) ?? 0).toBeGreaterThan(0);
          for (const { isBad } of accepted) expect(isBad).toBeUndefined();
          if (hasIds) {
            for (const { id = '', n } of accepted) {
              const others = records.filter((other) => other.id === id);
              const isLast = others.at(-1)?.n === n;
              // A record can be executed although the API refuses it later.
              if (isLast && others.every((other) => accepted.includes(other)))
                expect(held.byId.get(id)).toBe(n);
            }
          } else {
            expect(Math.max(0, ...held.times.values())).toBeLessThanOrEqual(1);
            for (const n of rejected) expect(held.times.has(n)).toBe(false);
          }
        }),
        { numRuns: RUNS },
      );
    },
    600_000,
  );
});
