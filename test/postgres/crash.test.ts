import { expect, it } from 'vitest';
import { exportRecords } from '../../src/batch/index.ts';
import { postgresTable } from '../../src/postgres/index.ts';
import { failure, preparedPages } from '../support/batch.ts';
import {
  describeWithPostgres,
  describeWithPostgresServer,
  ownPostgres,
  queryAll,
  usePostgres,
} from '../support/postgres.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { api, exportPages } from './support.ts';

const PAGES = Array.from({ length: 6 }, (_, page) => [{ id: `a${page}` }, { id: `b${page}` }]);

describeWithPostgres('an export to Postgres that ends early', () => {
  const postgres = usePostgres();

  it.each([
    ['before the commit', 'ends', 6],
    ['after the commit', 'lost', 6],
  ])('writes each record once after the connection ended %s', async (_, when, commit) => {
    const url = await postgres.database();
    const proxy = await commitProxy(url, when as 'ends' | 'lost', commit);
    const error = await failure(exportPages(proxy, PAGES), 'ERR_DATABASE');
    expect(error).toMatchObject({ resumable: true, permanent: false });
    expect(error.message).toContain('Run the same export again');
    expect(await exportPages(url, PAGES)).toMatchObject({ records: 12, resumed: true, repeated: 0 });
    expect(
      await queryAll(url, 'SELECT count(*)::int AS n, count(DISTINCT id)::int AS d FROM things'),
    ).toEqual([{ n: 12, d: 12 }]);
  });

  it('keeps another run of the same export away', async () => {
    const url = await postgres.database();
    const running = heldExport(url);
    await running.started;
    const error = await failure(exportPages(url, PAGES), 'ERR_LOCKED');
    expect(error.message).toContain('another run is writing the export "all" into public.things');
    // Also with restart, which must not overwrite the checkpoint.
    await failure(exportPages(url, PAGES, {}, { restart: true }), 'ERR_LOCKED');
    running.release();
    expect(await running.ended).toMatchObject({ records: 12 });
    expect(await exportPages(url, PAGES)).toMatchObject({ alreadyComplete: true });
  });

  it('ends a run whose connection an administrator terminates', async () => {
    const url = await postgres.database();
    const running = heldExport(url);
    const ended = failure(running.ended, 'ERR_DATABASE');
    await running.started;
    await queryAll(
      url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'axios-oauth-refresh'",
    );
    running.release();
    await ended;
    expect(await exportPages(url, PAGES)).toMatchObject({ records: 12 });
  });

  it('keeps two exports into a table apart, and refuses a name of another export', async () => {
    const url = await postgres.database();
    await Promise.all(['one', 'two'].map((name, n) => exportPages(url, [[{ id: `${n}` }]], { name })));
    expect(await queryAll(url, 'SELECT id FROM things ORDER BY id')).toEqual([{ id: '0' }, { id: '1' }]);
    const sink = postgresTable({ url, table: 'things', name: 'one', id: 'id' });
    const other = { ...preparedPages([{ items: [{ id: 'x' }] }]), query: 'other' };
    await failure(exportRecords({ api, source: other, sink }), 'ERR_CHECKPOINT_MISMATCH');
  });

  it('replaces the rows of a record that came again, and keeps the last of two', async () => {
    const url = await postgres.database();
    await exportPages(url, [
      [
        { id: 'a', n: 1 },
        { id: 'b', n: 1 },
      ],
    ]);
    const source = preparedPages([{ items: [{ id: 'a', n: 2 }] }, { items: [{ id: 'a', n: 3 }] }]);
    const sink = postgresTable({ url, table: 'things', name: 'again', id: 'id' });
    await exportRecords({ api, source, sink });
    expect(await queryAll(url, 'SELECT id, n::int FROM things ORDER BY id')).toEqual([
      { id: 'a', n: 3 },
      { id: 'b', n: 1 },
    ]);
  });

  it('refuses a checkpoint elsewhere, and a table that was dropped', async () => {
    const url = await postgres.database();
    await expect(exportPages(url, PAGES, {}, { checkpoint: false })).rejects.toThrow(
      'checkpoint must be omitted',
    );
    await exportPages(url, PAGES);
    await queryAll(url, 'DROP TABLE things');
    await failure(exportPages(url, PAGES), 'ERR_OUTPUT_SHORT');
    expect(await exportPages(url, PAGES, {}, { restart: true })).toMatchObject({ records: 12 });
  });

  it.each([
    ['ERR_DATABASE', (url: URL) => void Object.assign(url, { port: '1' }), 'ECONNREFUSED'],
    ['', (url: URL) => void Object.assign(url, { pathname: '/nowhere' }), 'Create the database'],
    ['', (url: URL) => void url.searchParams.set('tabel', 'x'), 'Did you mean table?'],
  ])('describes a wrong URL: %s', async (code, change, part) => {
    const url = new URL(await postgres.database());
    url.password = 'hidden-secret';
    change(url);
    const error = await (async () => exportPages(url.href, PAGES))().catch((thrown: Error) => thrown);
    expect(error).toHaveProperty('message', expect.stringContaining(part));
    if (code) expect(error).toHaveProperty('code', code);
    expect(String(error)).not.toContain('hidden-secret');
  });
});

describeWithPostgresServer('a Postgres that crashes', () => {
  it('continues after the restart of the server', async () => {
    const server = await ownPostgres();
    const running = heldExport(server.url);
    const ended = failure(running.ended, 'ERR_DATABASE');
    await running.started;
    await server.kill();
    running.release();
    await ended;
    await server.start();
    expect(await exportPages(server.url, PAGES)).toMatchObject({ records: 12 });
    expect(await queryAll(server.url, 'SELECT id FROM things')).toHaveLength(12);
  });
});

/** Starts an export that waits after its third page. */
function heldExport(url: string) {
  const started = deferred();
  const gate = deferred();
  const pages = preparedPages(
    PAGES.map((items) => ({ items })),
    { identify: (item) => item.id },
  );
  const source = {
    ...pages,
    async *read(context: Parameters<typeof pages.read>[0]) {
      let read = 0;
      for await (const page of pages.read(context)) {
        if (++read === 3) {
          started.resolve();
          await gate.promise;
        }
        yield page;
      }
    },
  };
  const sink = postgresTable({ url, table: 'things', name: 'all', id: 'id' });
  const ended = exportRecords({ api, source, sink, checkpointInterval: 0 });
  return { started: started.promise, ended, release: () => gate.resolve() };
}

/** Starts a proxy that ends the connections before it forwards a commit, or before it forwards the answer. */
function commitProxy(database: string, when: 'ends' | 'lost', commit: number): Promise<string> {
  let commits = 0;
  return startTcpProxy(database, (client, upstream) => {
    let isLost = false;
    client.on('data', (data) => {
      if (data.includes('COMMIT') && ++commits === commit) {
        if (when === 'ends') {
          client.destroy();
          return;
        }
        isLost = true;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => (isLost ? client.destroy() : client.write(data)));
  });
}

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((resolved) => {
    resolve = resolved;
  });
  return { promise, resolve };
}
