import type { AxiosRequestConfig } from 'axios';
import { systemClock } from '../../src/core/clock.ts';
import type { GrantContext } from '../../src/core/grant.ts';

/** Creates a grant context without a server, which records the requests and returns `body`. */
export function grantContext(body: unknown): GrantContext & { sent: AxiosRequestConfig[] } {
  const sent: AxiosRequestConfig[] = [];
  return {
    sent,
    request: async (config) => {
      sent.push(config);
      return {
        status: 200,
        statusText: '',
        headers: {},
        config: config as never,
        data: JSON.stringify(body),
      };
    },
    signal: new AbortController().signal,
    deadline: Number.POSITIVE_INFINITY,
    clock: systemClock,
    random: () => 0,
    retries: 0,
    retryDelay: 0,
  };
}
