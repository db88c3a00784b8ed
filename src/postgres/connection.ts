import type { Client } from 'pg';
import { ConfigurationError } from '../core/index.ts';
import { messageOf, systemClock, withDeadline } from '../core/internal.ts';
import { loadPeer } from '../core/node/index.ts';
import { databaseError } from './database-error.ts';

/** A connection to the database. An outage ends it; it does not connect again, because its locks are lost. */
export interface Connection {
  readonly client: Client;
  /** Runs a statement, and returns its rows. @throws BatchError, ConfigurationError */
  query<Row extends object>(statement: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Ends the connection, also while the server is unreachable. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT = 10_000;
const CLOSE_TIMEOUT = 1000;

// If the client disappears without a word, the server must release the locks of its session within a minute. The rows of a second must fit
// into the buffers of temporary tables. Compiling a statement takes longer than it saves for these statements.
const SETTINGS = `
  SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
  SET temp_buffers = '32MB'; SET jit = off;
  SET client_min_messages = warning; SET timezone = 'UTC'; SET datestyle = 'ISO'; SET standard_conforming_strings = on`;

/**
 * Connects to the database. `pg` reads from the `PG*` variables what the URL omits.
 *
 * @throws BatchError `ERR_DATABASE`, ConfigurationError
 */
export async function connect(url: string): Promise<Connection> {
  const pg = await loadPg();
  let client: Client;
  try {
    client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
      fallback_application_name: 'axios-oauth-refresh',
    });
  } catch (error) {
    // Such as a file of `sslrootcert` that does not exist.
    throw new ConfigurationError('postgresTable', [`url: ${messageOf(error)}`]);
  }
  // Without a listener, the event would end the process. The statement that follows rejects.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(SETTINGS);
  } catch (error) {
    await close(client);
    throw databaseError(error, `cannot connect to ${addressOf(client)}`);
  }
  return {
    client,
    async query<Row extends object>(statement: string, values?: readonly unknown[]) {
      try {
        return (await client.query<Row>(statement, values && [...values])).rows;
      } catch (error) {
        throw databaseError(error);
      }
    },
    close: () => close(client),
  };
}

async function close(client: Client): Promise<void> {
  const expired = () => new Error('timed out');
  // `end` waits for a server that may have disappeared.
  await withDeadline(systemClock, CLOSE_TIMEOUT, expired, async () => client.end()).catch(() =>
    (client as Client & { connection: { stream: { destroy(): void } } }).connection.stream.destroy(),
  );
}

function addressOf({ host, port, database = '' }: Client): string {
  return `the database ${JSON.stringify(database)} at ${host.startsWith('/') ? host : `${host}:${port}`}`;
}

async function loadPg(): Promise<Pick<typeof import('pg'), 'Client'>> {
  const peer = { name: 'pg', neededBy: 'postgresTable' };
  // Before 8.15, pg is a CommonJS module without named exports.
  return loadPeer(peer, async () => (await import('pg')).default).catch((error: unknown) => {
    throw new ConfigurationError('axios-oauth-refresh/postgres', [messageOf(error)]);
  });
}
