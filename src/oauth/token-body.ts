import type { AxiosResponse } from 'axios';
import { readBody } from '../core/internal.ts';

// An error page that mentions the same words contains tags.
const FORM = /^([^\s<]+&)?(access_token|error)=[^<]*$/;

/** Returns the body of a response of the token server: parsed JSON, the fields of a form, or else the text. */
export function readTokenBody({ data, headers }: AxiosResponse): unknown {
  const body = readBody(data);
  if (typeof body !== 'string') return body;
  const text = body.trim();
  const isDeclared = /^application\/x-www-form-urlencoded/i.test(String(headers?.['content-type']));
  // Old servers declare a form as text/plain or text/html, or declare nothing.
  const isForm = isDeclared ? text.includes('=') : FORM.test(text);
  return isForm ? Object.fromEntries(new URLSearchParams(text)) : body;
}
