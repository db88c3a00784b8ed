import type { Readable } from 'node:stream';
import axios, { type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { urlProblem } from '../../core/internal.ts';
import { unexpected } from './answer.ts';
import type { SourceContext } from './source.ts';

/**
 * Fetches a file from another host than the API, as a stream. The request uses only the proxy and the agents of the instance.
 *
 * @param url https, or plain http on loopback. Its query may be a secret.
 * @param label names the file in messages.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` for any other URL; the errors of axios.
 */
export async function openForeignFile(
  { request }: SourceContext,
  url: string,
  label: string,
): Promise<AxiosResponse<Readable>> {
  const problem = urlProblem(url);
  if (problem !== undefined) throw unexpected(label, `is not downloaded, because ${problem}`);
  // The adapter runs after everything that could add to a request: defaults, interceptors, the plugin.
  return request<Readable>({ url, responseType: 'stream', authRefresh: false, adapter: bareAdapter(url) });
}

/** Returns an adapter that drops the headers, credentials and other settings of the request. */
function bareAdapter(url: string): AxiosAdapter {
  const send = axios.getAdapter('http');
  return async ({ signal, timeout, proxy, httpAgent, httpsAgent, transitional }) => {
    const bare: InternalAxiosRequestConfig = {
      url,
      method: 'get',
      headers: new axios.AxiosHeaders({ Accept: '*/*' }),
      responseType: 'stream',
      validateStatus: (status) => status === 200,
      beforeRedirect: ({ href }: { href?: unknown }) => {
        const problem = urlProblem(href);
        if (problem !== undefined) throw new Error(`the redirect is not followed, because ${problem}`);
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
      // Destroy the body: an unread stream keeps its connection open.
      if (axios.isAxiosError(error)) (error.response?.data as Partial<Readable> | undefined)?.destroy?.();
      throw error;
    }
  };
}
