import type { Problem } from '../../../core/internal.ts';
import { valueAt } from '../../sources/member-path.ts';
import { idText } from '../match-results.ts';

/** A URL with placeholders such as `{id}`, which the values of a record replace. */
export interface UrlTemplate {
  /** The paths in the placeholders. */
  readonly fields: readonly string[];
  /** Returns why a record cannot fill the placeholders. Names the field, never its value. */
  problem(record: unknown): string | undefined;
  /** Returns the URL of a record without a problem. */
  fill(record: unknown): string;
}

const PLACEHOLDER = /\{([^{}]+)\}/g;

/** Returns the problem of a template: it is ambiguous, or a record could choose the host that gets the token. */
export function templateProblem(url: string): Problem {
  const [, authority = ''] = /^[^/?#]*\/\/([^/?#]*)/.exec(url) ?? [];
  const left = url.replace(PLACEHOLDER, '');
  return (
    (/[{}]/.test(left) && 'url has a brace without its counterpart, or an empty placeholder') ||
    ((/[{}]/.test(authority) || /^\{[^}]*\}:/.test(url)) &&
      'url must not have a placeholder in its scheme or host, because the request contains the token')
  );
}

/** Reads a template. Each value is percent-encoded. */
export function urlTemplate(url: string): UrlTemplate {
  const fields = [...url.matchAll(PLACEHOLDER)].map(([, field = '']) => field);
  return {
    fields,
    problem(record) {
      const field = fields.find((path) => textFor(record, path) === undefined);
      return field && `the record has no value at ${JSON.stringify(field)} that can be part of the URL`;
    },
    fill: (record) =>
      url.replace(PLACEHOLDER, (_, field: string) => encodeURIComponent(textFor(record, field) ?? '')),
  };
}

function textFor(record: unknown, path: string): string | undefined {
  const text = idText(valueAt(record, path));
  // A segment of dots would lead to another resource, and half of a surrogate pair cannot be encoded.
  return text === undefined || /^\.+$/.test(text) || /\p{Surrogate}/u.test(text) ? undefined : text;
}
