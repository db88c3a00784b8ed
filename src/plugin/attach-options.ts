import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import type { AuthRefreshListener, Rate, RateLimiter, Vendor } from '../core/index.ts';
import {
  httpOrigins,
  type OptionTable,
  originProblems,
  rateProblems,
  readOptions,
  refuse,
  urlProblem,
  warn,
} from '../core/internal.ts';
import type { TokenManager, TokenManagerOptions } from '../token/index.ts';
import { MANAGER_OPTIONS, managerProblems } from '../token/internal.ts';
import {
  type AuthorizationHeader,
  HEADER_OPTIONS,
  headerProblem,
  resolveHeader,
  TOKEN,
} from './authorization-header.ts';
import type { RetryOptions } from './retry.ts';

/** Options of {@link attachAuthRefresh}. `tokens` replaces the options of the token manager. */
export interface AuthRefreshOptions extends Omit<TokenManagerOptions, 'transportFrom' | 'vendor'> {
  /** The vendor of the OAuth client. Required unless `tokens` is set. */
  vendor?: Vendor | undefined;
  /** A token manager from `createTokenManager`, so that several instances share one token. */
  tokens?: TokenManager | undefined;
  /**
   * Origins that may receive the token, in addition to the vendor's origins and the origin of the instance's `baseURL`. They must use
   * https, except for loopback.
   * @default []
   * @example ['https://reports.example.com']
   */
  resourceOrigins?: readonly string[] | undefined;
  /**
   * Origins with plain http that may receive the token, for hosts in a network that you trust. Everyone on the way can read the token.
   * @default []
   * @example ['http://reports-api:8080']
   */
  allowInsecureOrigins?: readonly string[] | undefined;
  /**
   * The header field that carries the token, for an API that expects `X-Access-Token: <token>` or `Authorization: Token <token>`.
   * @default { name: 'Authorization', scheme: 'Bearer' }
   */
  authorizationHeader?: AuthorizationHeader | undefined;
  /** How often one request is replayed. @default 1 */
  maxReplays?: number | undefined;
  /** When requests are retried after 429, 5xx and network errors. `false` installs no retry. @default {} */
  retry?: RetryOptions | false | undefined;
  /**
   * The maximum rate of requests with a token, including replays and retries. The plugin spaces them evenly. A function is called before
   * each send and can share the rate with other processes, such as `redisRate` of `axios-oauth-refresh/redis-store`.
   * @default no limit
   * @example { requests: 300, interval: 60_000 }
   */
  rate?: Rate | RateLimiter | undefined;
  /** The name of the header for `authRefresh: { idempotencyKey }`. @default 'Idempotency-Key' */
  idempotencyKeyHeader?: string | undefined;
  /**
   * Statuses that reject the token, unless the vendor or the Bearer challenge says otherwise: integers from 200 to 599. A status below 400
   * requires `shouldRefresh`.
   * @default [401]
   * @example [401, 403]
   */
  statusCodes?: readonly number[] | undefined;
  /**
   * Returns whether a response rejects the token. If it returns undefined, the default rule decides; a status below 400 then does not
   * reject the token. Called for the statuses in `statusCodes`, by default for every 4xx except 408 and 429, and not after a redirect to
   * another origin.
   *
   * @param response its `data` is not parsed yet.
   * @param body the parsed `data` if it is JSON, otherwise its text; undefined for streams, Blobs and large binary data.
   * @example (response, body) => response.status === 403 && body?.code === 'token_expired' ? true : undefined
   */
  shouldRefresh?:
    | ((
        response: AxiosResponse,
        body: AxiosResponse['data'],
      ) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
  /** Receives events about refreshes, replays, retries, skipped requests and store failures. */
  onEvent?: AuthRefreshListener | undefined;
}

const { transportFrom, ...SHARED_OPTIONS } = MANAGER_OPTIONS;

const OPTIONS: OptionTable<AuthRefreshOptions> = {
  ...SHARED_OPTIONS,
  tokens: 'any',
  resourceOrigins: 'array',
  allowInsecureOrigins: 'array',
  authorizationHeader: 'object',
  statusCodes: 'array',
  rate: 'any',
  idempotencyKeyHeader: 'string',
  maxReplays: 'number',
  retry: 'any',
  shouldRefresh: 'function',
};

const RETRY_OPTIONS: OptionTable<RetryOptions> = {
  retries: 'number',
  baseDelay: 'number',
  maxRetryAfter: 'number',
  allMethods: 'boolean',
};

/**
 * Checks the arguments of {@link attachAuthRefresh}.
 *
 * @param isAttached whether the plugin is already attached to the instance.
 * @returns the options, without values of a polluted prototype.
 * @throws ConfigurationError that lists every problem.
 */
export function checkAttachOptions(
  instance: AxiosInstance,
  given: AuthRefreshOptions,
  isAttached: boolean,
): AuthRefreshOptions {
  const [options, problems] = readOptions(given, OPTIONS);
  const { tokens, resourceOrigins = [], allowInsecureOrigins = [], statusCodes = [], retry, rate } = options;
  const [retryOptions, retryProblems] = readOptions(retry || {}, RETRY_OPTIONS, 'retry.');
  if (retry) options.retry = retryOptions;
  const [headerOptions, headerProblems] = readOptions(
    options.authorizationHeader,
    HEADER_OPTIONS,
    'authorizationHeader.',
  );
  options.authorizationHeader = headerOptions;
  const header = resolveHeader(headerOptions);
  const insecureOrigins = httpOrigins(allowInsecureOrigins);
  const isAxios = typeof instance?.interceptors?.request?.use === 'function';
  const { VERSION, getAdapter } = axios;
  const supported = 'axios-oauth-refresh supports axios 1.5.0 to 1.x';
  if (Number.parseInt(VERSION, 10) > 1) warn(`axios ${VERSION} is untested: ${supported}`);
  refuse('attachAuthRefresh', [
    !getAdapter && `axios ${VERSION} is too old: ${supported}`,
    isAxios
      ? typeof instance !== 'function' && retry !== false && 'use axios.create() or set retry to false'
      : 'the first argument must be an axios instance',
    // Any other value would mean the default options.
    retry !== undefined && retry !== false && Object(retry) !== retry && 'retry must be an object or false',
    isAttached && 'call detach() first: the plugin is attached',
    // The plugin would treat them as the caller's own credentials on every request, and never send a token.
    hasCredentials(instance?.defaults, header.name) && `remove ${header.name} and auth from the defaults`,
    ...(tokens
      ? Object.keys(options).map(
          (name) =>
            name in SHARED_OPTIONS &&
            !['onEvent', 'random'].includes(name) &&
            `pass ${name} to createTokenManager`,
        )
      : managerProblems(options)),
    headerProblem(header),
    // axios drops such a field, and a POST would be retried without its key.
    !TOKEN.test(options.idempotencyKeyHeader ?? '-') && 'idempotencyKeyHeader must be a field name',
    ...originProblems('resourceOrigins', resourceOrigins, insecureOrigins),
    ...originProblems('allowInsecureOrigins', allowInsecureOrigins, insecureOrigins),
    insecureOrigins.length < allowInsecureOrigins.length &&
      'allowInsecureOrigins is for http: use resourceOrigins',
    // Every request would be sent without a token.
    ...httpOrigins([instance?.defaults?.baseURL]).map(
      (origin) =>
        urlProblem(origin, insecureOrigins) &&
        `baseURL is not https: use https, or set allowInsecureOrigins: ['${origin}']`,
    ),
    statusCodes.some(
      (status) => !Number.isInteger(status) || status < (options.shouldRefresh ? 200 : 400) || status > 599,
    ) && 'statusCodes must be integers from 400 to 599, or from 200 with shouldRefresh',
    ...rateProblems(rate),
    ...problems,
    ...retryProblems,
    ...headerProblems,
  ]);
  return options;
}

/** Returns whether an instance's defaults contain credentials: for all methods, for one method, or for HTTP Basic. */
function hasCredentials(defaults: Partial<AxiosInstance['defaults']> | undefined, field: string): boolean {
  let found = defaults?.auth != null;
  JSON.stringify(defaults?.headers, (name, value) => {
    found ||= value != null && name.toLowerCase() === field.toLowerCase();
    // JSON.stringify throws on a BigInt.
    return typeof value === 'bigint' || value;
  });
  return found;
}
