import { isAxiosError } from 'axios';
import { BatchError } from '../batch/index.ts';
import { type AuthRefreshErrorCode, isAuthRefreshError } from '../core/index.ts';
import { isScopeRefusal } from '../core/internal.ts';
import { DirectoryError } from './directory-error.ts';

/** What a worker lacks: a usable directory, a way to the API, or credentials that the API accepts. */
export type WorkerFault = 'directory' | 'network' | 'credentials';

// The export named the path, so the path is wrong on every host.
const WRONG_PATH = ['EISDIR', 'ENAMETOOLONG', 'ENOTDIR', 'EEXIST', 'ELOOP'];

// The request never reached the API. A connection that the API closes is an outage instead, which waiting ends.
const UNREACHABLE = [
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'EAI_NODATA',
  'EAI_NONAME',
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'ERR_HTML_RESPONSE',
  ...['EACCES', 'EMFILE', 'ENFILE', 'EPERM'],
];
const TLS = /CERT|^ERR_(TLS|SSL)_|^EPROTO$|^UNABLE_TO_/;

const TOKEN_FAULTS: { readonly [code in AuthRefreshErrorCode]?: WorkerFault } = {
  ERR_TOKEN_ENDPOINT: 'credentials',
  ERR_TOKEN_RESPONSE: 'credentials',
  ERR_CALLBACK: 'credentials',
  ERR_TOKEN_REQUEST: 'network',
  ERR_TOKEN_TIMEOUT: 'network',
  ERR_TOKEN_STORE: 'network',
};

/** Returns what a worker lacks if a part failed because of the worker's machine; undefined if another worker would fail too. */
export function faultOf(error: Error): WorkerFault | undefined {
  if (error instanceof DirectoryError) return 'directory';
  if (!(error instanceof BatchError)) return undefined;
  const { code, cause } = error;
  switch (code) {
    case 'ERR_REQUEST':
      return requestFault(cause);
    case 'ERR_OUTPUT_SHORT':
      return 'directory';
    case 'ERR_OUTPUT':
    case 'ERR_CALLBACK':
      return fileFault(cause);
    default:
      return undefined;
  }
}

function fileFault(cause: unknown): WorkerFault | undefined {
  const { code, syscall } = Object(cause) as NodeJS.ErrnoException;
  return syscall === undefined || WRONG_PATH.includes(code ?? '') ? undefined : 'directory';
}

function requestFault(cause: unknown): WorkerFault | undefined {
  if (!isAxiosError(cause)) return undefined;
  if (isAuthRefreshError(cause)) {
    // With a status, the token endpoint is reachable and out of order.
    const { status } = Object(cause.cause) as { status?: number };
    const fault = TOKEN_FAULTS[cause.code];
    return fault === 'network' && status !== undefined && status !== 407 ? undefined : fault;
  }
  const { code = '', message, response } = cause;
  const { status, headers } = response ?? {};
  if (status === 401 || status === 403 || isScopeRefusal(headers)) return 'credentials';
  // A proxy answers.
  if (status === 407) return 'network';
  const isUnreachable =
    UNREACHABLE.includes(code) || TLS.test(code) || message.startsWith('connect ETIMEDOUT');
  return isUnreachable && (status === undefined || status < 400) ? 'network' : undefined;
}
