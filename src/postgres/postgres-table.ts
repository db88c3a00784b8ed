import type { Sink } from '../batch/index.ts';
import type { RowLevel } from '../batch/internal.ts';

/** Options of {@link postgresTable}. */
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
  /** The member that identifies a record, for records other than conversations. @default 'conversationId' */
  id?: string | undefined;
  /** Columns of the table. @default the columns of conversations, or the members of the first records */
  columns?: readonly string[] | undefined;
  /** Adds a column for each member that is new, instead of writing it to `extra`. @default false */
  addColumns?: boolean | undefined;
}

/**
 * Returns a sink that writes records to a table of Postgres, each record exactly once, also if the export is killed. It requires the package
 * `pg`.
 *
 * @throws ConfigurationError
 */
export function postgresTable(options: PostgresOptions): Sink {
  throw new Error(`not implemented: ${options.table}`);
}
