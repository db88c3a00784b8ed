import type { Readable } from 'node:stream';
import axios, { type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { isLoopback, urlProblem } from '../../core/internal.ts';
import { unexpected } from './answer.ts';
import { addressOf } from './next-link.ts';
import type { SourceContext } from './source.ts';

/** A file on another host than the API. */
export interface ForeignFile {
  /** Its query may be a secret. */
  readonly url: string;
  /** The file may be on loopback, and use plain http there. */
  readonly mayBeLocal: boolean;
}

/**
 * Fetches a file from another host than the API, as a stream. The request uses only the proxy and the agents of the instance.
 *
 * @param label names the file in messages.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` if the URL is not allowed; the errors of axios.
 */
export async function openForeignFile(
  { request }: SourceContext,
  { url, mayBeLocal }: ForeignFile,
  label: string,
): Promise<AxiosResponse<Readable>> {
  const problem = fileProblem(url, mayBeLocal);
  if (problem !== undefined) throw unexpected(label, `is not downloaded, because ${problem}`);
  // The adapter runs after everything that could add to a request: defaults, interceptors, the plugin.
  const adapter = bareAdapter(url, (next) => fileProblem(next, mayBeLocal));
  return request<Readable>({ url, responseType: 'stream', authRefresh: false, adapter });
}

/** Returns whether the request of a response went to loopback. */
export function isOnLoopback(response: AxiosResponse): boolean {
  const address = addressOf(response);
  return address !== undefined && isLoopback(address.hostname);
}

/** Returns why a file is not fetched. Any API but a local one could otherwise make this host request its own services. */
function fileProblem(url: unknown, mayBeLocal: boolean): string | undefined {
  const problem = urlProblem(url);
  if (problem !== undefined || mayBeLocal) return problem;
  const { hostname, host } = new URL(String(url));
  return isLoopback(hostname) ? `${host} is on loopback, but the API is not` : undefined;
}

/** Returns an adapter that drops the headers, credentials and other settings of the request. */
function bareAdapter(url: string, problemOf: (url: unknown) => string | undefined): AxiosAdapter {
  const send = axios.getAdapter('http');
  return async ({ signal, timeout, proxy, httpAgent, httpsAgent, transitional }) => {
    const bare: InternalAxiosRequestConfig = {
      url,
      method: 'get',
      headers: new axios.AxiosHeaders({ Accept: '*/*' }),
      responseType: 'stream',
      validateStatus: (status) => status === 200,
      beforeRedirect: ({ href }: { href?: unknown }) => {
        const problem = problemOf(href);
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
