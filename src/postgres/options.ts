import { ROW_LEVELS, type RowLevel } from '../batch/internal.ts';
import { type OptionTable, prefixed, readOptions, refuse } from '../core/internal.ts';
import { parseTable, type TableName, urlProblem } from './location.ts';
import { type Model, modelOf } from './model.ts';

/** Options of `postgresTable`. */
export interface PostgresOptions {
  /**
   * URL of the database, such as `postgres://db.internal/reports`. What the URL omits comes from the `PG*` variables of libpq, also the
   * password.
   */
  url: string;
  /** Table, optionally with its schema, such as `reports.conversations`. It is created if it does not exist. */
  table: string;
  /** Identifies the export in the table of checkpoints, such as the date of a day. */
  name: string;
  /** Makes a row of each of these parts of a conversation. @default a row per record */
  rows?: RowLevel | undefined;
  /**
   * The member that identifies a record, for records other than conversations. A list if several members together identify a record, such as
   * `['queueId', 'id']`. @default 'conversationId'
   */
  id?: string | readonly string[] | undefined;
  /** Columns of the table. @default the columns of conversations, or the members of the first records */
  columns?: readonly string[] | undefined;
  /** Adds a column for each member that is new, instead of writing it to `extra`. @default false */
  addColumns?: boolean | undefined;
}

const OPTIONS: OptionTable<PostgresOptions> = {
  url: 'string',
  table: 'string',
  name: 'string',
  rows: 'any',
  id: 'any',
  columns: 'array',
  addColumns: 'boolean',
};

/** The checked options, and what follows from them. */
interface CheckedOptions extends PostgresOptions {
  readonly tableName: TableName;
  readonly model: Model;
  readonly addColumns: boolean;
}

/** Returns the checked options. @throws ConfigurationError that lists all invalid options. */
export function checkPostgresOptions(given: PostgresOptions): CheckedOptions {
  const [options, problems] = readOptions<PostgresOptions>(given, OPTIONS);
  const { url = '', table = '', name = '', rows, id, columns, addColumns = false } = options;
  const tableName = parseTable(table);
  const ids: readonly unknown[] | undefined = id === undefined ? undefined : [id].flat();
  refuse('postgresTable', [
    prefixed('url', urlProblem(url)),
    typeof tableName === 'string' && `table ${tableName}`,
    name === '' && 'name must identify the export, such as the date of a day',
    rows !== undefined && !ROW_LEVELS.includes(rows) && `rows must be one of ${ROW_LEVELS.join(', ')}`,
    rows !== undefined &&
      ids?.some((member) => member !== 'conversationId') &&
      'rows requires conversations, so id must be omitted',
    ids?.length === 0 && 'id must name a member',
    ids?.some((member) => typeof member !== 'string' || member === '') && 'id must be the name of a member',
    columns?.length === 0 && 'columns must not be empty',
    columns?.some((column) => typeof column !== 'string' || column === '') && 'columns must be names',
    ...problems,
  ]);
  const model = modelOf({ rows, id: ids as readonly string[] | undefined, columns });
  return { ...options, tableName: tableName as TableName, model, addColumns };
}
