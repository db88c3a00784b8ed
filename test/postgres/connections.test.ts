import { describe, expect, it } from 'vitest';
import { withVariables } from '../../src/postgres/variables.ts';
import { genesysEnv, run } from '../cli/support.ts';
import { failure } from '../support/batch.ts';
import {
  describeWithPostgres,
  describeWithPostgresServer,
  ownPostgres,
  queryAll,
  usePostgres,
} from '../support/postgres.ts';
import { startSimulator } from '../support/simulated.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { exportPages } from './support.ts';

describe('the variables of libpq', () => {
  it.each<[string, Record<string, string>, string]>([
    ['postgres:///d', {}, 'postgres://localhost/d'],
    ['postgres://h', { PGDATABASE: 'a b', PGUSER: 'u@x', PGPORT: '6000' }, 'postgres://u%40x@h:6000/a%20b'],
    ['postgres:///d', { PGHOST: '/run/pg', PGPORT: '6000' }, 'postgres://localhost:6000/d?host=%2Frun%2Fpg'],
    ['postgres:///d?host=/tmp', { PGHOST: 'other' }, 'postgres://other/d?host=/tmp'],
    ['postgres:///d', { PGHOST: '::1', PGUSER: 'u' }, 'postgres://u@[::1]/d'],
    ['postgres://u:p%40@h/d', { PGPASSWORD: 'other', PGUSER: 'other' }, 'postgres://u:p%40@h/d'],
    [
      'postgres://h/d',
      { PGSSLMODE: 'require', PGSSLROOTCERT: '/ca' },
      'postgres://h/d?sslmode=verify-full&sslrootcert=%2Fca',
    ],
    ['postgres://h/d?sslmode=disable', { PGSSLMODE: 'require' }, 'postgres://h/d?sslmode=disable'],
    [
      'postgres://h/d?uselibpqcompat=true&sslmode=require',
      {},
      'postgres://h/d?uselibpqcompat=true&sslmode=require',
    ],
    ['postgres://h/d', { PGSSLROOTCERT: 'system' }, 'postgres://h/d'],
    [
      'postgres://h/d',
      { PGOPTIONS: '-c a=b', PGCONNECT_TIMEOUT: '3' },
      'postgres://h/d?connect_timeout=3&options=-c+a%3Db',
    ],
    ['postgres://h/d', { PGSERVICE: 's' }, 'postgres://h/d'],
  ])('complete %s with %j', (url, variables, expected) => {
    expect(withVariables(url, variables)).toBe(expected);
  });

  it.each<[Record<string, string>, string]>([
    [{ PGPORT: 'abc' }, 'PGPORT is not a port: "abc"'],
    [{ PGHOST: 'a host' }, 'PGHOST is not a host: "a host"'],
    [{ PGSERVICE: 's' }, 'PGSERVICE is not supported'],
  ])('are refused if invalid: %j', (variables, part) => {
    expect(() => withVariables('postgres:///d', variables)).toThrow(part);
  });

  it.each([
    ['sslmode=requre', 'has an unknown sslmode: "requre"'],
    ['connect_timeout=soon', 'has an invalid connect_timeout'],
    ['query_timeout=0', 'has an invalid query_timeout'],
    ['password=x', 'has a parameter password'],
  ])('refuse the parameter %s', async (parameter, part) => {
    await expect((async () => exportPages(`postgres://h/d?${parameter}`, []))()).rejects.toThrow(part);
  });
});

describeWithPostgres('a connection that hangs', () => {
  const postgres = usePostgres();

  it('ends after the query timeout, and the export can resume', async () => {
    const url = await postgres.schema();
    const pages = [[{ id: 'a' }], [{ id: 'b' }]];
    const proxy = new URL(await swallowingProxy(url, 'COMMIT', 6));
    proxy.search += '&query_timeout=1500';
    const error = await failure(exportPages(proxy.href, pages), 'ERR_DATABASE');
    expect(error).toMatchObject({
      resumable: true,
      message: expect.stringContaining('no answer within the query timeout'),
    });
    // The server ends the session when the connection ends.
    expect(await exportPages(url, pages)).toMatchObject({ records: 2 });
    expect(await queryAll(url, 'SELECT id FROM things')).toHaveLength(2);
  });

  it('is given up after the connect timeout', async () => {
    const proxy = await swallowingProxy(await postgres.schema(), '', 1);
    const error = await failure(exportPages(`${proxy}&connect_timeout=1`, []), 'ERR_DATABASE');
    expect(error.message).toContain('timeout');
  });
});

describeWithPostgresServer('a server that checks passwords', () => {
  it('makes the command end with exit code 3 and without the password', async () => {
    const { url } = await ownPostgres();
    const [{ file } = { file: '' }] = await queryAll<{ file: string }>(
      url,
      "SELECT current_setting('hba_file') AS file",
    );
    await queryAll(
      url,
      "CREATE ROLE exporter LOGIN PASSWORD 'right:@/ word'; GRANT CREATE ON SCHEMA public TO exporter",
    );
    await queryAll(
      url,
      `COPY (VALUES ('host all exporter all scram-sha-256'), ('host all all all trust')) TO '${file}'`,
    );
    await queryAll(url, 'SELECT pg_reload_conf()');
    const { hostname, port } = new URL(url);
    const simulator = await startSimulator({ records: 5 });
    const args = ['export', 'genesys', 'queues', '--out', 'postgres:///postgres?table=queues'];
    const env = { ...genesysEnv(simulator), PGHOST: hostname, PGPORT: port, PGUSER: 'exporter' };
    for (const PGPASSWORD of ['wrong-word', '']) {
      const { code, stdout, stderr } = await run(args, { ...env, PGPASSWORD });
      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('PGPASSWORD') });
      expect(stdout + stderr).not.toContain('wrong-word');
    }
    expect(simulator.counts.apiRequests).toBe(0);
    expect(await run(args, { ...env, PGPASSWORD: 'right:@/ word' })).toMatchObject({ code: 0 });
  });
});

/** Starts a proxy that stops to forward anything once a text was sent some times, but keeps the connections. */
function swallowingProxy(database: string, text: string, times: number): Promise<string> {
  let seen = 0;
  let hangs = false;
  return startTcpProxy(database, (client, upstream) => {
    client.on('data', (data) => {
      if (data.includes(text) && ++seen === times) hangs = true;
      if (!hangs) upstream.write(data);
    });
    upstream.on('data', (data) => hangs || client.write(data));
  });
}
