import type { Readable } from 'node:stream';
import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import { urlProblem } from '../../core/internal.ts';
import { unexpected } from './answer.ts';
import type { SourceContext } from './source.ts';

/**
 * Fetches a file from a host that is not the API's, as a stream. Nothing of the instance goes there but how to reach a host at
 * all: its proxy and its agents.
 *
 * @param url https, or plain http on loopback; its query may be a secret.
 * @param asked in words, for messages.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` for a URL that is none of these; what axios throws.
 */
export async function openForeignFile(
  { request }: SourceContext,
  url: string,
  asked: string,
): Promise<AxiosResponse<Readable>> {
  const problem = urlProblem(url);
  if (problem !== undefined) throw unexpected(asked, `is not fetched, because ${problem}`);
  // The adapter is behind everything that could add to a request: defaults, interceptors, the plugin.
  return request<Readable>({ url, responseType: 'stream', authRefresh: false, adapter: bareAdapter(url) });
}

/** Sends what is given here, whatever it is asked to send. */
function bareAdapter(url: string): AxiosAdapter {
  const send = axios.getAdapter('http');
  return async (asked) => {
    const { signal, timeout, proxy, httpAgent, httpsAgent, transitional } = asked;
    const bare: InternalAxiosRequestConfig = {
      url,
      method: 'get',
      headers: new AxiosHeaders({ Accept: '*/*' }),
      responseType: 'stream',
      validateStatus: (status) => status === 200,
      beforeRedirect: ({ href }: { href?: unknown }) => {
        const problem = urlProblem(href);
        if (problem !== undefined) throw new Error(`redirected to what is not fetched: ${problem}`);
      },
      ...Object.fromEntries(
        Object.entries({ signal, timeout, proxy, httpAgent, httpsAgent, transitional }).filter(
          ([, value]) => value !== undefined,
        ),
      ),
    };
    try {
      return await send(bare);
    } catch (error) {
      // It would keep its connection until somebody reads it, and nobody will.
      if (axios.isAxiosError(error)) (error.response?.data as Partial<Readable> | undefined)?.destroy?.();
      throw error;
    }
  };
}
