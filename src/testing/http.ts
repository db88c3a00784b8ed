import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** A request as the handlers see it: read to its end, nothing decided yet. */
export interface SimRequest {
  method: string;
  /** The path without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

/** An answer as the handlers give it; the server adds what HTTP needs. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** Text, or pieces of it for a body too large to be held. */
  body: string | Iterable<string>;
  /** How many records it holds, to be counted when it is sent. */
  records?: number;
}

/** One endpoint. `path` is the whole path, or a pattern whose groups are handed to the handler. */
export interface Route {
  method: string;
  path: string | RegExp;
  handle(request: SimRequest, groups: readonly string[]): Reply;
}

export const JSON_TYPE = { 'content-type': 'application/json' };

/** An answer with a JSON body. */
export function json(status: number, value: unknown, headers?: Record<string, string>): Reply {
  return { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(value) };
}

/** Parses a JSON object; anything else gives undefined. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}

/** Parses JSON; text that is none gives undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True for an object that is neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A whole number from a query or a body; undefined when absent, NaN when it is no whole number. */
export function wholeNumber(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : Number.NaN;
}

/** Packs whole numbers into an opaque cursor. */
export function packCursor(...numbers: number[]): string {
  return Buffer.from(numbers.join(':')).toString('base64url');
}

/** Unpacks a cursor of so many numbers; undefined when it is not one of ours. */
export function unpackCursor(cursor: string, length: number): number[] | undefined {
  const numbers = Buffer.from(cursor, 'base64url').toString().split(':').map(Number);
  const valid = numbers.length === length && numbers.every((n) => Number.isSafeInteger(n) && n >= 0);
  return valid ? numbers : undefined;
}

/** Reads a body to its end. Rejects when the client goes away or sends more than `limit` bytes. */
export function readBody(message: IncomingMessage, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
    });
    message.once('end', () => {
      if (size > limit) reject(new RangeError(`Request body of more than ${limit} bytes`));
      else resolve(chunks.length === 0 ? '' : Buffer.concat(chunks).toString());
    });
    message.once('error', reject);
    message.once('close', () => {
      if (!message.complete) reject(new Error('The client went away'));
    });
  });
}
