import { nearestName, parseUrl } from '../core/internal.ts';
import { MAX_NAME_BYTES } from './sql.ts';

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
  'query_timeout',
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
  const parsed = parseUrl(url);
  if (!parsed) return 'is not a URL. Percent-encode special characters of the user name and the password';
  if (parsed.hash !== '') return 'must not have a part after #. Percent-encode # as %23';
  if (parsed.searchParams.has('password'))
    return 'has a parameter password. Set PGPASSWORD, or use a password file (PGPASSFILE)';
  const unknown = [...parsed.searchParams.keys()].filter((name) => !PARAMETERS.includes(name));
  if (unknown.length > 0) {
    const nearest = nearestName(unknown[0] ?? '', [...PARAMETERS, 'table']);
    return `has an unknown parameter: ${unknown.join(', ')}${nearest ? `. Did you mean ${nearest}?` : ''}`;
  }
  return [...parsed.searchParams].map(([name, value]) => parameterProblem(name, value)).find(Boolean);
}

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];
const WHOLE: readonly string[] = ['port', 'connect_timeout', 'query_timeout'];

/** Returns the problem of a parameter that `pg` would ignore silently. */
function parameterProblem(name: string, value: string): string | undefined {
  if (name === 'sslmode' && !SSL_MODES.includes(value))
    return `has an unknown sslmode: ${JSON.stringify(value)}. Use one of ${SSL_MODES.join(', ')}`;
  if (WHOLE.includes(name) && !/^[1-9]\d{0,8}$/.test(value))
    return `has an invalid ${name}: ${JSON.stringify(value)}. Use a whole number of at least 1`;
  return undefined;
}

/**
 * Splits a URL with the parameter `table` into the URL that `pg` accepts and the table.
 *
 * @returns a text that describes a problem.
 */
export function splitTable(text: string): { readonly url: string; readonly table: string } | string {
  const parsed = parseUrl(text);
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

// A name in double quotes can contain dots. Capital letters count also without quotes, unlike in SQL.
const NAME = '"(?:[^"]|"")+"|[^".][^.]*';
const TABLE = new RegExp(`^(?:(${NAME})\\.)?(${NAME})$`, 's');

/** Parses `table` or `schema.table`. @returns a text that describes a problem. */
export function parseTable(text: string): TableName | string {
  const [match, schema, table = ''] = TABLE.exec(text) ?? [];
  if (match === undefined || match.includes('\0'))
    return `must be a table, or a schema and a table such as reports.conversations, not ${JSON.stringify(text)}`;
  const name = { schema: schema && unquoted(schema), table: unquoted(table) };
  const long = [name.schema ?? '', name.table].find((part) => Buffer.byteLength(part) > MAX_NAME_BYTES);
  // Postgres would cut the name off, and two long names could then become one table.
  if (long !== undefined)
    return `must not have a name of more than ${MAX_NAME_BYTES} bytes: ${JSON.stringify(long)}`;
  return name;
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
