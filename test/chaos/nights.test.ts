import { expect, it } from 'vitest';
import { exportNights } from './nights.ts';

it('has each conversation in the file of exactly one day, and its late changes, despite a kill each night', async () => {
  const options = {
    since: '2026-10-23',
    nights: 6,
    timeZone: 'Europe/Berlin',
    reread: 2,
    faults: 0.05,
    seed: 3,
  };
  const result = await exportNights({ output: 'jsonl', recordsPerDay: 240, ...options });
  expect(result).toMatchObject({ nights: 6, kills: 6, lost: 0, repeated: 0, misplaced: 0, outdated: 0 });
  expect(result.records).toBe(result.conversations);
  expect(result.overMidnight).toBeGreaterThan(0);
  expect(result.late).toBeGreaterThan(0);
});
