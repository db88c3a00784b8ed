import { expect, it } from 'vitest';
import { describeWithPostgres, usePostgres } from '../support/postgres.ts';
import { exportNights, type NightsOptions } from './nights.ts';

const OPTIONS = { since: '2026-10-23', timeZone: 'Europe/Berlin', reread: 2, faults: 0.05, seed: 3 };

async function expectAll(options: Pick<NightsOptions, 'output' | 'recordsPerDay' | 'nights' | 'location'>) {
  const { nights } = options;
  const result = await exportNights({ ...OPTIONS, ...options });
  expect(result).toMatchObject({ nights, kills: nights, lost: 0, repeated: 0, misplaced: 0, outdated: 0 });
  expect(result.records).toBe(result.conversations);
  expect(result.overMidnight).toBeGreaterThan(0);
  expect(result.late).toBeGreaterThan(0);
}

it('has each conversation in the file of exactly one day, and its late changes, despite a kill each night', () =>
  expectAll({ output: 'jsonl', recordsPerDay: 240, nights: 5 }));

describeWithPostgres('nights into Postgres', () => {
  const postgres = usePostgres();

  it('have the rows of the final state of each conversation, despite a kill each night', async () =>
    expectAll({
      output: 'postgres-segments',
      location: await postgres.database(),
      recordsPerDay: 120,
      nights: 4,
    }));
});
