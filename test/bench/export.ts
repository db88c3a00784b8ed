import { fork } from 'node:child_process';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axios from 'axios';
import {
  cursorSource,
  exportRecords,
  genesysConversations,
  jsonLinesFile,
  type PageSource,
} from 'axios-oauth-refresh/batch';
import { type Contestant, compare, withPages } from './compare.ts';
import { printTable } from './figures.ts';

const INTERVAL = '2023-10-01T00:00:00.000Z/2023-10-08T00:00:00.000Z';
const PAGE = 100;
const AHEAD = 6;

interface Answer {
  conversations?: unknown[];
  cursor?: string;
}

const query = (pageNumber: number) => ({ interval: INTERVAL, paging: { pageSize: PAGE, pageNumber } });

/** The loop of the vendor's tutorial on axios: one page at a time, records discarded. */
const pageByPage: Contestant = async (url) => {
  let records = 0;
  for (let pageNumber = 1; ; pageNumber++) {
    const { data } = await axios.post<Answer>(url, query(pageNumber));
    if (!data.conversations) return records;
    records += data.conversations.length;
  }
};

/** The same number of pages at once as the export, records discarded. */
const severalAtOnce: Contestant = async (url) => {
  let records = 0;
  let next = 1;
  let ended = false;
  const fetchPages = async () => {
    while (!ended) {
      const { data } = await axios.post<Answer>(url, query(next++));
      if (data.conversations) records += data.conversations.length;
      else ended = true;
    }
  };
  await Promise.all(Array.from({ length: AHEAD }, fetchPages));
  return records;
};

/** One page at a time, each record a line of a file, without checkpoints and fsync. */
const pageByPageToFile: Contestant = async (url) => {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    let records = 0;
    for (let pageNumber = 1; ; pageNumber++) {
      const { data } = await axios.post<Answer>(url, query(pageNumber));
      if (!data.conversations) return records;
      const lines = data.conversations.map((record) => `${JSON.stringify(record)}\n`);
      await appendFile(join(directory, 'out.jsonl'), lines.join(''));
      records += data.conversations.length;
    }
  } finally {
    await rm(directory, { recursive: true });
  }
};

/** One page at a time with a cursor, records discarded. */
const cursorByCursor: Contestant = async (url) => {
  let records = 0;
  let cursor: string | undefined;
  do {
    const { data } = await axios.get<Answer>(url, { params: cursor === undefined ? {} : { cursor } });
    records += data.conversations?.length ?? 0;
    cursor = data.cursor;
  } while (cursor !== undefined);
  return records;
};

/** The export of this package: every record a line of a file, with checkpoints. */
function exporting(source: PageSource): Contestant {
  return async (url) => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      const sink = jsonLinesFile(join(directory, 'out.jsonl'));
      const { records } = await exportRecords({
        api: axios.create({ baseURL: url }),
        source,
        sink,
        readAhead: AHEAD,
      });
      return records;
    } finally {
      await rm(directory, { recursive: true });
    }
  };
}

const numbered = () => exporting(genesysConversations({ interval: INTERVAL }));
const byCursor = () =>
  exporting(cursorSource({ url: '', items: 'conversations', cursor: 'cursor', parameter: 'cursor' }));

/** Prints the throughput with and without latency, and the memory of long exports. */
export async function exports(): Promise<void> {
  await withPages(20_000, async (url) => {
    await compare('20,000 records, 50 ms a page, numbered pages', `${url}/query/50`, 3, {
      'one page at a time, discarded': pageByPage,
      [`the export, ${AHEAD} at once, into a file`]: numbered(),
    });
    await compare('20,000 records, 50 ms a page, by cursor', `${url}/jobs/50`, 3, {
      'one page at a time, discarded': cursorByCursor,
      'the export, into a file': byCursor(),
    });
  });
  await withPages(30_000, (url) =>
    compare('30,000 records, no latency, numbered pages', `${url}/query/0`, 27, {
      'one page at a time, discarded': pageByPage,
      [`${AHEAD} at once, discarded`]: severalAtOnce,
      'one page at a time, into a file': pageByPageToFile,
      [`the export, ${AHEAD} at once, into a file`]: numbered(),
    }),
  );
  await withPages(30_000, (url) =>
    compare('30,000 records, no latency, by cursor', `${url}/jobs/0`, 27, {
      'one page at a time, discarded': cursorByCursor,
      'the export, into a file': byCursor(),
    }),
  );
  await withPages(4_000, (url) => keepRate(`${url}/query/50`, 300, 40));
  const peaks: number[] = [];
  for (const records of [100_000, 1_000_000]) {
    await withPages(records, async (url) => {
      peaks.push(await peakMemory(`${url}/jobs/0`));
    });
  }
  const [small = 0, large = 0] = peaks;
  printTable(
    'Peak memory (resident set) of a process that exports',
    ['records', 'MB', 'ratio'],
    [
      ['100,000', small.toFixed(0), '1.00'],
      ['1,000,000', large.toFixed(0), (large / small).toFixed(2)],
    ],
  );
}

/** Prints the duration of an export with a rate limit, compared with requests divided by rate. */
async function keepRate(url: string, perMinute: number, pages: number): Promise<void> {
  const began = performance.now();
  const sink = { format: 'none', open: async () => nowhere };
  const api = axios.create({ baseURL: url });
  const source = genesysConversations({ interval: INTERVAL });
  const { requests } = await exportRecords({ api, source, sink, rate: { requests: perMinute } });
  const seconds = (performance.now() - began) / 1000;
  const least = (requests * 60) / perMinute;
  printTable(
    `${pages} pages of 50 ms at ${perMinute} requests a minute`,
    ['', 'requests', 'seconds', 'ratio to requests / rate'],
    [['the export', String(requests), seconds.toFixed(2), (seconds / least).toFixed(3)]],
  );
}

const nowhere = {
  write: async () => {},
  save: async () => undefined,
  finish: async () => {},
  close: async () => {},
};

function peakMemory(url: string): Promise<number> {
  const child = fork(fileURLToPath(new URL('./export-memory.ts', import.meta.url)), [url]);
  return new Promise((resolve, reject) => {
    child.once('message', (megabytes) => resolve(Number(megabytes)));
    child.once('exit', (code) => reject(new Error(`the export ended with ${code}`)));
  });
}
