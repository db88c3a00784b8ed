import type { PageSource } from '../../src/batch/index.ts';

interface Answer {
  items: { id: string }[];
  next?: number;
}

/** The source of the pages that `runOnPages` serves. */
export const servedPages: PageSource<{ id: string }> = {
  name: 'script',
  query: null,
  identify: ({ id }) => id,
  async *read({ from, request }) {
    let number = from;
    do {
      const { data } = await request<Answer>({ url: `/${number ?? 0}` });
      yield data;
      number = data.next;
    } while (number !== undefined);
  },
};
