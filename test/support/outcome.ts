import axios from 'axios';
import type { Json, PageSource } from '../../src/batch/index.ts';
import { systemClock } from '../../src/core/clock.ts';

/** How an export ends: complete, complete with warnings, or with the code of its error. */
interface Outcome {
  result: string;
  /** The different records that were read. */
  records: number;
  warnings: readonly string[];
}

interface OutcomeOptions {
  /** Resumes from the cursor after this number of pages, again and again. */
  restartAfter?: number;
}

/** Reads a source to its end and compares each window with its total, as an export does. */
export async function outcomeOf<Item>(
  source: PageSource<Item>,
  url: string,
  { restartAfter = Number.POSITIVE_INFINITY }: OutcomeOptions = {},
): Promise<Outcome> {
  const all = new Set<unknown>();
  const followed = new Set<string>();
  const warnings: string[] = [];
  const windows = new Map<string | undefined, { ids: Set<unknown>; stated?: number; changed?: boolean }>();
  const context = {
    readAhead: 3,
    signal: new AbortController().signal,
    clock: { ...systemClock, setTimeout: (call: () => void) => setTimeout(call, 1) },
    random: Math.random,
    request: axios.create({ baseURL: url, proxy: false }).request,
  };
  let from: Json | undefined;
  const ended = (result: string) => ({ result, records: all.size, warnings });
  try {
    for (;;) {
      let pages = 0;
      let isLast = false;
      for await (const page of source.read({ ...context, from })) {
        const { items, next, window, stated, end } = page;
        const key = page.nextKey ?? JSON.stringify(next);
        if (next !== undefined && followed.has(key)) return ended('ERR_PAGE_LOOP');
        followed.add(key);
        warnings.push(...(page.warnings ?? []));
        const counted = windows.get(window) ?? { ids: new Set() };
        windows.set(window, counted);
        for (const item of items) {
          const id = source.identify?.(item) ?? item;
          all.add(id);
          counted.ids.add(id);
        }
        if (stated !== undefined) {
          if (counted.stated !== undefined && counted.stated !== stated) counted.changed = true;
          counted.stated = stated;
        }
        if (end) {
          const missing = (counted.stated ?? 0) - counted.ids.size;
          if (missing > Math.floor((counted.stated ?? 0) * (end.tolerance ?? 0)))
            return ended('ERR_TOTAL_MISMATCH');
          if (missing > 0 || counted.changed)
            warnings.push(`${end.label}: ${counted.stated}, ${missing} missing`);
        }
        from = next === undefined ? undefined : JSON.parse(JSON.stringify(next));
        isLast = next === undefined;
        if (++pages >= restartAfter) break;
      }
      if (isLast || pages < restartAfter) return ended(warnings.length > 0 ? 'warning' : 'complete');
    }
  } catch (error) {
    return ended(String((error as { code?: unknown }).code));
  }
}
