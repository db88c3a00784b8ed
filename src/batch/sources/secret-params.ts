import { isSecretName, parseUrl, removeUserInfo } from '../../core/internal.ts';
import { ExactNumber } from '../json/exact-number.ts';
import type { JsonMembers } from './member-path.ts';
import type { Json } from './source.ts';

/**
 * Returns a value without the members that are secrets by their names, at any depth, because checkpoints are not encrypted.
 *
 * @param more further names of secrets.
 */
export function withoutSecrets(value: Json, more: readonly string[] = []): Json {
  // Data of a POST can contain a number that JavaScript cannot represent.
  if ((value as unknown) instanceof ExactNumber) return { number: String(value) };
  if (Array.isArray(value)) return value.map((inner: Json) => withoutSecrets(inner, more));
  if (typeof value !== 'object' || value === null) return value;
  const members = value as JsonMembers;
  const kept = Object.entries(members).filter(([name]) => !isSecretMember(name, members, more));
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutSecrets(inner, more)]));
}

function isSecretMember(name: string, members: JsonMembers, more: readonly string[]): boolean {
  // A filter such as {"key":"status","value":"open"} is not a secret.
  const isFilter =
    name === 'key' && Object.keys(members).some((other) => /^(value|op|operator)/i.test(other));
  return !isFilter && isSecretName(name, more);
}

/** Returns the problem of the option `secretParams`, if any. */
export function secretNamesProblem(names: readonly string[] = []): string | undefined {
  return names.every((name) => typeof name === 'string' && name !== '')
    ? undefined
    : 'secretParams must be a list of names';
}

/** Returns a URL without user information and without the parameters that are secrets by their names. */
function urlWithoutSecrets(url: string, more: readonly string[] = []): string {
  const [, path = '', query, hash = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(removeUserInfo(url)) ?? [];
  if (query === undefined) return path + hash;
  const kept = query.split('&').filter((pair) => !isSecretName(nameOf(pair), more));
  return `${path}${kept.length > 0 ? `?${kept.join('&')}` : ''}${hash}`;
}

/** A request whose parameters, data and URL can contain secrets. */
interface SecretRequest {
  url: string;
  params?: JsonMembers | undefined;
  data?: JsonMembers | undefined;
  secretParams?: readonly string[] | undefined;
}

/** Returns the query of a checkpoint: a request without its secrets, and more values that are not undefined. */
export function requestQuery(
  { url, params, data, secretParams }: SecretRequest,
  more: Readonly<Record<string, Json | undefined>>,
): Json {
  const all: Readonly<Record<string, Json | undefined>> = {
    url: urlWithoutSecrets(url, secretParams),
    params: params && withoutSecrets(params, secretParams),
    data: data && withoutSecrets(data, secretParams),
    ...more,
  };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}

function nameOf(pair: string): string {
  const [[name] = ['']] = [...new URLSearchParams(pair)];
  return name;
}

/** The secret parameters of a source, by their names. */
export type SecretParams = ReadonlyMap<string, readonly string[]>;

/** Returns the parameters of a request that are secrets by their names. */
export function secretParamsOf(
  url: string,
  params: JsonMembers = {},
  more: readonly string[] = [],
): SecretParams {
  const query = parseUrl(url, 'http://relative.invalid')?.searchParams ?? new URLSearchParams();
  const inUrl = [...new Set(query.keys())].map((name) => [name, query.getAll(name)] as const);
  const inParams = Object.entries(params).map(([name, value]) => [name, [value].flat().map(String)] as const);
  return new Map([...inUrl, ...inParams].filter(([name]) => isSecretName(name, more)));
}

/** Empties the secrets of a source that the API repeats in a link. The checkpoint stores the link. */
export function emptySecrets(link: URL, secrets: SecretParams): void {
  for (const [name, values] of secrets) {
    const repeated = link.searchParams.getAll(name);
    // Any other value comes from the API, such as the token of the next page.
    if (repeated.some((value) => value !== '' && !values.includes(value)) || repeated.length === 0) continue;
    link.searchParams.set(name, '');
  }
}

/** Fills in the secrets that {@link emptySecrets} emptied. */
export function fillSecrets(link: URL, secrets: SecretParams): void {
  for (const [name, values] of secrets) {
    if (link.searchParams.get(name) !== '') continue;
    link.searchParams.delete(name);
    for (const value of values) link.searchParams.append(name, value);
  }
}
