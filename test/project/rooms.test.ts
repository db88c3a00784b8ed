import { expect, it } from 'vitest';
import { roomPairs } from '../../.ci/rooms.mjs';

it('lets rooms import lower rooms only, in at most 26 pairs', async () => {
  const pairs = await roomPairs();
  expect(pairs.filter(({ upward }) => upward)).toEqual([]);
  expect(pairs.length).toBeGreaterThan(0);
  expect(pairs.length).toBeLessThanOrEqual(26);
});
