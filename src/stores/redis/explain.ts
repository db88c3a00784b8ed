import { TokenStoreError } from '../../core/index.ts';
import { messageOf, redact } from '../../core/internal.ts';
import { storeError } from '../store-error.ts';

// Milliseconds until the next attempt after an error that can end without a change by the user, such as a restart of Redis.
const RETRY_AFTER = 250;

// ioredis reports the second text for a socket that is closed, but whose `close` event has not arrived.
const CUT = /\b(ECONNRESET|EPIPE)\b|closed|isn't writeable/i;

/** Patterns for error codes of Redis and of sockets, each with the cause, what to do, and the milliseconds until the next attempt. */
const MEANINGS: readonly [pattern: RegExp, meaning: string, retryAfter?: number][] = [
  [
    /All sentinels.*(NOAUTH|WRONGPASS|invalid password)/,
    'Sentinel rejected the password, or requires one. Set sentinelPassword in the URL (redis+sentinel://host/master?sentinelPassword=...)',
  ],
  [
    /All sentinels.*No such master/,
    'Sentinel does not know the master. Check the name of the master at the end of the URL',
    RETRY_AFTER,
  ],
  [/All sentinels/, 'Sentinel is unreachable. Check that Sentinel runs at this host and port', RETRY_AFTER],
  [
    /\bECONNREFUSED\b/,
    'Redis refused the connection. Check that Redis runs at this host and port',
    RETRY_AFTER,
  ],
  [/\b(ENOTFOUND|EAI_AGAIN)\b/, 'the host of Redis was not found. Check its name'],
  [
    /\b(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)\b|[Cc]onnection timeout/,
    'Redis is unreachable. Check its host and port, and firewalls',
  ],
  [
    /\bNOAUTH\b/,
    'Redis requires a password. Set it in the URL (redis://:password@host) or in the options of the client',
  ],
  [/\bWRONGPASS\b|invalid password/, 'Redis rejected the user name or password. Check both'],
  [
    /\bNOPERM\b/,
    'the Redis user lacks a permission. Allow the user to access the keys and channels that begin with the prefix, and to run EVAL, EVALSHA, HMGET, SUBSCRIBE and UNSUBSCRIBE',
  ],
  [/\bLOADING\b/, 'Redis is still loading its data. The next request tries again', RETRY_AFTER],
  [
    /\bREADONLY\b/,
    'this Redis server is a read-only replica. Use the address of the primary, or wait until the failover ends',
    RETRY_AFTER,
  ],
  [/\bOOM\b/, 'Redis is out of memory. Raise maxmemory, or free memory'],
  [/\b(MISCONF|NOREPLICAS)\b/, 'Redis does not accept writes. Check its log'],
  [
    /\b(CLUSTERDOWN|MASTERDOWN|TRYAGAIN)\b/,
    'Redis is failing over. The next request tries again',
    RETRY_AFTER,
  ],
  [/\b(MOVED|ASK) \d+/, 'this Redis server is a node of a cluster. Pass a Cluster of ioredis as client'],
  [/\bBUSY\b/, 'Redis is busy with a script of another client. Wait, or stop the script with SCRIPT KILL'],
  [
    /\bWRONGTYPE\b/,
    'the value of the key does not belong to this store. Choose another prefix, or delete the key',
  ],
  [
    /\b(EPROTO|ERR_SSL_\w+)\b|SSL routines/,
    'the TLS handshake with Redis failed. Check that the port is the TLS port, or use redis:// instead of rediss://',
  ],
  [
    /\b(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_\w+)\b|self-signed/,
    'the certificate of Redis is not trusted. Add its authority to NODE_EXTRA_CA_CERTS, or pass a client with `tls: { ca }`',
  ],
  [
    CUT,
    'Redis closed the connection. Check that Redis runs. If Redis requires TLS, use rediss://',
    RETRY_AFTER,
  ],
];

/**
 * Converts an error of a client to a TokenStoreError with the cause, what to do and the text of the server.
 *
 * Copies only the text, because errors of clients contain the command with the token. Removes the arguments that a server repeats
 * from an unknown command.
 *
 * @param secrets are removed from the text.
 * @param address where the connection leads, if the connection failed.
 */
export function explain(
  thrown: unknown,
  secrets: readonly (string | undefined)[],
  address?: string,
): TokenStoreError {
  if (thrown instanceof TokenStoreError) return thrown;
  const text = messageOf(thrown).replace(/,? with args beginning with.*/s, '');
  const shown = redact(text || firstMessageOf(thrown), secrets);
  const known = `${codeOf(thrown)} ${shown}`;
  const [, meaning, retryAfter] = MEANINGS.find(([pattern]) => pattern.test(known)) ?? [];
  // Other errors, such as a missing package, are not failures of the connection.
  if (!meaning) return storeError(shown);
  const at = address && !shown.includes(address) ? `; connecting to ${address}` : '';
  return storeError(`${meaning} (${shown.trim() || known.trim()}${at})`, retryAfter);
}

/** Returns whether the server, or a proxy before it, closed the connection. */
export function isCut(thrown: unknown): boolean {
  return !(thrown instanceof TokenStoreError) && CUT.test(`${codeOf(thrown)} ${messageOf(thrown)}`);
}

function codeOf(thrown: unknown): string {
  const { code } = Object(thrown) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

export { storeError };

/** For a host with several addresses, Node throws an AggregateError without a message. */
function firstMessageOf(thrown: unknown): string {
  const { errors } = Object(thrown) as { errors?: unknown };
  return Array.isArray(errors) && errors.length > 0 ? messageOf(errors[0]) : '';
}
