import { inOrder } from './read-ahead.ts';
import { createPageRepeats } from './seen-pages.ts';
import type { Json, Page } from './source.ts';

/** The result of an answer. */
export interface Step<State, Item> {
  /** The pages to write, in order. */
  readonly pages: readonly Page<Item>[];
  /** Undefined at the end of the export. */
  readonly next: State | undefined;
  /** `next` does not follow from the requests that were sent ahead: discard their answers. */
  readonly jump?: boolean;
}

/** A source of windows as a state machine. A window is a part of the interval, which one or several queries read page by page. */
export interface PageMachine<State extends Json, Answer, Item> {
  /** Requests a page. @param ahead how many pages after the next page of the state. */
  fetch(state: State, ahead: number): Promise<Answer>;
  /** How many pages probably follow, including the next page. */
  likelyPages(state: State): number;
  /** Identifies the query of the state. Pages repeat only within one query. */
  queryOf(state: State): string;
  /** Returns the ids of the records of a page. */
  idsOf(answer: Answer): readonly unknown[];
  /** Returns what follows the answer for the next page of a state. @param isRepeat the query returned this page before. */
  after(state: State, answer: Answer, isRepeat: boolean): Step<State, Item>;
}

/** Runs a machine from a state to its end. @param atOnce how many pages to request in parallel. */
export async function* readPages<State extends Json, Answer, Item>(
  machine: PageMachine<State, Answer, Item>,
  from: State,
  atOnce: number,
): AsyncGenerator<Page<Item>, void> {
  let state = from;
  let query: string | undefined;
  let repeats = createPageRepeats();
  for (;;) {
    const begin = state;
    const current = machine.queryOf(begin);
    if (current !== query) repeats = createPageRepeats();
    query = current;
    let read = 0;
    const likelyLast = () => read + machine.likelyPages(state) - 1;
    const fetch = (ahead: number) => machine.fetch(begin, ahead);
    for await (const answer of inOrder(fetch, { first: 0, atOnce, likelyLast })) {
      const { pages, next, jump } = machine.after(state, answer, repeats.add(machine.idsOf(answer)));
      for (const page of pages) yield page;
      if (next === undefined) return;
      state = next;
      read++;
      if (jump) break;
    }
  }
}
