import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { exportRecords, genesysConversations, jsonLinesFile, type Sink } from 'axios-oauth-refresh/batch';
import { type PostgresOptions, postgresTable } from 'axios-oauth-refresh/postgres';
import { startPostgres } from '../support/postgres-server.ts';
import { type Contestant, compare, withPages } from './compare.ts';

const INTERVAL = '2023-10-01T00:00:00.000Z/2023-10-08T00:00:00.000Z';

async function exportTo(baseURL: string, sink: Sink): Promise<number> {
  const source = genesysConversations({ interval: INTERVAL });
  return (await exportRecords({ api: axios.create({ baseURL }), source, sink, readAhead: 6 })).records;
}

const intoFile: Contestant = async (url) => {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    return await exportTo(url, jsonLinesFile(join(directory, 'out.jsonl')));
  } finally {
    await rm(directory, { recursive: true });
  }
};

/** Prints the throughput of exports into a Postgres on this machine, which writes each transaction to the disk. */
export async function postgres(bin: string): Promise<void> {
  const server = await startPostgres(bin, {
    fsync: 'on',
    full_page_writes: 'on',
    autovacuum: 'on',
    shared_buffers: '128MB',
  });
  let exports = 0;
  const into = (options: Partial<PostgresOptions>): Contestant => {
    return (url) => {
      const name = `${exports++}`;
      return exportTo(url, postgresTable({ url: server.url, table: `t${name}`, name, ...options }));
    };
  };
  const again = (table: string): Contestant => into({ table });
  try {
    await withPages(60_000, (url) =>
      compare('60,000 records, 50 ms a page', `${url}/query/50`, 3, {
        'JSON Lines': intoFile,
        'Postgres, a new table': into({}),
        'Postgres, the same records again': again('again'),
        'Postgres, a row per segment': into({ rows: 'segments' }),
      }),
    );
  } finally {
    await server.close();
  }
}
