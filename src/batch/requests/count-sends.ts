import type { AxiosAdapter, AxiosError } from 'axios';

/** The requests that were sent so far. */
export interface RequestCounts {
  /** All requests, including retries and replays. */
  requests: number;
  /** Retries after 408, 429, 5xx and network errors. */
  retries: number;
  /** Replays after 401. */
  replays: number;
}

/**
 * Wraps an adapter and counts its sends: each send after the first is a replay after 401, and a retry otherwise.
 *
 * @param counts the counts of one request and of the run.
 * @param enter delays a send after the first.
 */
export function countSends(
  base: AxiosAdapter,
  counts: readonly [own: RequestCounts, run: RequestCounts],
  enter: (kind: 'retries' | 'replays') => Promise<void> | void,
): AxiosAdapter {
  const [own] = counts;
  let lastStatus: number | undefined;
  return async (config) => {
    const kind = own.requests > 0 && (lastStatus === 401 ? 'replays' : 'retries');
    if (kind) await enter(kind);
    for (const count of counts) {
      count.requests++;
      if (kind) count[kind]++;
    }
    lastStatus = undefined;
    try {
      const response = await base(config);
      lastStatus = response?.status;
      return response;
    } catch (error) {
      lastStatus = (error as AxiosError | undefined)?.response?.status;
      throw error;
    }
  };
}
