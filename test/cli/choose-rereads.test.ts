import { describe, expect, it } from 'vitest';
import type { ListedExport } from '../../src/bullmq/index.ts';
import { chooseRereads, isOver } from '../../src/cli/queue/choose-rereads.ts';

type Reread = Pick<ListedExport, 'state' | 'submittedAt'>;

// In Berlin, this is 00:30 of 27 October.
const TODAY = '2026-10-26T23:30:00.000Z';
const YESTERDAY = '2026-10-26T22:30:00.000Z';
const PERIOD = { today: '2026-10-27', timeZone: 'Europe/Berlin' };

const complete = (submittedAt: string): Reread => ({ state: 'complete', submittedAt });

describe('chooseRereads', () => {
  it.each<[what: string, count: number, rereads: Record<string, Reread>, expected: string[]]>([
    ['the last days', 2, {}, ['24', '25']],
    ['no day without --reread', 0, {}, []],
    ['all days if there are fewer', 9, {}, ['22', '23', '24', '25']],
    ['days that were reread on an earlier day', 2, { 24: complete(YESTERDAY) }, ['24', '25']],
    [
      'no further day after the rereads of today',
      2,
      { 23: complete(TODAY), 24: complete(TODAY) },
      ['23', '24'],
    ],
    ['further days if the command was killed between its rereads', 2, { 23: complete(TODAY) }, ['23', '25']],
    [
      'the unfinished rereads of earlier days',
      1,
      { 22: { state: 'failed', submittedAt: YESTERDAY } },
      ['22', '25'],
    ],
    ['a reread of today that failed', 1, { 24: { state: 'failed', submittedAt: TODAY } }, ['24']],
  ])('returns %s', (_, count, rereads, expected) => {
    const dates = ['22', '23', '24', '25'];
    expect(chooseRereads({ dates, count, find: (date) => rereads[date], ...PERIOD })).toEqual(expected);
  });
});

it.each<[what: string, reread: Reread | undefined, expected: boolean]>([
  ['a complete reread of yesterday', complete(YESTERDAY), true],
  ['a complete reread of today', complete(TODAY), false],
  ['a running reread of yesterday', { state: 'running', submittedAt: YESTERDAY }, false],
  ['no reread', undefined, false],
])('isOver decides about %s', (_, reread, expected) => {
  expect(isOver(reread, PERIOD)).toBe(expected);
});
