import type { CheckpointStore, OpenSink, Sink } from '../batch/index.ts';
import { ROW_LEVELS, type RowLevel } from '../batch/internal.ts';
import { type OptionTable, prefixed, readOptions, refuse } from '../core/internal.ts';
import { type Connection, connect } from './connection.ts';
import {
  createOwnTables,
  EXPORTS,
  type ExportKey,
  readExport,
  saveExport,
  startExport,
  takenOver,
} from './exports-table.ts';
import { tableJournal } from './journal.ts';
import { parseTable, urlProblem } from './location.ts';
import { lockFor } from './locks.ts';
import { modelOf } from './model.ts';
import { openRowWriter, type RowWriter, refuseMissing } from './row-writer.ts';
import { type SharedConnection, sharedConnection } from './shared-connection.ts';
import { misfitError } from './staging.ts';
import { findTarget, labelOf, type Target } from './target.ts';

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
  /** The member that identifies a record, or several members together, for records other than conversations. @default 'conversationId' */
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

/** The state between `open` and `close`. */
interface Session {
  readonly connection: Connection;
  readonly key: ExportKey;
  readonly target: Target;
  readonly writer: RowWriter;
  /** How often the export was saved. */
  revision: number;
}

/**
 * Returns a sink that writes records to a table of Postgres, each record exactly once, also if the export is killed. It requires the package
 * `pg`.
 *
 * All rows of a record are replaced in one transaction with the checkpoint. The tables `axios_oauth_refresh_exports` and
 * `axios_oauth_refresh_journal` in the schema of the table contain the checkpoints.
 *
 * @throws ConfigurationError
 */
export function postgresTable(options: PostgresOptions): Sink {
  return tableSink(options, sharedConnection(options?.url));
}

/** Returns a function that returns the sink of each export into a table. The sinks read their checkpoints through one connection. */
export function postgresTables(options: Omit<PostgresOptions, 'name'>): (name: string) => Sink {
  const shared = sharedConnection(options.url);
  return (name) => tableSink({ ...options, name }, shared);
}

/** @param shared reads checkpoints. The rows have a connection of their own, whose end releases the lock. */
function tableSink(options: PostgresOptions, shared: SharedConnection): Sink {
  const [own, problems] = readOptions<PostgresOptions>(options, OPTIONS);
  const { url = '', table = '', name = '', rows, id, columns, addColumns = false } = own;
  const tableName = parseTable(table);
  refuse('postgresTable', [
    prefixed('url', urlProblem(url)),
    typeof tableName === 'string' && `table ${tableName}`,
    name === '' && 'name must identify the export, such as the date of a day',
    rows !== undefined && !ROW_LEVELS.includes(rows) && `rows must be one of ${ROW_LEVELS.join(', ')}`,
    rows !== undefined &&
      id !== undefined &&
      id !== 'conversationId' &&
      'rows requires conversations, so id must be omitted',
    id !== undefined &&
      !(id.length > 0 && [id].flat().every((part) => typeof part === 'string' && part !== '')) &&
      'id must be the name of a member, or a list of names',
    columns?.length === 0 && 'columns must not be empty',
    columns?.some((column) => typeof column !== 'string' || column === '') && 'columns must be names',
    ...problems,
  ]);
  if (typeof tableName === 'string') throw new Error('unreachable');
  const place = tableName;
  const model = modelOf({ rows, id, columns });
  let session: Session | undefined;

  function opened(): Session {
    if (!session) throw new Error('the sink of Postgres is not open');
    return session;
  }

  const journal = tableJournal(
    () => opened().connection,
    () => opened().key,
  );

  const checkpoint: CheckpointStore = {
    name: `${JSON.stringify(name)} in the table ${EXPORTS}`,
    journal,
    load: () =>
      shared.use(async (connection) => {
        const target = await findTarget(connection, place);
        const row = await readExport(connection, { target, name });
        if (row && row.revision > 0 && hasRecords(row.checkpoint)) refuseMissing(target);
        return row?.checkpoint;
      }),
    save: (text) => (session ? commit(session, text) : start(text)),
  };

  /** Saves the checkpoint of an export that begins. Takes the lock, so that a running export keeps its checkpoint. */
  async function start(text: string): Promise<void> {
    await shared.use(async (connection) => {
      const target = await findTarget(connection, place);
      await createOwnTables(connection, target);
      await connection.query('BEGIN');
      await lockFor(connection, exportLock(target, name), 'transaction');
      await startExport(connection, { target, name }, text);
      await connection.query('COMMIT');
    });
  }

  async function commit(current: Session, text: string): Promise<void> {
    const { connection, key, target, writer } = current;
    await writer.flush();
    await connection.query('BEGIN');
    await writer.merge();
    await journal.write(connection);
    await saveExport(connection, key, text, current.revision);
    // Deferred constraints are checked here.
    await connection.client.query('COMMIT').catch((error: unknown) => {
      throw misfitError(error, target);
    });
    current.revision++;
  }

  async function open(connection: Connection, revision: number): Promise<OpenSink> {
    const target = await findTarget(connection, place);
    const key = { target, name };
    await lockFor(connection, exportLock(target, name));
    const row = await readExport(connection, key);
    // Another run may have written between the loading of the checkpoint and the lock.
    if (row?.revision !== revision) throw takenOver(name);
    const writer = await openRowWriter(connection, {
      table: place,
      model,
      chosen: columns,
      addColumns,
    });
    const current: Session = { connection, key, target, writer, revision };
    session = current;
    return {
      write: (items) => writer.write(items),
      // The records and the checkpoint are committed together, by `save` of the checkpoint.
      save: async () => current.revision + 1,
      finish: async () => {},
      warnings: () => writer.warnings(),
      async close() {
        if (session === current) session = undefined;
        await connection.close();
      },
    };
  }

  return {
    format: {
      name: 'postgres',
      table,
      ...(rows !== undefined && { rows }),
      ...(id !== undefined && { id }),
      ...(columns !== undefined && { columns }),
    },
    checkpoint,
    async lock() {
      const connection = await connect(url);
      try {
        const target = await findTarget(connection, place);
        await lockFor(connection, `the days of ${labelOf(target)}`);
      } catch (error) {
        await connection.close();
        throw error;
      }
      return { release: () => connection.close() };
    },
    async open(position) {
      const connection = await connect(url);
      try {
        return await open(connection, Number(position ?? 0));
      } catch (error) {
        await connection.close();
        throw error;
      }
    },
  };
}

function exportLock(target: Target, name: string): string {
  return `the export ${JSON.stringify(name)} into ${labelOf(target)}`;
}

/** An export without records may have no table. */
function hasRecords(checkpoint: string): boolean {
  return !/"records":0\b/.test(checkpoint);
}
