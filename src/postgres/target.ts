import { ConfigurationError } from '../core/index.ts';
import type { Connection } from './connection.ts';
import type { TableName } from './location.ts';
import { quoted } from './sql.ts';

/** A column of an existing table. */
export interface TableColumn {
  readonly name: string;
  /** Such as `character varying(40)`. */
  readonly type: string;
  /** `typcategory` of `pg_type`, such as `N` for numbers, or `J` for json and jsonb. */
  readonly category: string;
  /** An insert must set the column. */
  readonly isRequired: boolean;
  /** An insert may set the column. */
  readonly isWritable: boolean;
}

/** The table of an export. */
export interface Target {
  readonly schema: string;
  readonly table: string;
  /** Quoted, with its schema. */
  readonly sql: string;
  /** Undefined if the table does not exist. */
  readonly columns: readonly TableColumn[] | undefined;
  /** The columns of each unique key. */
  readonly keys: readonly (readonly string[])[];
  /** The tables whose rows change if a row of the table is deleted. */
  readonly dependents: readonly string[];
}

/** Returns `schema.table`, for messages. */
export function labelOf({ schema, table }: Pick<Target, 'schema' | 'table'>): string {
  return `${schema}.${table}`;
}

/** Looks for a table. @throws ConfigurationError if the schema does not exist, or if the name is not a table. */
export async function findTarget({ query }: Connection, name: TableName): Promise<Target> {
  const reference =
    name.schema === undefined ? quoted(name.table) : `${quoted(name.schema)}.${quoted(name.table)}`;
  const [found] = await query<{ oid: string | null; schema: string | null; kind: string | null }>(
    `SELECT c.oid::text AS oid, c.relkind::text AS kind,
       coalesce((SELECT nspname FROM pg_namespace WHERE oid = c.relnamespace),
                (SELECT nspname FROM pg_namespace WHERE nspname = coalesce($2, current_schema())))::text AS schema
     FROM (SELECT 1) one LEFT JOIN pg_class c ON c.oid = to_regclass($1)`,
    [reference, name.schema ?? null],
  );
  const schema = found?.schema;
  if (!schema) {
    throw new ConfigurationError('Postgres', [
      name.schema === undefined
        ? 'the user has no schema for new tables. Name the schema of the table, such as reports.conversations'
        : `the schema ${JSON.stringify(name.schema)} does not exist. Create it (CREATE SCHEMA), or correct the name of the table`,
    ]);
  }
  const target = { schema, table: name.table, sql: `${quoted(schema)}.${quoted(name.table)}` };
  if (!found.oid) return { ...target, columns: undefined, keys: [], dependents: [] };
  if (found.kind !== 'r' && found.kind !== 'p')
    throw new ConfigurationError('Postgres', [
      `${labelOf(target)} is not a table. Choose the name of a table`,
    ]);
  return {
    ...target,
    columns: await columnsOf(query, found.oid),
    keys: await keysOf(query, found.oid),
    dependents: await dependentsOf(query, found.oid),
  };
}

async function columnsOf(query: Connection['query'], oid: string): Promise<TableColumn[]> {
  return query(
    `SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type,
       CASE WHEN base.oid IN ('json'::regtype, 'jsonb'::regtype) THEN 'J' ELSE base.typcategory::text END AS category,
       (attnotnull OR t.typnotnull) AND NOT atthasdef AND attidentity = '' AND t.typdefault IS NULL AS "isRequired",
       attgenerated = '' AND attidentity <> 'a' AS "isWritable"
     FROM pg_attribute
       JOIN pg_type t ON t.oid = atttypid
       JOIN pg_type base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
     WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [oid],
  );
}

async function keysOf(query: Connection['query'], oid: string): Promise<string[][]> {
  const rows = await query<{ columns: string[] }>(
    `SELECT array_agg(attname::text) AS columns
     FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY ((indkey::int2[])[0:indnkeyatts - 1])
     WHERE indrelid = $1::oid AND indisunique AND indisvalid AND indpred IS NULL AND indexprs IS NULL
     GROUP BY indexrelid`,
    [oid],
  );
  return rows.map(({ columns }) => columns);
}

async function dependentsOf(query: Connection['query'], oid: string): Promise<string[]> {
  const rows = await query<{ name: string }>(
    `SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint
     WHERE confrelid = $1::oid AND contype = 'f' AND confdeltype IN ('c', 'n', 'd')`,
    [oid],
  );
  return rows.map(({ name }) => name);
}
