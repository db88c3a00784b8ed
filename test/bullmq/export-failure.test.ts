import { describe, expect, it } from 'vitest';
import { describeFailure, exportFails, hasGivenUp } from '../../src/bullmq/export-failure.ts';
import type { PartFailure } from '../../src/bullmq/part-failures.ts';

const worker = (id: string, paused?: string) => ({
  id,
  host: `host-${id}`,
  pid: 1,
  version: 3,
  rate: 'none',
  ...(paused !== undefined && { paused }),
});

const failed = (id: string, scope: PartFailure['scope'], more: Partial<PartFailure> = {}): PartFailure => ({
  worker: id,
  host: `host-${id}`,
  part: 0,
  scope,
  isLasting: false,
  at: 0,
  failure: { code: 'ERR_JOB', message: `failed on ${id}. Try again.`, resumable: true, permanent: false },
  ...more,
});

const broken = (id: string) => failed(id, 'machine', { isLasting: true });

describe('exportFails', () => {
  it.each([
    ['one of two workers failed the part', ['a', 'b'], [failed('a', 'part')], false],
    ['the only worker failed the part', ['a'], [failed('a', 'part')], true],
    ['the only worker failed another part', ['a'], [failed('a', 'part', { part: 1 })], false],
    [
      'three of many workers failed the part',
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'c'].map((id) => failed(id, 'part')),
      true,
    ],
    [
      'three workers that no longer live failed the part',
      ['d'],
      ['a', 'b', 'c'].map((id) => failed(id, 'part')),
      false,
    ],
    [
      'the third start of one worker failed the part',
      ['c', 'd'],
      ['a', 'b', 'c'].map((id) => failed(id, 'export')),
      false,
    ],
    [
      'the third start of the only worker failed the part',
      ['c'],
      ['a', 'b', 'c'].map((id) => failed(id, 'export')),
      true,
    ],
    [
      'the machines of three of four workers fail',
      ['a!', 'b!', 'c!', 'd'],
      ['a', 'b', 'c'].map(broken),
      false,
    ],
    ['the machines of all workers fail', ['a!', 'b!'], ['a', 'b'].map(broken), true],
    ['the machine of a worker has recovered', ['a', 'b!'], ['a', 'b'].map(broken), false],
    [
      'a paused worker will try again for the first time',
      ['a!', 'b!'],
      [broken('a'), failed('b', 'machine')],
      false,
    ],
    ['the only healthy worker failed the part', ['a!', 'b'], [broken('a'), failed('b', 'part')], true],
    [
      'the only healthy worker left the export at another part',
      ['a!', 'b'],
      [broken('a'), failed('b', 'export', { part: 7 })],
      true,
    ],
    [
      'two workers left the export at different parts',
      ['a', 'b'],
      [failed('a', 'export', { part: 1 }), failed('b', 'export', { part: 2 })],
      true,
    ],
  ])('if %s', (_, live, failures, fails) => {
    const workers = live.map((id) => (id.endsWith('!') ? worker(id.slice(0, -1), 'broken') : worker(id)));
    expect(exportFails({ part: 0, workers, failures })).toBe(fails);
  });
});

it.each([
  ['its own failure of the part', [failed('a', 'part')], true],
  ['its own failure of the export', [failed('a', 'export', { part: 5 })], true],
  ['its own failure of another part', [failed('a', 'part', { part: 5 })], false],
  ['a failure of its machine', [broken('a')], false],
  ['the failure of another worker', [failed('b', 'part')], false],
])('hasGivenUp after %s', (_, failures, leaves) => {
  expect(hasGivenUp('a', 0, failures)).toBe(leaves);
});

describe('describeFailure', () => {
  const answered = failed('b', 'export', {
    part: 4,
    failure: {
      code: 'ERR_REQUEST',
      message: 'POST /query returned 400',
      resumable: true,
      permanent: true,
      cause: { status: 400 },
    },
  });

  it('prefers a response of the API, and names the hosts and reasons of the others', () => {
    expect(describeFailure({ part: 0, failures: [broken('a'), failed('c', 'part'), answered] })).toEqual({
      ...answered.failure,
      part: 4,
      message:
        'POST /query returned 400. Failed on 3 workers: host-b, host-c (failed on c), host-a (failed on a).',
    });
  });

  it('returns the only failure unchanged', () => {
    expect(describeFailure({ part: undefined, failures: [failed('a', 'part'), answered] })).toEqual({
      ...answered.failure,
      part: 4,
    });
  });

  it('names the host of the only failure of a machine', () => {
    expect(describeFailure({ part: 0, failures: [broken('a')] }).message).toBe(
      'failed on a. Try again. Failed on 1 worker: host-a.',
    );
  });

  it('names a host once, and at most five', () => {
    const failures = [...'abcdefgh'].map((id) => ({ ...answered, worker: id, host: `host-${id}` }));
    const { message } = describeFailure({ part: 4, failures: [...failures, ...failures] });
    expect(message).toMatch(/Failed on 16 workers: host-a, host-b, host-c, host-d, host-e and 3 more\.$/);
  });
});
