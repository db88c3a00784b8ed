import axios, { type AxiosResponse } from 'axios';
import { isA, parseUrl, redactUrl } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { shown, unexpected } from './answer.ts';
import type { LinkScope } from './link-scope.ts';

/** The request objects of axios's adapters: Node's, XMLHttpRequest, fetch's. */
interface SentRequest {
  res?: { responseUrl?: string };
  responseURL?: string;
  url?: string;
  protocol?: string;
  path?: string;
  getHeader?(name: string): unknown;
}

interface LinkContext {
  /** Names the request in messages. */
  label: string;
  /** Query parameters that the source sets. */
  own: readonly string[];
  /** @default every URL of the origin */
  scope?: LinkScope;
}

/**
 * Returns the lead to the next page, or undefined if the response names none. Without a scope, it is the absolute URL.
 *
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` if the value is not a URL, or leads out of the scope.
 */
export function nextLink(
  value: unknown,
  response: AxiosResponse,
  { label, own, scope }: LinkContext,
): string | undefined {
  const link: unknown = typeof value === 'object' && value !== null ? Object(value).href : value;
  if (value === undefined || value === null || value === '') return undefined;
  const { page, landed } = addressesOf(response);
  if (page === undefined)
    throw unexpected(label, 'returned a link of unknown origin: axios does not expose the response URL');
  const base = landed !== undefined && landed.origin === page.origin ? landed : page;
  const url = typeof link === 'string' && parseUrl(link, base);
  if (!url) {
    const what = shown(typeof link === 'string' ? redactUrl(link) : value);
    throw unexpected(label, `names a next page that is not a valid URL: ${what}`);
  }
  // An API behind a proxy that terminates TLS may write http links. Following them would send the token unencrypted.
  if (page.protocol === 'https:' && url.protocol === 'http:' && url.host === page.host)
    url.protocol = 'https:';
  if (url.origin !== page.origin || url.username !== '' || url.password !== '')
    throw crossOriginError(label, url, page);
  const address = withoutInstanceParams(url, response, own);
  if (scope === undefined) return address.href;
  const lead = scope.toLead(address, response.config.baseURL);
  if (lead === undefined) throw otherPathError(label, url, scope);
  return lead;
}

/** Returns the URL of the request of a response, before redirects; undefined if axios does not expose it. */
export function addressOf(response: AxiosResponse): URL | undefined {
  return addressesOf(response).page;
}

/** Returns the URL of a response as lead, or undefined if axios does not expose it. */
export function leadOfPage(
  response: AxiosResponse,
  own: readonly string[],
  scope: LinkScope,
): string | undefined {
  const page = addressOf(response);
  return page && scope.toLead(withoutInstanceParams(page, response, own), response.config.baseURL);
}

/**
 * Returns the URL before redirects (`page`) and after them (`landed`). Links are compared with the origin of `page`,
 * because a redirect must not change the allowed origin.
 */
function addressesOf({ config, request }: AxiosResponse): { page: URL | undefined; landed: URL | undefined } {
  const sent: SentRequest = request ?? {};
  const landed = parse(sent.res?.responseUrl ?? sent.responseURL ?? sent.url ?? nodeAddress(sent));
  // The configured URL can be relative, for example in a browser.
  return { page: parse(axios.getUri(config)) ?? landed, landed };
}

/** Returns the URL of a Node request that does not follow redirects. */
function nodeAddress(sent: SentRequest): string | undefined {
  const host = sent.getHeader?.('host');
  const origin = `${sent.protocol}//${String(host)}`;
  // In a request to a proxy, the path is an absolute URL.
  return parseUrl(sent.path ?? '/', origin)?.href;
}

function parse(text: string | undefined): URL | undefined {
  return text === undefined ? undefined : parseUrl(text);
}

/** Removes the params of the instance, which would otherwise be sent twice and stored in the checkpoint, keys included. */
function withoutInstanceParams(address: URL, { config }: AxiosResponse, own: readonly string[]): URL {
  const url = new URL(address);
  url.hash = '';
  const { params } = config;
  const names = isA(params, 'URLSearchParams') ? [...params.keys()] : Object.keys(params ?? {});
  for (const name of names) {
    if (!own.includes(name) && url.searchParams.has(name)) url.searchParams.delete(name);
  }
  return url;
}

function crossOriginError(label: string, link: URL, page: URL): BatchError {
  const why =
    link.origin === page.origin
      ? 'with credentials in its URL'
      : `on ${link.origin}, but was requested from ${page.origin}`;
  return new BatchError(
    `${label} names a next page ${why}. The export does not follow such a link, because it could send the token to another ` +
      'server. If both hosts are the same API, use the host of the link in the base URL.',
    'ERR_UNEXPECTED_ANSWER',
    { permanent: true },
  );
}

function otherPathError(label: string, { pathname }: URL, { paths }: LinkScope): BatchError {
  return new BatchError(
    `${label} names a next page at ${pathname}, which is not at or below ${paths.join(' or ')}. The export does not follow ` +
      `such a link. If the API has its next pages there, set nextPath (--next-path) to ${pathname}.`,
    'ERR_UNEXPECTED_ANSWER',
    { permanent: true },
  );
}
