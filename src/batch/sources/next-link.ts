import axios, { type AxiosResponse } from 'axios';
import { redactUrl } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { unexpected } from './answer.ts';

/** What axios's adapters leave behind of a request: Node's, XMLHttpRequest, fetch's. */
interface SentRequest {
  res?: { responseUrl?: string };
  responseURL?: string;
  url?: string;
  protocol?: string;
  path?: string;
  getHeader?(name: string): unknown;
}

interface LinkContext {
  /** What was asked for, in words. */
  asked: string;
  /** Members of the query that are the source's own. */
  own: readonly string[];
}

/**
 * The URL that an answer names as its next page, absolute.
 *
 * @returns undefined where it names none.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` for what is no link, or leads to another origin.
 */
export function nextLink(
  value: unknown,
  response: AxiosResponse,
  { asked, own }: LinkContext,
): string | undefined {
  const link: unknown = typeof value === 'object' && value !== null ? Object(value).href : value;
  if (value === undefined || value === null || value === '') return undefined;
  const { page, landed } = addressesOf(response);
  if (page === undefined)
    throw unexpected(asked, 'came from where axios does not say, so that its link cannot be held against it');
  const base = landed !== undefined && landed.origin === page.origin ? landed : page;
  if (typeof link !== 'string' || !URL.canParse(link, base)) {
    const shown = JSON.stringify(typeof link === 'string' ? redactUrl(link) : value).slice(0, 80);
    throw unexpected(asked, `names a next page that is not a URL: ${shown}`);
  }
  const url = new URL(link, base);
  // What stands behind a proxy that ends TLS takes itself for http. To go on in clear would show the token.
  if (page.protocol === 'https:' && url.protocol === 'http:' && url.host === page.host)
    url.protocol = 'https:';
  if (url.origin !== page.origin || url.username !== '' || url.password !== '')
    throw foreign(asked, url, page);
  return cleaned(url, response, own);
}

/** Where an answer came from, as {@link nextLink} would name it; undefined where axios does not say. */
export function addressOf(response: AxiosResponse, own: readonly string[]): string | undefined {
  const { page } = addressesOf(response);
  return page && cleaned(page, response, own);
}

/**
 * Where a request went to first, and where its answer came from after redirects. The first one decides about the
 * origin: a redirect must not.
 */
function addressesOf({ config, request }: AxiosResponse): { page: URL | undefined; landed: URL | undefined } {
  const sent: SentRequest = request ?? {};
  const landed = parse(sent.res?.responseUrl ?? sent.responseURL ?? sent.url ?? nodeAddress(sent));
  // It is relative where the plugin or the page knows the base URL alone.
  return { page: parse(axios.getUri(config)) ?? landed, landed };
}

/** Of a request of Node's that was told to follow no redirect. */
function nodeAddress(sent: SentRequest): string | undefined {
  const host = sent.getHeader?.('host');
  const origin = `${sent.protocol}//${String(host)}`;
  // The path that a proxy is asked for is a whole URL.
  return URL.canParse(sent.path ?? '/', origin) ? new URL(sent.path ?? '/', origin).href : undefined;
}

function parse(text: string | undefined): URL | undefined {
  return text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
}

/** Without what the instance adds to every query by itself: it would come twice, and a key would be kept in clear. */
function cleaned(address: URL, { config }: AxiosResponse, own: readonly string[]): string {
  const url = new URL(address);
  url.hash = '';
  const { params } = config;
  const names = params instanceof URLSearchParams ? [...params.keys()] : Object.keys(params ?? {});
  for (const name of names) {
    if (!own.includes(name) && url.searchParams.has(name)) url.searchParams.delete(name);
  }
  return url.href;
}

function foreign(asked: string, link: URL, page: URL): BatchError {
  const why =
    link.origin === page.origin
      ? 'with credentials in it'
      : `on ${link.origin}, but is itself on ${page.origin}`;
  return new BatchError(
    `${asked} names a next page ${why}: neither the token nor the export goes elsewhere because an answer says so. ` +
      'If both are the same API, use its other name as the base URL.',
    'ERR_UNEXPECTED_ANSWER',
  );
}
