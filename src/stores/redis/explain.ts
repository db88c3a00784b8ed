import { TokenStoreError } from '../../core/index.ts';
import { messageOf, redact } from '../../core/internal.ts';

/** What the first words of a server's error mean, or the code of a socket's, and what to do about it. */
const MEANINGS: readonly [RegExp, string][] = [
  [/\bECONNREFUSED\b/, 'Redis is not there. Check that it runs, and its host and port'],
  [/\b(ENOTFOUND|EAI_AGAIN)\b/, 'the host of Redis is not known. Check its name'],
  [
    /\b(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)\b|[Cc]onnection timeout/,
    'Redis cannot be reached. Check its host and port, and firewalls on the way',
  ],
  [
    /\bNOAUTH\b/,
    'Redis wants a password. Put it into the URL (redis://:password@host) or the options of the client',
  ],
  [/\bWRONGPASS\b|invalid password/, 'Redis refuses the user name or password. Check both'],
  [
    /\bNOPERM\b/,
    'the user may not do this. Allow it to read and write the keys, and the channels, of the prefix, and EVAL, EVALSHA, HMGET, SUBSCRIBE and UNSUBSCRIBE',
  ],
  [/\bLOADING\b/, 'Redis has started and still loads its data. It is tried again'],
  [
    /\bREADONLY\b/,
    'this Redis is a replica, which cannot be written to. Give the address of the primary; while it fails over, wait',
  ],
  [/\bOOM\b/, 'Redis has no memory left. Raise maxmemory, or make room'],
  [/\b(MISCONF|NOREPLICAS)\b/, 'Redis takes no writes. Its log says why'],
  [/\b(CLUSTERDOWN|MASTERDOWN|TRYAGAIN)\b/, 'Redis is failing over. It is tried again'],
  [/\b(MOVED|ASK) \d+/, 'this Redis is one of a cluster. Give a client for clusters'],
  [/\bBUSY\b/, 'Redis is busy with a script of somebody else'],
  [
    /\bWRONGTYPE\b/,
    'what is kept under the key is none of this store. Choose another prefix, or delete the key',
  ],
  [
    /\b(EPROTO|ERR_SSL_\w+)\b|SSL routines/,
    'Redis does not speak TLS as expected. Check that the port is its TLS port, or use redis:// in place of rediss://',
  ],
  [
    /\b(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_\w+)\b|self-signed/,
    'the certificate of Redis is not trusted. Name its authority in NODE_EXTRA_CA_CERTS, or give a client with `tls: { ca }`',
  ],
  [
    /\b(ECONNRESET|EPIPE)\b|closed/i,
    'Redis has closed the connection. Check that it runs; one that speaks TLS wants rediss://',
  ],
];

/**
 * Makes the error of what a client has thrown: what it means, what to check, and the words of the server.
 *
 * Only the text is taken over: errors of clients hold the command, and that the token. A server repeats the arguments of a
 * command that it does not know.
 *
 * @param secrets are taken out of the text.
 */
export function explain(thrown: unknown, secrets: readonly (string | undefined)[]): TokenStoreError {
  if (thrown instanceof TokenStoreError) return thrown;
  const { code } = Object(thrown) as { code?: unknown };
  const text = messageOf(thrown).replace(/,? with args beginning with.*/s, '');
  const said = redact(text || firstOf(thrown), secrets);
  const known = `${typeof code === 'string' ? code : ''} ${said}`;
  const meaning = MEANINGS.find(([pattern]) => pattern.test(known))?.[1];
  return storeError(meaning ? `${meaning} (${said.trim() || known.trim()})` : said);
}

export function storeError(message: string): TokenStoreError {
  return new TokenStoreError(message, { code: 'ERR_TOKEN_STORE' });
}

/** Of a host with several addresses Node says in an AggregateError why each failed, and nothing in its own message. */
function firstOf(thrown: unknown): string {
  const { errors } = Object(thrown) as { errors?: unknown };
  return Array.isArray(errors) && errors.length > 0 ? messageOf(errors[0]) : '';
}
