import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { databaseError } from '../../src/postgres/database-error.ts';
import { failure } from '../support/batch.ts';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { exportPages } from './support.ts';

describeWithPostgres('a table that others use during an export', () => {
  const postgres = usePostgres();

  async function session(url: string): Promise<Client> {
    const client = new Client(url);
    await client.connect();
    onTestFinished(() => client.end());
    return client;
  }

  it('gets each record once from exports with different names that overlap', async () => {
    const url = await postgres.schema();
    const pages = Array.from({ length: 15 }, (_, page) => [{ id: `a${page}` }, { id: `b${page}` }]);
    const names = ['one', 'two', 'three'];
    await exportPages(url, [], { name: 'first' });
    await queryAll(url, 'CREATE TABLE things (id text PRIMARY KEY)');
    await Promise.all(names.map((name) => exportPages(url, pages, { name })));
    expect(await queryAll(url, 'SELECT id FROM things')).toHaveLength(30);
  });

  it('waits for a user who locks the table', async () => {
    const url = await postgres.schema();
    await queryAll(url, 'CREATE TABLE things (id text PRIMARY KEY)');
    const user = await session(url);
    await user.query('BEGIN; LOCK TABLE things IN ACCESS EXCLUSIVE MODE');
    const ended = exportPages(url, [[{ id: 'a' }]]);
    const waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'things'::regclass";
    await expect.poll(() => queryAll(url, waits), { timeout: 10_000 }).toHaveLength(1);
    await user.query('COMMIT');
    expect(await ended).toMatchObject({ records: 1 });
  });

  it.each<[string, string, RegExp]>([
    ['a column is removed', 'ALTER TABLE things DROP COLUMN n', /42703.*run the same export again/],
    ['the table is removed', 'DROP TABLE things', /42P01.*run the same export again/],
    [
      'a type changes',
      'ALTER TABLE things ALTER COLUMN n TYPE boolean USING true',
      /42804.*Run the same export again/,
    ],
    ['the journal is removed', 'DROP TABLE axios_oauth_refresh_journal', /42P01.*run the same export again/],
  ])('rolls back if %s', async (_, statement, message) => {
    const url = await postgres.schema();
    const pages = [[{ id: 'a', n: 1 }], [{ id: 'b', n: 2 }], [{ id: 'c', n: 3 }]];
    let written = 0;
    const changing = exportPages(
      url,
      pages,
      {},
      {
        onProgress: async () => {
          if (++written === 1) await queryAll(url, statement);
        },
      },
    );
    const error = await changing.catch((thrown: Error) => thrown);
    expect(error).toHaveProperty('message', expect.stringMatching(message));
  });

  it('asks for a restart after a user has removed the tables of an unfinished export', async () => {
    const url = await postgres.schema();
    await queryAll(url, 'CREATE TABLE things (id text PRIMARY KEY, n integer)');
    const pages = [[{ id: 'a' }], [{ id: 'b', n: 'x' }]];
    await failure(exportPages(url, pages), 'ERR_RECORD');
    await queryAll(url, 'DROP TABLE axios_oauth_refresh_journal');
    const error = await failure(exportPages(url, pages), 'ERR_OUTPUT_SHORT');
    expect(error.message).toContain('--restart');
    expect(await queryAll(url, 'SELECT id FROM things')).toEqual([{ id: 'a' }]);
    const fixed = [[{ id: 'a' }], [{ id: 'b', n: 1 }]];
    expect(await exportPages(url, fixed, {}, { restart: true })).toMatchObject({ records: 2 });
    await queryAll(url, 'DROP TABLE axios_oauth_refresh_exports');
    expect(await exportPages(url, fixed)).toMatchObject({ records: 2, resumed: false });
    expect(await queryAll(url, 'SELECT id FROM things')).toHaveLength(2);
  });

  it('gets the rows of the last run after TRUNCATE and restart', async () => {
    const url = await postgres.schema();
    await exportPages(url, [[{ id: 'a' }]]);
    await queryAll(url, 'TRUNCATE things');
    expect(await exportPages(url, [[{ id: 'a' }]], {}, { restart: true })).toMatchObject({ records: 1 });
    expect(await queryAll(url, 'SELECT id FROM things')).toHaveLength(1);
  });

  it.each([
    ['40001', 'could not serialize access', ''],
    ['40P01', 'deadlock detected', ''],
    ['55P03', 'canceling statement due to lock timeout', 'Another session locks the table'],
    ['57014', 'canceling statement due to statement timeout', 'Raise statement_timeout'],
    ['53100', 'could not extend file', 'Free space on the disk of the server'],
    ['53300', 'too many clients already', 'Raise max_connections'],
    ['57P01', 'terminating connection due to administrator command', ''],
    ['', 'Query read timeout', 'no answer within the query timeout'],
    ['', 'The server does not support SSL connections', 'sslmode=disable'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'PGSSLROOTCERT'],
  ])('can resume after the error %s: %s', (code, message, hint) => {
    const error = databaseError(Object.assign(new Error(message), { code }));
    expect(error).toMatchObject({ code: 'ERR_DATABASE', resumable: true, permanent: false });
    for (const part of [hint, 'Run the same export again to resume']) expect(error.message).toContain(part);
  });
});
