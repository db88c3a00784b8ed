import type { AxiosResponse } from 'axios';
import { BatchError } from '../errors.ts';

/** A JSON object, nothing known of its members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The object that an answer must be.
 *
 * @param asked what was asked for, such as `the details query`.
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` that says what came instead.
 */
export function objectOf(response: AxiosResponse, asked: string): JsonObject {
  const { data } = response;
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as JsonObject;
  throw unfit(response, asked);
}

/**
 * The list that an answer must be by itself.
 *
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` that says what came instead.
 */
export function bareListOf(response: AxiosResponse, asked: string): readonly unknown[] {
  if (Array.isArray(response.data)) return response.data;
  throw unfit(response, asked);
}

function unfit({ data, status, headers }: AxiosResponse, asked: string): BatchError {
  const type = String(headers?.['content-type'] ?? '').split(';')[0];
  return unexpected(asked, `answered ${status} with ${shapeOf(data)}${type ? ` (${type})` : ''}`);
}

/**
 * The list that a member of an answer must be.
 *
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` also when there is no such member: that is never taken for the end.
 */
export function listOf(body: JsonObject, name: string, asked: string): readonly unknown[] {
  const list = body[name];
  if (Array.isArray(list)) return list;
  const found = name in body ? `its ${name} is ${shapeOf(list)}` : `it has no ${name}, but ${namesOf(body)}`;
  throw unexpected(asked, `was answered with an object of which ${found}`);
}

/** An answer that is neither what was asked for nor the documented end. */
export function unexpected(asked: string, what: string): BatchError {
  return new BatchError(
    `${asked} ${what}. This is neither records nor the end of them, so the export stops here. ` +
      'Check the URL and the region, and what stands between this host and the API.',
    'ERR_UNEXPECTED_ANSWER',
  );
}

function shapeOf(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'nothing';
  if (typeof value === 'string') return /^\s*</.test(value) ? 'HTML or XML' : 'a text that is no JSON';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function namesOf(body: JsonObject): string {
  const names = Object.keys(body);
  return names.length === 0 ? 'nothing at all' : names.slice(0, 8).join(', ');
}
