import type { AxiosResponse } from 'axios';
import { readBody } from '../core/internal.ts';

// An error page that mentions the same words contains tags.
const FORM = /^([^\s<]+&)?(access_token|error)=[^<]*$/;

/** Returns the body of a response of the token server: parsed JSON, the fields of a form, or else the text. */
export function readTokenBody({ data, headers }: AxiosResponse): unknown {
  const body = readBody(data);
  if (typeof body !== 'string') return body;
  const text = body.trim();
  const type = String(headers?.['content-type']);
  // Old servers declare a form as text/plain or text/html, and a refusal not at all.
  const isForm = /^application\/x-www-form-urlencoded/i.test(type)
    ? text.includes('=')
    : FORM.test(text) && (/^text\//i.test(type) || text.startsWith('error='));
  return isForm ? Object.fromEntries(new URLSearchParams(text)) : body;
}
