import type { InternalAxiosRequestConfig } from 'axios';
import type { AuthRefreshRequestOptions } from '../core/index.ts';
import { type OptionTable, readOptions, refuse } from '../core/internal.ts';

const OPTIONS: OptionTable<AuthRefreshRequestOptions> = {
  body: 'function',
  idempotent: 'boolean',
  refresh: 'boolean',
  idempotencyKey: 'any',
  deadline: 'number',
};

/** Checks the options of one request. @throws ConfigurationError that lists every problem. */
export function checkRequestOptions({ authRefresh }: InternalAxiosRequestConfig): void {
  if (authRefresh) refuse('authRefresh', readOptions(authRefresh, OPTIONS)[1]);
}
