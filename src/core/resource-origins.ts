import type { InternalAxiosRequestConfig } from 'axios';
import { prefixed } from './check-options.ts';
import { redactUrl } from './redact-url.ts';

// axios's own test for an absolute URL.
const ABSOLUTE = /^([a-z][a-z\d+\-.]*:)?\/\//i;

// Scheme and authority, when they are so plain that they alone decide the origin.
const PLAIN_ORIGIN = /^https?:\/\/[a-z\d.:[\]-]+(?=[/?#]|$)/i;

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

const CACHE_SIZE = 200;

/**
 * Says what keeps a URL from being sent a token or a secret.
 *
 * @returns undefined when nothing does: it is absolute, https or on loopback, and holds no credentials.
 */
export function urlProblem(text: unknown): string | undefined {
  const shown = JSON.stringify(redactUrl(text));
  if (typeof text !== 'string' || !URL.canParse(text)) return `${shown} is not a URL`;
  const { protocol, hostname, host, username, password } = new URL(text);
  if (username || password) return `the URL of ${host} holds credentials`;
  if (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))) return undefined;
  return `${shown} is not https (plain http is for loopback only)`;
}

/** Lists what is wrong with the URLs of an option. */
export function originProblems(option: string, urls: readonly string[]): (string | undefined)[] {
  return urls.map((url) => prefixed(option, urlProblem(url)));
}

/** Tells where a request goes. `apiBaseUrl` is where the vendor says its API is. */
export interface ResourceOrigins {
  /** Whether a config is for a resource origin. */
  includes(config: InternalAxiosRequestConfig, apiBaseUrl: string | undefined): boolean;
  /** Whether an absolute URL is of a resource origin. */
  includesUrl(url: string, apiBaseUrl: string | undefined): boolean;
}

/** Whether a config's URL is relative and has no base URL to be relative to. */
export function lacksBase({ url, baseURL }: InternalAxiosRequestConfig): boolean {
  return !baseURL && !ABSOLUTE.test(String(url ?? ''));
}

/**
 * Makes the test that decides whether a request may carry the token: its origin is one of the given ones, that of the
 * instance's `baseURL`, or that of the API base which came with the token. Origins are compared, never prefixes.
 *
 * @param baseUrl reads the instance's `baseURL`, which the application may set late.
 */
export function createResourceOrigins(
  origins: readonly string[],
  baseUrl: () => string | undefined,
): ResourceOrigins {
  const known = new Set(origins.map((text) => new URL(text).origin));
  // Parsing a URL costs more than everything else the guard does; requests share few prefixes.
  const cache = new Map<string, string>();

  function originOf(prefix: string): string {
    let origin = cache.get(prefix);
    if (origin === undefined) {
      origin = safeOrigin(prefix);
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
    // What is not plain is parsed whole; it is also remembered whole, which does not help, and does no harm.
    return allowed(PLAIN_ORIGIN.exec(url)?.[0] ?? url, apiBaseUrl);
  }

  return {
    includesUrl,
    includes(config, apiBaseUrl) {
      // A URL object works in axios too.
      const url = String(config.url ?? '');
      // With `allowAbsoluteUrls: false` axios appends the URL to the base URL, and before 1.8 it does not.
      const appended = config.allowAbsoluteUrls === false && config.baseURL;
      if (ABSOLUTE.test(url)) {
        return includesUrl(url, apiBaseUrl) && (!appended || allowed(appended, apiBaseUrl));
      }
      // In a browser a URL that is relative to nothing goes to the page's own origin.
      return allowed(config.baseURL || apiBaseUrl || url, apiBaseUrl);
    },
  };
}

/** The origin a token may be sent to, or '' for none. */
function safeOrigin(url: string): string {
  const page = globalThis.location?.href;
  const absolute = URL.canParse(url, page) ? new URL(url, page).href : url;
  return urlProblem(absolute) ? '' : new URL(absolute).origin;
}
