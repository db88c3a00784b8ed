import type { CheckpointStore, OpenSink, Sink } from '../batch/index.ts';
import { type ExportState, parseCheckpoint } from '../batch/internal.ts';
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
import { lockFor } from './locks.ts';
import { checkPostgresOptions, type PostgresOptions } from './options.ts';
import { openRowWriter, type RowWriter, refuseMissing } from './row-writer.ts';
import { type SharedConnection, sharedConnection } from './shared-connection.ts';
import { misfitError } from './staging.ts';
import { findTarget, labelOf, type Target } from './target.ts';

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
 * Returns a sink that writes records to a table of Postgres, each record exactly once, even if the export is killed. Requires the package
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
  const { url, table, tableName, name, rows, id, columns, addColumns, model } = checkPostgresOptions(options);
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
        const target = await findTarget(connection, tableName);
        const row = await readExport(connection, { target, name });
        if (row && row.revision > 0 && hasRecords(row.checkpoint)) refuseMissing(target);
        return row?.checkpoint;
      }),
    save: (text) => (session ? commit(session, text) : start(text)),
  };

  /** Saves the checkpoint of an export that begins. Requires the lock, so that another run of the export keeps its checkpoint. */
  async function start(text: string): Promise<void> {
    await shared.use(async (connection) => {
      const target = await findTarget(connection, tableName);
      await createOwnTables(connection, target);
      await connection.query('BEGIN');
      await lockFor(connection, exportLock(target, name), 'transaction');
      await startExport(connection, { target, name }, text);
      await connection.query('COMMIT');
    });
  }

  /**
   * Commits the rows since the last checkpoint together with the checkpoint. Returns earlier, so that the export reads pages meanwhile: after
   * a crash, the checkpoint in the database counts. The last checkpoint is committed when the promise resolves.
   */
  async function commit(current: Session, text: string): Promise<void> {
    const { connection, key, target, writer } = current;
    // An error of an earlier commit ends the export.
    await writer.settled();
    const isLast = isComplete(text);
    const revision = current.revision++;
    const writeJournal = journal.take();
    const committed = writer.commit(async (merge) => {
      // The statements after a lock must see the rows that another export wrote before it released the lock.
      await connection.query('BEGIN ISOLATION LEVEL READ COMMITTED');
      await merge();
      await writeJournal(connection);
      await saveExport(connection, key, { text, isLast, revision });
      // Deferred constraints are checked here.
      await connection.client.query('COMMIT').catch((error: unknown) => {
        throw misfitError(error, target);
      });
    });
    if (isLast) await committed;
  }

  async function open(connection: Connection, revision: number): Promise<OpenSink> {
    const target = await findTarget(connection, tableName);
    const key = { target, name };
    await lockFor(connection, exportLock(target, name));
    const row = await readExport(connection, key);
    // Another run may have saved after this run loaded the checkpoint, and before this run had the lock.
    if (row?.revision !== revision) throw takenOver(name);
    // Somebody may have removed the journal, whose absence the opening of the journal reports.
    await createOwnTables(connection, target);
    const writer = await openRowWriter(connection, {
      table: tableName,
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
        // The checkpoint of an export that ends early.
        await writer.settled().catch(() => {});
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
        const target = await findTarget(connection, tableName);
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

function isComplete(checkpoint: string): boolean {
  return stateOf(checkpoint).complete === true;
}

/** Returns whether an export has written records. Without records, the table may not exist yet. */
function hasRecords(checkpoint: string): boolean {
  return stateOf(checkpoint).records !== 0;
}

function stateOf(checkpoint: string): Partial<ExportState> {
  return parseCheckpoint<Partial<ExportState>>(`in the table ${EXPORTS}`, checkpoint).state;
}
