import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inOrder, readAhead } from '../../../src/batch/index.ts';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

async function* count(log: number[], end: number, thrown?: Error) {
  for (let number = 0; number < end; number++) {
    log.push(number);
    await tick();
    yield number;
  }
  if (thrown) throw thrown;
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

describe('readAhead', () => {
  it('yields every value in order, for any count', async () => {
    for (const bound of [0, 1, 3, 100]) {
      expect(await collect(readAhead(count([], 10), bound))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  it('reads at most count values ahead while the consumer is busy', async () => {
    const log: number[] = [];
    const values = readAhead(count(log, 100), 3);
    await values.next();
    for (let i = 0; i < 50; i++) await tick();
    expect(log).toEqual([0, 1, 2, 3]);
    await values.return();
  });

  it('throws an error after the values before it', async () => {
    const values = readAhead(count([], 3, new Error('broken')), 10);
    expect([(await values.next()).value, (await values.next()).value, (await values.next()).value]).toEqual([
      0, 1, 2,
    ]);
    await expect(values.next()).rejects.toThrow('broken');
    expect(await values.next()).toEqual({ done: true, value: undefined });
  });

  it('closes the generator when the consumer stops, and reads no further value', async () => {
    const log: number[] = [];
    let cleaned = false;
    async function* generate() {
      try {
        yield* count(log, 100);
      } finally {
        cleaned = true;
      }
    }
    for await (const value of readAhead(generate(), 4)) if (value === 2) break;
    expect(cleaned).toBe(true);
    const read = log.length;
    for (let i = 0; i < 20; i++) await tick();
    expect(log).toHaveLength(read);
    expect(read).toBeLessThanOrEqual(2 + 4 + 1);
  });

  it('causes no unhandled rejection if the consumer stops before an error', async () => {
    const values = readAhead(count([], 2, new Error('broken')), 10);
    await values.next();
    for (let i = 0; i < 20; i++) await tick();
    await values.return();
  });
});

describe('inOrder', () => {
  it('keeps the order for any durations, and fetches at most atOnce values in parallel', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        fc.nat(40),
        async (delays, atOnce, likelyLast) => {
          let pending = 0;
          let most = 0;
          const fetch = async (number: number) => {
            most = Math.max(most, ++pending);
            for (let i = 0; i < (delays[number] ?? 0); i++) await tick();
            pending--;
            return number;
          };
          const got: number[] = [];
          for await (const value of inOrder(fetch, { first: 0, atOnce, likelyLast: () => likelyLast })) {
            got.push(value);
            if (value === delays.length - 1) break;
          }
          expect(got).toEqual(delays.map((_, index) => index));
          expect(most).toBeLessThanOrEqual(atOnce);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('fetches values after likelyLast only on demand', async () => {
    const fetched: number[] = [];
    const fetch = async (number: number) => {
      fetched.push(number);
      return number;
    };
    const values = inOrder(fetch, { first: 1, atOnce: 6, likelyLast: () => 3 });
    await values.next();
    await tick();
    expect(fetched).toEqual([1, 2, 3]);
    for (let i = 0; i < 3; i++) await values.next();
    expect(fetched).toEqual([1, 2, 3, 4]);
  });

  it('throws an error after the values before it, and causes no unhandled rejection if the consumer stops', async () => {
    const fetch = async (number: number) => {
      if (number === 2) throw new Error('the second');
      return number;
    };
    const values = inOrder(fetch, { first: 1, atOnce: 4, likelyLast: () => 9 });
    await tick();
    expect((await values.next()).value).toBe(1);
    await expect(values.next()).rejects.toThrow('the second');
    const other = inOrder(fetch, { first: 1, atOnce: 4, likelyLast: () => 9 });
    await other.next();
    await other.return(undefined as never);
    await tick();
  });
});
