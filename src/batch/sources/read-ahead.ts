/**
 * Reads from a generator before it is asked for, up to a bounded number of values. What the generator throws comes in
 * its turn, after the values before it.
 *
 * @param count how many values may wait; 0 reads only what is asked for.
 */
export async function* readAhead<T>(values: AsyncIterable<T>, count: number): AsyncGenerator<T, void> {
  const iterator = values[Symbol.asyncIterator]();
  const waiting: Promise<IteratorResult<T>>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let ended = false;

  // An async generator queues calls of next(), so that asking several times at once keeps their order.
  const ask = () => {
    const result = last.then(() => (ended ? ({ done: true, value: undefined } as const) : iterator.next()));
    last = result.then(
      ({ done }) => {
        ended ||= done === true;
      },
      () => {
        ended = true;
      },
    );
    waiting.push(result);
  };

  try {
    for (;;) {
      while (waiting.length <= count) ask();
      const result = await waiting.shift();
      if (!result || result.done) return;
      yield result.value;
    }
  } finally {
    ended = true;
    await last;
    await iterator.return?.();
  }
}

/** What {@link inOrder} is told. */
interface InOrderOptions {
  /** The first number. */
  first: number;
  /** How many may be under way at once, at least 1. */
  atOnce: number;
  /** The last number that is likely to exist: those after it are fetched one at a time. */
  likelyLast: () => number;
}

/**
 * Fetches numbered values several at a time and hands them over in the order of their numbers, until its reader stops.
 */
export async function* inOrder<T>(
  fetch: (number: number) => Promise<T>,
  { first, atOnce, likelyLast }: InOrderOptions,
): AsyncGenerator<T, never> {
  const underWay = new Map<number, Promise<T>>();
  for (let number = first; ; number++) {
    const end = Math.min(number + Math.max(atOnce, 1) - 1, Math.max(number, likelyLast()));
    for (let ahead = number; ahead <= end; ahead++) {
      if (underWay.has(ahead)) continue;
      const value = fetch(ahead);
      // It is told to whoever asks for this number, if anybody ever does.
      value.catch(() => {});
      underWay.set(ahead, value);
    }
    const value = await (underWay.get(number) as Promise<T>);
    underWay.delete(number);
    yield value;
  }
}
