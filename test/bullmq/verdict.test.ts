import { describe, expect, it } from 'vitest';
import type { PartFailure } from '../../src/bullmq/part-failures.ts';
import { isDoomed, leavesPart, mostTelling } from '../../src/bullmq/verdict.ts';

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
  failure: { code: 'ERR_JOB', message: `failed on ${id}. Try again.`, resumable: true, permanent: false },
  ...more,
});

const stuck = (id: string) => failed(id, 'machine', { isLasting: true });

describe('isDoomed', () => {
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
      true,
    ],
    [
      'the machines of three of four workers fail',
      ['a!', 'b!', 'c!', 'd'],
      ['a', 'b', 'c'].map(stuck),
      false,
    ],
    ['the machines of all workers fail', ['a!', 'b!'], ['a', 'b'].map(stuck), true],
    ['the machine of a worker has recovered', ['a', 'b!'], ['a', 'b'].map(stuck), false],
    [
      'a paused worker will try again for the first time',
      ['a!', 'b!'],
      [stuck('a'), failed('b', 'machine')],
      false,
    ],
    ['the only healthy worker failed the part', ['a!', 'b'], [stuck('a'), failed('b', 'part')], true],
    [
      'the only healthy worker left the export at another part',
      ['a!', 'b'],
      [stuck('a'), failed('b', 'export', { part: 7 })],
      true,
    ],
    [
      'two workers left the export at different parts',
      ['a', 'b'],
      [failed('a', 'export', { part: 1 }), failed('b', 'export', { part: 2 })],
      true,
    ],
  ])('if %s', (_, live, failures, doomed) => {
    const workers = live.map((id) => (id.endsWith('!') ? worker(id.slice(0, -1), 'broken') : worker(id)));
    expect(isDoomed({ part: 0, workers, failures })).toBe(doomed);
  });
});

it.each([
  ['its own failure of the part', [failed('a', 'part')], true],
  ['its own failure of the export', [failed('a', 'export', { part: 5 })], true],
  ['its own failure of another part', [failed('a', 'part', { part: 5 })], false],
  ['a failure of its machine', [stuck('a')], false],
  ['the failure of another worker', [failed('b', 'part')], false],
])('leavesPart after %s', (_, failures, leaves) => {
  expect(leavesPart('a', 0, failures)).toBe(leaves);
});

describe('mostTelling', () => {
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
    expect(mostTelling({ part: 0, failures: [stuck('a'), failed('c', 'part'), answered] })).toEqual({
      ...answered.failure,
      part: 4,
      message:
        'POST /query returned 400. Workers that failed: 3, on host-b, host-c (failed on c), host-a (failed on a).',
    });
  });

  it('returns the only failure unchanged', () => {
    expect(mostTelling({ part: undefined, failures: [failed('a', 'part'), answered] })).toEqual({
      ...answered.failure,
      part: 4,
    });
  });

  it('names a host once, and at most five', () => {
    const failures = [...'abcdefgh'].map((id) => ({ ...answered, worker: id, host: `host-${id}` }));
    const { message } = mostTelling({ part: 4, failures: [...failures, ...failures] });
    expect(message).toMatch(/Workers that failed: 16, on host-a, host-b, host-c, host-d, host-e\.$/);
  });
});
