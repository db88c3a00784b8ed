import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** A complete request. */
export interface SimRequest {
  method: string;
  /** The path without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The reply of a handler. The server adds `Content-Length`. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** The body, or its chunks if it is too large for memory. */
  body: string | Iterable<string>;
  /** The number of records in the body, for `recordsServed`. */
  records?: number;
}

/** One endpoint. `path` is the full path, or a pattern whose groups are passed to the handler. */
export interface Route {
  method: string;
  path: string | RegExp;
  handle(request: SimRequest, groups: readonly string[]): Reply;
}

export const JSON_TYPE = { 'content-type': 'application/json' };

/** Returns a reply with a JSON body. */
export function json(status: number, value: unknown, headers?: Record<string, string>): Reply {
  return { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(value) };
}

/** Parses a JSON object. Returns undefined for any other text. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}

/** Parses JSON. Returns undefined for invalid JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns whether a value is an object, and neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a whole number from a query or a body. Returns undefined if it is absent, and NaN if it is invalid. */
export function wholeNumber(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : Number.NaN;
}

/** Packs whole numbers into an opaque cursor. */
export function packCursor(...numbers: number[]): string {
  return Buffer.from(numbers.join(':')).toString('base64url');
}

/** Unpacks a cursor with `length` numbers. Returns undefined for any other text. */
export function unpackCursor(cursor: string, length: number): number[] | undefined {
  const numbers = Buffer.from(cursor, 'base64url').toString().split(':').map(Number);
  const valid = numbers.length === length && numbers.every((n) => Number.isSafeInteger(n) && n >= 0);
  return valid ? numbers : undefined;
}

/** Reads a body completely. Rejects if the client closes the connection or sends more than `limit` bytes. */
export function readBody(message: IncomingMessage, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
    });
    message.once('end', () => {
      if (size > limit) reject(new RangeError(`The request body is larger than ${limit} bytes`));
      else resolve(chunks.length === 0 ? '' : Buffer.concat(chunks).toString());
    });
    message.once('error', reject);
    message.once('close', () => {
      if (!message.complete) reject(new Error('The client closed the connection'));
    });
  });
}
