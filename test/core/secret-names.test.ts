import { expect, it } from 'vitest';
import { isSecretName } from '../../src/core/internal.ts';

it.each([
  'key',
  'api_key',
  'apikey',
  'APIKEY',
  'apiKey',
  'X-Api-Key',
  'Ocp-Apim-Subscription-Key',
  'access_key',
  'AWSAccessKeyId',
  'token',
  'access_token',
  'accessToken',
  'accesstoken',
  'auth',
  'auth.user',
  'Authorization',
  'client_secret',
  'clientSecret',
  'password',
  'passwd',
  'pwd',
  'user_password',
  'sig',
  'X-Amz-Signature',
  'session',
  'sessionId',
  'sessionid',
  'jwt',
  'code',
  'credential',
  'credentials',
  'filter[api_key]',
  'api_key2',
  'apiKeys',
])('%s is the name of a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

it.each([
  '',
  'expand',
  'keyword',
  'keywords',
  'author',
  'authorId',
  'sortKey',
  'order_key',
  'pageToken',
  'next_page_token',
  'continuationToken',
  'countryCode',
  'status_code',
  'monkey',
  'tokenizer',
  'secretary',
  'signal',
  'design',
  'sessions_from',
  'passage',
])('%s is not the name of a secret', (name) => {
  expect(isSecretName(name)).toBe(false);
});

it('compares further names of secrets in any case', () => {
  expect(isSecretName('tenant', ['Tenant'])).toBe(true);
  expect(isSecretName('tenants', ['Tenant'])).toBe(false);
});
