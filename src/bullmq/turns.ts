import type { Redis } from 'ioredis';

/** The priorities of exports: lower is sooner. */
export const PRIORITY = { highest: 0, default: 50, lowest: 100 } as const;

// BullMQ sorts the jobs of a queue by a number up to 2^21. Each priority has an equal share of these numbers.
const TURNS = Math.floor(2 ** 21 / (PRIORITY.lowest + 1));

/** BullMQ multiplies the priority of a job by this number, and adds a counter of jobs. */
const SCORE = 2 ** 32;

/**
 * Returns the number of BullMQ for each part of an export. Parts of several exports of one priority alternate: an export starts at the turn of
 * the next waiting part, so it neither waits for the whole of an earlier export nor overtakes it.
 *
 * The turns start over when no part of this priority waits. If a queue is busy for so long that the turns are used up, the last parts are
 * exported in the order of their submission.
 *
 * @param key of the sorted set with the waiting jobs of BullMQ.
 * @param isComplete whether a part of a resumed export is complete and takes no turn.
 */
export async function turnsOf(
  client: Redis,
  key: string,
  { parts, priority, isComplete }: { parts: number; priority: number; isComplete: (part: number) => boolean },
): Promise<number[]> {
  const first = priority * TURNS + 1;
  const last = first + TURNS - 1;
  const range = [first * SCORE, (last + 1) * SCORE - 1] as const;
  const [, score] = await client.zrangebyscore(key, ...range, 'WITHSCORES', 'LIMIT', 0, 1);
  let turn = score === undefined ? first : Math.floor(Number(score) / SCORE);
  return Array.from({ length: parts }, (_, part) => Math.min(isComplete(part) ? turn : turn++, last));
}
