/**
 * Reads values from a generator in advance, up to a limit. An error of the generator is thrown after the values before
 * it.
 *
 * @param count how many values to read in advance; 0 reads each value on demand.
 */
export async function* readAhead<T>(values: AsyncIterable<T>, count: number): AsyncGenerator<T, void> {
  const iterator = values[Symbol.asyncIterator]();
  const waiting: Promise<IteratorResult<T>>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let ended = false;

  // An async generator queues concurrent calls of next(), so the order is kept.
  const readNext = () => {
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
      while (waiting.length <= count) readNext();
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

/** Options of {@link inOrder}. */
interface InOrderOptions {
  /** The first number. */
  first: number;
  /** How many values to fetch in parallel, at least 1. */
  atOnce: number;
  /** Returns the last number that probably exists. Later numbers are fetched one by one. */
  likelyLast: () => number;
}

/** Fetches numbered values in parallel and yields them in order, until the consumer stops. */
export async function* inOrder<T>(
  fetch: (number: number) => Promise<T>,
  { first, atOnce, likelyLast }: InOrderOptions,
): AsyncGenerator<T, never> {
  const pending = new Map<number, Promise<T>>();
  for (let number = first; ; number++) {
    const end = Math.min(number + Math.max(atOnce, 1) - 1, Math.max(number, likelyLast()));
    for (let ahead = number; ahead <= end; ahead++) {
      if (pending.has(ahead)) continue;
      const value = fetch(ahead);
      // Avoids an unhandled rejection if the consumer stops before this number. The await below throws the error.
      value.catch(() => {});
      pending.set(ahead, value);
    }
    const value = await (pending.get(number) as Promise<T>);
    pending.delete(number);
    yield value;
  }
}
