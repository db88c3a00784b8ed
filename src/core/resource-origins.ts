import type { InternalAxiosRequestConfig } from 'axios';
import { prefixed } from './check-options.ts';
import { parseUrl } from './parse-url.ts';
import { redactUrl } from './redact-url.ts';

// The same test as in axios.
const ABSOLUTE = /^([a-z][a-z\d+\-.]*:)?\/\//i;

// A scheme and authority without user information and escapes. They alone determine the origin.
const PLAIN_ORIGIN = /^https?:\/\/[a-z\d.:[\]-]+(?=[/?#]|$)/i;

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

const CACHE_SIZE = 200;

/** Returns whether the host name of a parsed URL is on loopback. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

/**
 * Returns the reason why no token or secret may be sent to a URL.
 *
 * @param insecureOrigins origins that may be reached over plain http.
 * @returns undefined if the URL is absolute, uses https or leads to loopback, and contains no credentials.
 */
export function urlProblem(text: unknown, insecureOrigins: readonly string[] = []): string | undefined {
  const shown = JSON.stringify(redactUrl(text));
  const parsed = typeof text === 'string' && parseUrl(text);
  if (!parsed) return `${shown} is not a URL`;
  const { protocol, hostname, host, origin, username, password } = parsed;
  if (username || password) return `the URL of ${host} holds credentials`;
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return undefined;
  if (insecureOrigins.includes(origin)) return undefined;
  return `${shown} is not https (or http on loopback)`;
}

/** Lists what is wrong with the URLs of an option. */
export function originProblems(
  option: string,
  urls: readonly string[],
  insecureOrigins?: readonly string[],
): (string | undefined)[] {
  return urls.map((url) => prefixed(option, urlProblem(url, insecureOrigins)));
}

/** Returns the origins of those URLs that use plain http. */
export function httpOrigins(urls: readonly unknown[]): string[] {
  const origins = urls.map((url) => parseUrl(String(url))?.origin ?? '');
  return origins.filter((origin) => origin.startsWith('http:'));
}

/** The origins that may receive the token. `apiBaseUrl` is the base URL of the API according to the vendor. */
export interface ResourceOrigins {
  /** Returns whether a request goes to one of the origins. */
  includes(config: InternalAxiosRequestConfig, apiBaseUrl: string | undefined): boolean;
  /** Returns whether an absolute URL has one of the origins. */
  includesUrl(url: string, apiBaseUrl: string | undefined): boolean;
}

/** Returns the URL of a request as axios sends it, without `params`. A request without a base URL goes to `apiBaseUrl`. */
export function requestUrl(config: Partial<InternalAxiosRequestConfig>, apiBaseUrl?: string): string {
  const url = String(config.url ?? '');
  const base = config.baseURL || apiBaseUrl;
  const isComplete = !base || (ABSOLUTE.test(url) && config.allowAbsoluteUrls !== false);
  return resolve(isComplete ? url : `${String(base).replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}`);
}

/** Returns whether a config has a relative URL and no base URL. */
export function lacksBase({ url, baseURL }: InternalAxiosRequestConfig): boolean {
  return !baseURL && !ABSOLUTE.test(String(url ?? ''));
}

/**
 * Creates the test that decides whether a request may carry the token. Its origin must be listed, or be the origin of the
 * instance's `baseURL` or of `apiBaseUrl`. The test compares origins, never prefixes.
 *
 * @param baseUrl returns the instance's `baseURL`, which the application may set late.
 * @param insecureOrigins origins that may receive the token over plain http.
 */
export function createResourceOrigins(
  origins: readonly string[],
  baseUrl: () => string | undefined,
  insecureOrigins: readonly string[] = [],
): ResourceOrigins {
  const known = new Set([...origins, ...insecureOrigins].map((text) => new URL(text).origin));
  // Parsing a URL costs more than the rest of the guard, and requests share few prefixes.
  const cache = new Map<string, string>();

  function originOf(prefix: string): string {
    let origin = cache.get(prefix);
    if (origin === undefined) {
      origin = safeOrigin(prefix, insecureOrigins);
      if (cache.size >= CACHE_SIZE) cache.clear();
      cache.set(prefix, origin);
    }
    return origin;
  }

  function allowed(prefix: string, apiBaseUrl: string | undefined): boolean {
    const origin = originOf(prefix);
    if (origin === '') return false;
    if (known.has(origin)) return true;
    const base = baseUrl();
    if (base && origin === originOf(base)) return true;
    return apiBaseUrl !== undefined && origin === originOf(apiBaseUrl);
  }

  function includesUrl(url: string, apiBaseUrl: string | undefined): boolean {
    // Any other URL is parsed, and cached, as a whole.
    return allowed(PLAIN_ORIGIN.exec(url)?.[0] ?? url, apiBaseUrl);
  }

  return {
    includesUrl,
    includes(config, apiBaseUrl) {
      // axios also accepts a URL object.
      const url = String(config.url ?? '');
      // With `allowAbsoluteUrls: false` axios appends the URL to the base URL. axios before 1.8 does not: check both.
      const appended = config.allowAbsoluteUrls === false && config.baseURL;
      if (ABSOLUTE.test(url)) {
        return includesUrl(url, apiBaseUrl) && (!appended || allowed(appended, apiBaseUrl));
      }
      // In a browser, a relative URL without a base URL goes to the page's origin.
      return allowed(config.baseURL || apiBaseUrl || url, apiBaseUrl);
    },
  };
}

/** Returns the origin of a URL, or '' if no token may be sent to the URL. */
function safeOrigin(text: string, insecureOrigins: readonly string[]): string {
  const url = resolve(text);
  return urlProblem(url, insecureOrigins) ? '' : new URL(url).origin;
}

/** Resolves a URL as a browser does, relative to the page. Returns any other text unchanged. */
function resolve(url: string): string {
  return parseUrl(url, globalThis.location?.href)?.href ?? url;
}
