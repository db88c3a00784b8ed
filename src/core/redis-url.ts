import { parseUrl } from './parse-url.ts';

/** A host as `ioredis` names it: an IPv6 address has no brackets. */
interface RedisHost {
  host?: string;
  port?: number;
}

type Address = { [Field in keyof RedisHost]: RedisHost[Field] | undefined };

/** The options of `ioredis` that a URL states. `username` and `password` are options of `redis` too. */
interface RedisUrlOptions {
  username?: string;
  password?: string;
  sentinels?: RedisHost[];
  /** The name of the master. */
  name?: string;
  db?: number;
  sentinelUsername?: string;
  sentinelPassword?: string;
  tls?: object;
  sentinelTLS?: object;
  enableTLSForSentinelMode?: boolean;
}

/** A parsed URL of Redis. */
export interface RedisTarget {
  /** The URL for the client, without credentials. Undefined for Sentinel. */
  readonly url: string | undefined;
  readonly options: RedisUrlOptions;
  /** Hosts, ports and the name of the master, for messages. */
  readonly address: string;
}

const SENTINEL = /^redis(s?)\+sentinel:\/\/(?:([^/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;
const SENTINEL_PORT = 26379;
const EXAMPLE = 'redis+sentinel://sentinel.internal:26379/mymaster';
const UNESCAPED =
  'has an "@" after the hosts. Percent-encode the user name and the password, for example with encodeURIComponent';

/**
 * Parses `redis://`, `rediss://`, `redis+sentinel://` and `rediss+sentinel://` URLs, for each client of Redis.
 *
 * Returns the credentials as options, because the clients decode the credentials of a URL differently, and some throw for a "%".
 *
 * @returns a problem if the URL is invalid. The problem quotes nothing from the URL, which can contain a password anywhere.
 */
export function parseRedisUrl(text: unknown): RedisTarget | { problem: string } {
  if (typeof text === 'string' && /^rediss?\+sentinel:/i.test(text)) return parseSentinelUrl(text);
  const url = typeof text === 'string' ? parseUrl(text) : undefined;
  if (!url || !/^rediss?:$/.test(url.protocol)) {
    return {
      problem: `must be a redis:// or rediss:// URL, such as redis://redis.internal:6379, or a Sentinel URL, such as ${EXAMPLE}. Percent-encode special characters of a password`,
    };
  }
  if (/@/.test(url.pathname + url.hash)) return { problem: UNESCAPED };
  const options = credentials(url.username, url.password);
  url.username = '';
  url.password = '';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    url: url.href,
    options,
    address: redisAddress({ ...(host && { host }), ...(url.port && { port: Number(url.port) }) }),
  };
}

/** Returns where a client connects to, for messages. */
export function redisAddress({
  sentinels,
  name,
  ...redis
}: Address & { sentinels?: readonly Address[] | undefined; name?: string | undefined }): string {
  if (!sentinels?.length) return hostAndPort(redis, 6379);
  return `the master ${name} (Sentinel ${sentinels.map((one) => hostAndPort(one, SENTINEL_PORT)).join(', ')})`;
}

function hostAndPort({ host = 'localhost', port }: Address, defaultPort: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port ?? defaultPort}`;
}

function parseSentinelUrl(text: string): RedisTarget | { problem: string } {
  const [, tls, userInfo = '', hosts = '', path = '', query = ''] = SENTINEL.exec(text) ?? [];
  if (/@/.test(path + query.replace(/=[^&]*/g, ''))) return { problem: UNESCAPED };
  if (!hosts)
    return { problem: text.includes('@') ? UNESCAPED : `must name the hosts of Sentinel: ${EXAMPLE}` };
  const sentinels = hosts.split(',').map(parseHost);
  const [name = '', db = '', ...rest] = path.split('/').map(decode);
  const parameters = new URLSearchParams(query);
  const problem = [
    sentinels.includes(undefined) &&
      'must list the hosts of Sentinel as host:port, separated by commas, with ports from 1 to 65535 and IPv6 addresses in brackets',
    !name && `must end with the name of the master: ${EXAMPLE}`,
    (!/^\d*$/.test(db) || rest.length > 0) && `must have a number as database after the master: ${EXAMPLE}/0`,
    [...parameters.keys()].some((key) => !/^sentinel(Username|Password)$/.test(key)) &&
      'accepts only the parameters sentinelUsername and sentinelPassword',
  ].find(Boolean);
  if (problem) return { problem };
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/s.exec(userInfo) ?? [];
  const sentinelUsername = parameters.get('sentinelUsername');
  const sentinelPassword = parameters.get('sentinelPassword');
  const options: RedisUrlOptions = {
    ...credentials(username, password),
    sentinels: sentinels as RedisHost[],
    name,
    db: Number(db),
    ...(sentinelUsername && { sentinelUsername }),
    ...(sentinelPassword && { sentinelPassword }),
    ...(tls && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
  };
  return { url: undefined, options, address: redisAddress(options) };
}

function parseHost(text: string): RedisHost | undefined {
  const [, host = '', port = SENTINEL_PORT] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d+))?$/.exec(text) ?? [];
  const isValid = parseUrl(`redis://${host}`)?.hostname && Number(port) >= 1 && Number(port) <= 65535;
  return isValid ? { host: host.replace(/^\[|\]$/g, ''), port: Number(port) } : undefined;
}

function credentials(username: string, password: string) {
  return {
    ...(username && { username: decode(username) }),
    ...(password && { password: decode(password) }),
  };
}

/** Decodes percent-encoded characters. A "%" that starts none stays: `decodeURIComponent` throws for such a text. */
function decode(text: string): string {
  return text.replace(/(%[\da-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}
