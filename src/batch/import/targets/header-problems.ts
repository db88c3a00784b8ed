import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type Problem, printable } from '../../../core/internal.ts';

// Header fields that axios, Node or the token sets.
const RESERVED =
  /^(accept|accept-encoding|authorization|connection|content-length|content-type|host|transfer-encoding|user-agent)$/i;

/** Returns the problems with header fields. Node would throw an error for each request, and the records would be unresolved. */
export function headerProblems(headers: object = {}): Problem[] {
  return Object.entries(headers).map(([name, value]) => prefix('headers', fieldProblem(name, String(value))));
}

/** Returns the problem with the name of the header field that gets the key of a request. */
export function keyHeaderProblem(name: string): Problem {
  const other = `${printable(name)} has another meaning, so the API would not receive the key; use a name such as Idempotency-Key`;
  return prefix('idempotencyHeader', RESERVED.test(name) ? other : fieldProblem(name, ''));
}

function fieldProblem(name: string, value: string): string | undefined {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return undefined;
  } catch {
    return `${JSON.stringify(printable(name))} is not a valid header field: use letters, digits and - in the name, and printable ASCII in the value`;
  }
}

function prefix(option: string, problem: string | undefined): Problem {
  return problem && `${option}: ${problem}`;
}
