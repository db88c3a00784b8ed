import type { AxiosRequestConfig } from 'axios';
import { systemClock } from '../../src/core/clock.ts';
import type { GrantContext } from '../../src/core/grant.ts';

/** Runs a grant against an answer that needs no server, to see what it would send. */
export function grantContext(answer: unknown): GrantContext & { sent: AxiosRequestConfig[] } {
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
        data: JSON.stringify(answer),
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
