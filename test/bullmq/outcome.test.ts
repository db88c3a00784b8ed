import { describe, expect, it } from 'vitest';
import { NO_RECORDS } from '../../src/batch/internal.ts';
import { boundWarnings, readOutcome, sumOutcomes } from '../../src/bullmq/outcome.ts';
import { readFailure, readSummary } from '../../src/bullmq/summary.ts';

describe('readOutcome', () => {
  it.each([
    ['a checkpoint of an older version', { records: 3 }, undefined],
    ['a part without totals', { warnings: [] }, { missing: 0, warnings: [] }],
    [
      'a part with totals',
      { stated: 9, missing: 1, warnings: ['w'] },
      { stated: 9, missing: 1, warnings: ['w'] },
    ],
    [
      'a part with many warnings',
      { warnings: ['w'], moreWarnings: 2 },
      { missing: 0, warnings: ['w', '2 further warnings were left out'] },
    ],
    ['invalid values', { stated: '9', missing: -1, warnings: ['w', 7] }, { missing: 0, warnings: ['w'] }],
  ])('reads %s', (_, saved, expected) => {
    expect(readOutcome(saved)).toEqual(expected);
  });
});

describe('sumOutcomes', () => {
  it('adds up the counts, and puts the number of the part before each warning', () => {
    const parts = [
      { stated: 10, missing: 1, warnings: ['1 of 10 records is missing'] },
      { missing: 0, warnings: [] },
      { stated: 5, missing: 0, warnings: ['the total changed from 4 to 5'] },
    ];
    expect(sumOutcomes(parts)).toEqual({
      stated: 15,
      missing: 1,
      warnings: ['part 0: 1 of 10 records is missing', 'part 2: the total changed from 4 to 5'],
    });
  });

  it('omits the warning about a part without records, because the other parts can have records', () => {
    expect(sumOutcomes([{ missing: 0, warnings: [NO_RECORDS] }]).warnings).toEqual([]);
  });

  it('has no `stated` if the API stated no total', () => {
    expect(sumOutcomes([{ missing: 0, warnings: [] }])).toEqual({ missing: 0, warnings: [] });
  });

  it('warns about a part that a worker of an older version exported', () => {
    expect(sumOutcomes([{ missing: 0, warnings: [] }, undefined]).warnings).toEqual([
      expect.stringMatching(/^part 1: an older version of axios-oauth-refresh exported this part/),
    ]);
  });
});

it('boundWarnings states how many warnings are left out', () => {
  const many = Array.from({ length: 250 }, (_, n) => `part ${n}: w`);
  const kept = boundWarnings(many);
  expect(kept).toHaveLength(100);
  expect(kept.at(-1)).toBe('151 further warnings were left out');
  expect(boundWarnings(many.slice(0, 100))).toHaveLength(100);
});

describe('readSummary', () => {
  it('warns if a worker of an older version merged the parts', () => {
    const { missing, warnings } = readSummary(
      'x',
      false,
      JSON.stringify({ records: 1, repeated: 0, parts: 1 }),
    );
    expect({ missing, warnings }).toEqual({
      missing: 0,
      warnings: [expect.stringMatching(/^an older version of axios-oauth-refresh merged the parts/)],
    });
  });
});

describe('readFailure', () => {
  const noted = { code: 'ERR_REQUEST', message: 'refused', resumable: true };

  it.each([
    ['the note of a permanent failure', { ...noted, permanent: true }, true],
    ['the note of a failure that can pass', { ...noted, permanent: false }, false],
    ['the note of an older version about a resumable failure', noted, false],
    ['the note of an older version about another failure', { ...noted, resumable: false }, true],
  ])('reads from %s whether it is permanent', (_, note, permanent) => {
    const failure = readFailure(JSON.stringify(note));
    expect(failure.permanent).toBe(permanent);
    expect(failure.message.includes('stop the older ones')).toBe(!('permanent' in note));
  });

  it('keeps the status of a 401, and whether the API refused the scopes', () => {
    const { cause } = readFailure(JSON.stringify({ ...noted, cause: { status: 401, scope: true } }));
    expect(cause).toMatchObject({ status: 401, scope: true });
  });
});
