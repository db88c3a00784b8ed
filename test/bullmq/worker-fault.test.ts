import { AxiosError, type AxiosResponse } from 'axios';
import { expect, it } from 'vitest';
import { BatchError } from '../../src/batch/index.ts';
import { fileError, toBatchError } from '../../src/batch/internal.ts';
import { DirectoryError } from '../../src/bullmq/directory-error.ts';
import { faultOf, type WorkerFault } from '../../src/bullmq/worker-fault.ts';
import { AuthRefreshError, ConfigurationError, TokenRequestError } from '../../src/core/errors.ts';

const config = { url: '/x' } as never;
const ofFile = (code: string) => Object.assign(new Error(code), { code, syscall: 'open' });
const request = (code: string, response?: Partial<AxiosResponse>) =>
  toBatchError(new AxiosError(code, code, config, undefined, response as AxiosResponse));
const answered = (status: number, headers = {}) => request('ERR_BAD_REQUEST', { status, headers, config });
const token = (code: AuthRefreshError['code'], status?: number) =>
  toBatchError(
    new AuthRefreshError('no token', code, config, undefined, new TokenRequestError('no', { code, status })),
  );

type Case = readonly [what: string, error: Error, fault: WorkerFault | undefined];

const CASES: readonly Case[] = [
  ...[
    'ENOENT',
    'EROFS',
    'EACCES',
    'EPERM',
    'ENOSPC',
    'EDQUOT',
    'EIO',
    'EMFILE',
    'ENFILE',
    'ESTALE',
    'EFBIG',
  ].map((code): Case => [`${code} of the output`, fileError('/x', ofFile(code)), 'directory']),
  ['an error of a file in a callback', toBatchError(ofFile('EIO')), 'directory'],
  ['a part file that another worker has written', new BatchError('short', 'ERR_OUTPUT_SHORT'), 'directory'],
  ['a directory that is not shared', new DirectoryError('not shared', new Error()), 'directory'],
  ...['EISDIR', 'ENAMETOOLONG', 'ENOTDIR'].map(
    (code): Case => [`${code} of the output`, fileError('/x', ofFile(code)), undefined],
  ),
  ...[
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNREFUSED',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EMFILE',
    'CERT_HAS_EXPIRED',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'EPROTO',
  ].map((code): Case => [`${code} of a request`, request(code), 'network']),
  ['a connection that cannot be opened', request('connect ETIMEDOUT 10.0.0.1:443'), 'network'],
  ['a page of a proxy', request('ERR_HTML_RESPONSE', { status: 200 }), 'network'],
  ['a proxy that requires a password', answered(407), 'network'],
  ...['ECONNRESET', 'ETIMEDOUT', 'ECONNABORTED', 'ERR_BAD_RESPONSE'].map(
    (code): Case => [`${code} of a request`, request(code), undefined],
  ),
  ['a page of a failing API', request('ERR_HTML_RESPONSE', { status: 503 }), undefined],
  ...[401, 403].map((status): Case => [`status ${status}`, answered(status), 'credentials']),
  ...[400, 404, 408, 409, 429, 500, 503].map(
    (status): Case => [`status ${status}`, answered(status), undefined],
  ),
  ['credentials that the token endpoint refuses', token('ERR_TOKEN_ENDPOINT', 401), 'credentials'],
  ['a token endpoint that returns no token', token('ERR_TOKEN_RESPONSE', 200), 'credentials'],
  ['a secret that cannot be read', token('ERR_CALLBACK'), 'credentials'],
  ['an unreachable token endpoint', token('ERR_TOKEN_REQUEST'), 'network'],
  ['a token endpoint that does not answer', token('ERR_TOKEN_TIMEOUT'), 'network'],
  ['an unreachable token store', token('ERR_TOKEN_STORE'), 'network'],
  ['a failing token endpoint', token('ERR_TOKEN_REQUEST', 503), undefined],
  ['a throttling token endpoint', token('ERR_TOKEN_THROTTLED', 429), undefined],
  ['an existing output', new BatchError('exists', 'ERR_OUTPUT_EXISTS'), undefined],
  ['a damaged checkpoint', new BatchError('damaged', 'ERR_CHECKPOINT_DAMAGED'), undefined],
  ['wrong options', new ConfigurationError('source', ['wrong']), undefined],
];

it.each(CASES)('faultOf: %s', (_, error, fault) => {
  expect(faultOf(error)).toBe(fault);
});
