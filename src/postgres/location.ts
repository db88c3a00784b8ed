import { nearestName, parseUrl } from '../core/internal.ts';

/** A table, as the user names it. */
export interface TableName {
  /** Undefined: the table is found through the `search_path` of the connection. */
  readonly schema: string | undefined;
  readonly table: string;
}

/** The parameters of a URL that the package `pg` reads. `password` is refused, because a URL is logged more often than a variable. */
const PARAMETERS = [
  'host',
  'port',
  'user',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslnegotiation',
  'application_name',
  'connect_timeout',
  'options',
  'uselibpqcompat',
];

/** Returns whether a text is a URL of Postgres. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:/i.test(text);
}

/** Returns the problem of a URL without a table, without its user information. */
export function urlProblem(url: string): string | undefined {
  if (!isPostgresUrl(url)) return 'must be a URL such as postgres://db.internal/reports';
  const parsed = parsePostgres(url);
  if (!parsed) return 'is not a URL. Percent-encode special characters of the user name and the password';
  if (parsed.hash !== '') return 'must not have a part after #. Percent-encode # as %23';
  if (parsed.searchParams.has('password'))
    return 'has a parameter password. Set PGPASSWORD, or use a password file (PGPASSFILE)';
  const unknown = [...parsed.searchParams.keys()].filter((name) => !PARAMETERS.includes(name));
  if (unknown.length === 0) return undefined;
  const nearest = nearestName(unknown[0] ?? '', [...PARAMETERS, 'table']);
  return `has an unknown parameter: ${unknown.join(', ')}${nearest ? `. Did you mean ${nearest}?` : ''}`;
}

/**
 * Splits a URL with the parameter `table` into the URL that `pg` accepts and the table.
 *
 * @returns a text that describes a problem.
 */
export function splitTable(text: string): { readonly url: string; readonly table: string } | string {
  const parsed = parsePostgres(text);
  if (!parsed) return urlProblem(text) ?? 'is not a URL';
  const tables = parsed.searchParams.getAll('table');
  parsed.searchParams.delete('table');
  // `searchParams` writes a space as "+", which `pg` reads as a plus sign.
  parsed.search = parsed.search.replaceAll('+', '%20');
  const url = parsed.href;
  const problem = urlProblem(url);
  if (problem !== undefined) return problem;
  const [table = ''] = tables;
  if (tables.length === 1 && table !== '') return { url, table };
  return 'must name the table once, such as postgres://db.internal/reports?table=conversations';
}

/** Parses `table` or `schema.table`. @returns a text that describes a problem. */
export function parseTable(text: string): TableName | string {
  const parts = text.split('.');
  if (parts.length > 2 || parts.some((part) => part === '' || part.includes('\0')))
    return `must be a table, or a schema and a table such as reports.conversations, not ${JSON.stringify(text)}`;
  const [first = '', second] = parts;
  return second === undefined ? { schema: undefined, table: first } : { schema: first, table: second };
}

function parsePostgres(url: string): URL | undefined {
  return parseUrl(url);
}
