import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, inject, onTestFinished } from 'vitest';
import { describeIf } from './describe-if.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

const { url, bin, missing } = inject('postgres');
const NEEDED = { server: 'a Postgres', missing };

/** Postgres for all tests of a `describe`. */
export interface SharedPostgres {
  /** Creates an empty database that is removed when the test ends. @returns its URL. */
  database(): Promise<string>;
  /** Creates an empty schema that is removed when the test ends, which is faster. @returns a URL whose `search_path` is the schema. */
  schema(): Promise<string>;
}

/** Describes tests that need any Postgres, from `POSTGRES_URL` or started by {@link usePostgres}. */
export function describeWithPostgres(name: string, tests: () => void): void {
  describeIf(url !== undefined || missing === undefined, NEEDED, name, tests);
}

/** Describes tests that call {@link ownPostgres}, because they end the server. */
export function describeWithPostgresServer(name: string, tests: () => void): void {
  describeIf(missing === undefined, NEEDED, name, tests);
}

/** Starts a server that ends with the test. */
export async function ownPostgres(): Promise<PostgresServer> {
  const server = await startPostgres(bin);
  onTestFinished(() => server.close());
  return server;
}

/** Provides one Postgres for all tests of a `describe`. */
export function usePostgres(): SharedPostgres {
  let own: PostgresServer | undefined;
  beforeAll(async () => {
    if (url === undefined) own = await startPostgres(bin);
  });
  afterAll(() => own?.close());
  return {
    async database() {
      const server = url ?? own?.url ?? '';
      const name = `test_${randomUUID().replaceAll('-', '')}`;
      await queryAll(server, `CREATE DATABASE ${name}`);
      onTestFinished(async () => void (await queryAll(server, `DROP DATABASE ${name} WITH (FORCE)`)));
      const database = new URL(server);
      database.pathname = `/${name}`;
      return database.href;
    },
    async schema() {
      const server = url ?? own?.url ?? '';
      const name = `test_${randomUUID().replaceAll('-', '')}`;
      await queryAll(server, `CREATE SCHEMA ${name}`);
      onTestFinished(async () => void (await queryAll(server, `DROP SCHEMA ${name} CASCADE`)));
      const schema = new URL(server);
      schema.search = `?options=-c%20search_path%3D${name}`;
      return schema.href;
    },
  };
}

/** Runs a statement in a connection of its own, and returns the rows. */
export async function queryAll<Row extends object = Record<string, unknown>>(
  database: string,
  statement: string,
): Promise<Row[]> {
  const client = new Client(database);
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}
