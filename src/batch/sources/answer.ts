import type { AxiosResponse } from 'axios';
import { ExactNumber } from '../json/exact-number.ts';
import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import { toJson } from '../json/to-json.ts';
import { UnexpectedAnswer } from '../unexpected-answer.ts';

/**
 * Returns the body of a response, which must be an object.
 *
 * @param label names the request in messages, such as `the details query`.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` that describes the actual body.
 */
export function objectOf(response: AxiosResponse, label: string): JsonObject {
  const { data } = response;
  if (isJsonObject(data)) return data;
  throw wrongShape(response, label);
}

/**
 * Returns the body of a response, which must be an array.
 *
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` that describes the actual body.
 */
export function bareListOf(response: AxiosResponse, label: string): readonly unknown[] {
  if (Array.isArray(response.data)) return response.data;
  throw wrongShape(response, label);
}

function wrongShape({ data, status, headers }: AxiosResponse, label: string): UnexpectedAnswer {
  const type = String(headers?.['content-type'] ?? '').split(';')[0];
  // A proxy returns its login page, or nothing, instead of a response of the API.
  const isForeign = data === undefined || typeof data === 'string';
  return unexpected(label, `returned ${status} with ${shapeOf(data)}${type ? ` (${type})` : ''}`, isForeign);
}

/**
 * Returns a member of a response, which must be an array.
 *
 * @throws BatchError `ERR_UNEXPECTED_ANSWER`, also if the member is missing: a missing list is never the end.
 */
export function listOf(body: JsonObject, name: string, label: string): readonly unknown[] {
  const isMember = Object.hasOwn(body, name);
  const list = isMember ? body[name] : undefined;
  if (Array.isArray(list)) return list;
  const what = isMember ? `whose ${name} is ${shapeOf(list)}` : `without ${name}. It has ${namesOf(body)}`;
  throw unexpected(label, `returned an object ${what}`);
}

/**
 * Returns the error for a response that contains neither valid records nor the documented end.
 *
 * @param isForeign whether the response may come from a proxy instead of the API, or may be cut off.
 */
export function unexpected(label: string, what: string, isForeign = false): UnexpectedAnswer {
  return new UnexpectedAnswer(
    `${label} ${what}. The export stops, because records could be missing. ` +
      'Check the URL, the region, and any proxy between this host and the API.',
    isForeign,
  );
}

/** Returns a value of a response for a message: its JSON, cut off, or its kind. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : toJson(value).slice(0, 80);
}

function shapeOf(value: unknown): string {
  if (value === undefined || value === '') return 'no content';
  if (value === null) return 'null';
  if (value instanceof ExactNumber) return 'a number';
  if (typeof value === 'string') return /^\s*</.test(value) ? 'HTML or XML' : 'text that is not JSON';
  return Array.isArray(value) ? 'an array' : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}

function namesOf(body: JsonObject): string {
  const names = Object.keys(body);
  return names.length === 0 ? 'no members' : names.slice(0, 8).join(', ');
}
