import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import axios, { type AxiosInstance } from 'axios';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ExportOptions, exportRecords, jsonLinesFile, type Progress } from '../../../src/batch/index.ts';
import type { CsvRow } from '../../../src/batch/sources/csv-rows.ts';
import {
  type CxoneDataExtractionOptions,
  cxoneDataExtraction,
} from '../../../src/batch/sources/cxone-data-extraction.ts';
import { niceCxone } from '../../../src/vendors/nice-cxone.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { type SeenRequest, sendJson, startServer } from '../../support/server.ts';
import { attached, startSimulator } from '../../support/simulated.ts';

const JOBS = '/data-extraction/v1/jobs';
const QUICK = {
  entityName: 'contacts',
  startDate: '2023-10-01',
  endDate: '2023-10-08',
  pollDelay: 1,
  maxPollDelay: 2,
};

async function output(api: AxiosInstance, source: Partial<CxoneDataExtractionOptions> = {}) {
  const path = join(await temporaryDirectory(), 'out.jsonl');
  const base = {
    api,
    source: cxoneDataExtraction({ ...QUICK, ...source }),
    sink: jsonLinesFile(path),
    checkpointInterval: 0,
    // The pauses between two reads of a file.
    clock: {
      now: Date.now,
      setTimeout: (call: () => void, delay: number) => setTimeout(call, delay > 5000 ? delay : delay / 100),
      clearTimeout,
    },
  } satisfies ExportOptions<CsvRow>;
  const records = async (): Promise<Record<string, string>[]> =>
    (await readFile(path, 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { base, path, records };
}

async function simulated(options: Parameters<typeof startSimulator>[0] = {}) {
  const sim = await startSimulator({ records: 95, ...options });
  const { url: issuer, clientId, clientSecret, accessKeyId, accessKeySecret } = sim;
  const api = attached(niceCxone({ issuer, clientId, clientSecret, accessKeyId, accessKeySecret }));
  api.defaults.baseURL = sim.url;
  const expected = Array.from({ length: sim.recordCount }, (_, n) =>
    Object.fromEntries(Object.entries(sim.completedContact(n)).map(([name, value]) => [name, String(value)])),
  );
  const created = () => sim.requests.filter(({ method, path }) => method === 'POST' && path === JOBS).length;
  return { sim, api, expected, created };
}

type FileAnswer = (response: ServerResponse, request: SeenRequest, read: number) => void;

/** An API whose jobs succeed at once, and another host whose file is what the test says. */
async function startFile(
  file: FileAnswer | string | Buffer,
  { expired = (): boolean => false, wrap = (id: string): unknown => id } = {},
) {
  const requests: SeenRequest[] = [];
  let created = 0;
  const files = await startServer((request, response) => {
    requests.push(request);
    if (typeof file === 'function') file(response, request, requests.length);
    else
      response
        .writeHead(200, { 'content-type': 'text/csv', 'content-length': Buffer.byteLength(file) })
        .end(file);
  });
  const url = `${files.url}/extract.csv?signature=s3cr3t`;
  const server = await startServer(({ method }, response) => {
    if (method === 'POST') return sendJson(response, 202, wrap(`job-${++created}`));
    if (expired()) return sendJson(response, 200, { jobStatus: { status: 'EXPIRED' } });
    sendJson(response, 200, { jobStatus: { status: 'SUCCEEDED', result: { url } } });
  });
  onTestFinished(async () => {
    await Promise.all([files.close(), server.close()]);
  });
  return { api: axios.create({ baseURL: server.url, proxy: false }), requests, created: () => created };
}

function abortAt(records: number) {
  const abort = new AbortController();
  const onProgress = (progress: Progress) => {
    if (progress.records >= records) abort.abort(new Error('enough'));
  };
  return { signal: abort.signal, onProgress };
}

const ROWS = Array.from({ length: 20 }, (_, n) => `r${n},${n}`);
const csv = (rows: readonly string[]) => `id,n\n${rows.join('\n')}\n`;
const ids = (records: readonly Record<string, string>[]) => records.map(({ id }) => id);
const ALL = ROWS.map((row) => row.split(',')[0]);

describe('a data extraction', () => {
  test('is created, waited for, and its file read', async () => {
    const { sim, api, expected, created } = await simulated({ jobs: { polls: 3 } });
    const { base, records } = await output(api, { pageSize: 10 });
    expect(await exportRecords(base)).toMatchObject({ records: 95, pages: 10 });
    expect(await records()).toEqual(expected);
    expect(created()).toBe(1);
    expect(sim.counts).toMatchObject({ filesServed: 1, leakedBearers: 0 });
  });

  test('takes the id also in an object', async () => {
    const { api } = await startFile(csv(ROWS), { wrap: (jobId) => ({ jobId }) });
    const { base, records } = await output(api);
    await exportRecords(base);
    expect(ids(await records())).toEqual(ALL);
  });

  test('reads quotation marks, line feeds in fields, a byte order mark, CR LF and compression', async () => {
    const text = '\ufeffid,"a ""b"""\r\n1,"x\ny, ""z"""\r\n2,é\r\n';
    for (const headers of [{}, { 'content-encoding': 'gzip' }]) {
      const body = 'content-encoding' in headers ? gzipSync(text) : Buffer.from(text);
      const { api } = await startFile((response) => void response.writeHead(200, headers).end(body));
      const { base, records } = await output(api);
      await exportRecords(base);
      expect(await records()).toEqual([
        { id: '1', 'a "b"': 'x\ny, "z"' },
        { id: '2', 'a "b"': 'é' },
      ]);
    }
  });

  test('of nothing but a header is an empty output', async () => {
    const { api } = await startFile('id,n\n');
    const { base } = await output(api, { id: 'id' });
    expect(await exportRecords(base)).toMatchObject({ records: 0 });
  });

  test('holds only some rows in memory, whatever the size of its file', async () => {
    let sent = 0;
    const rows = function* () {
      yield 'id,text\n';
      for (; sent < 400_000; sent++) yield `${sent},${'x'.repeat(100)}\n`;
    };
    const { api } = await startFile((response) => {
      // The client goes away in the middle.
      pipeline(Readable.from(rows()), response, () => {});
    });
    const { base } = await output(api, { pageSize: 100 });
    const slow = new AbortController();
    let sentThen = 0;
    const format = 'slow';
    const write = async () => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      sentThen = sent;
      slow.abort(new Error('enough'));
    };
    const sink = {
      format,
      open: async () => ({
        write,
        save: async () => undefined,
        finish: async () => {},
        close: async () => {},
      }),
    };
    await failure(exportRecords({ ...base, sink: sink as never, signal: slow.signal }), 'ERR_INTERRUPTED');
    expect(sentThen).toBeGreaterThan(0);
    expect(sentThen).toBeLessThan(200_000);
  });

  test.each(['FAILED', 'CANCELLED'] as const)(
    'that ends as %s is an error, and the next run makes another',
    async (outcome) => {
      const { api, expected, created } = await simulated({
        jobs: { outcome: (n) => (n === 1 ? outcome : 'FULFILLED') },
      });
      const { base, records } = await output(api);
      expect((await failure(exportRecords(base), 'ERR_JOB')).message).toContain(outcome);
      await exportRecords(base);
      expect(await records()).toEqual(expected);
      expect(created()).toBe(2);
    },
  );
});

describe('the other host', () => {
  test('is sent nothing of the instance, whatever its defaults and interceptors are', async () => {
    const { api, requests } = await startFile((response, _, read) => {
      if (read === 1) return void response.writeHead(302, { location: '/moved.csv?signature=s3cr3t' }).end();
      response.writeHead(200).end(csv(ROWS));
    });
    const { Authorization } = { Authorization: 'Bearer LEAK' };
    Object.assign(api.defaults, {
      auth: { username: 'LEAK', password: 'LEAK' },
      params: { key: 'LEAK' },
      withCredentials: true,
      data: 'LEAK',
      maxRedirects: 3,
      beforeRedirect: (next: { headers: Record<string, string> }) =>
        Object.assign(next.headers, { 'x-leak': 'LEAK' }),
      validateStatus: () => true,
    });
    Object.assign(api.defaults.headers.common, { Authorization, Cookie: 'LEAK', 'X-Api-Key': 'LEAK' });
    Object.assign(api.defaults.headers.get, { 'X-Tenant': 'LEAK' });
    api.interceptors.request.use((config) => {
      config.headers.set('X-Late', 'LEAK');
      config.params = { ...config.params, late: 'LEAK' };
      return config;
    });
    const common = axios.defaults.headers.common as Record<string, unknown>;
    common['X-Global'] = 'LEAK';
    onTestFinished(() => {
      delete common['X-Global'];
    });
    const { base, records } = await output(api);
    await exportRecords(base);
    expect(ids(await records())).toEqual(ALL);
    expect(requests.map(({ url }) => url)).toEqual([
      '/extract.csv?signature=s3cr3t',
      '/moved.csv?signature=s3cr3t',
    ]);
    for (const { headers, body } of requests) {
      expect(JSON.stringify(headers)).not.toContain('LEAK');
      expect(Object.keys(headers).sort()).toEqual([
        'accept',
        'accept-encoding',
        'connection',
        'host',
        'user-agent',
      ]);
      expect(body).toHaveLength(0);
    }
  });

  test('is sent no bearer, also when it is one that may have it', async () => {
    const sim = await startSimulator({ records: 5 });
    const { url: issuer, filesUrl, clientId, clientSecret, accessKeyId, accessKeySecret } = sim;
    const api = attached(niceCxone({ issuer, clientId, clientSecret, accessKeyId, accessKeySecret }), {
      resourceOrigins: [filesUrl],
    });
    api.defaults.baseURL = sim.url;
    const { base } = await output(api);
    await exportRecords(base);
    expect(sim.counts).toMatchObject({ filesServed: 1, leakedBearers: 0 });
  });

  test.each([
    ['http://files.example.com/x.csv?signature=s3cr3t', 'is not https'],
    ['https://user:s3cr3t@files.example.com/x.csv', 'holds credentials'],
    ['/x.csv', 'is not a URL'],
  ])('%s is not asked', async (url, message) => {
    const server = await startServer(({ method }, response) =>
      method === 'POST'
        ? sendJson(response, 202, 'job')
        : sendJson(response, 200, { jobStatus: { status: 'SUCCEEDED', result: { url } } }),
    );
    onTestFinished(() => server.close());
    const { base } = await output(axios.create({ baseURL: server.url, proxy: false }));
    const error = await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain(message);
    expect(inspect(error, { depth: 10 })).not.toContain('s3cr3t');
  });

  test('that redirects to plain http is not followed', async () => {
    const { api } = await startFile(
      (response) => void response.writeHead(302, { location: 'http://files.example.com/x.csv' }).end(),
    );
    const { base } = await output(api);
    expect((await failure(exportRecords(base), 'ERR_REQUEST')).message).toContain('is not https');
  });
});

describe('a file', () => {
  test.each([0, 3, 7])('that breaks off is read again, up to where it was (behind row %i)', async (rows) => {
    const { api, requests } = await startFile((response, _, read) => {
      const body = csv(ROWS);
      response.writeHead(200, { 'content-length': body.length });
      if (read === 1)
        response.write(body.slice(0, csv(ROWS.slice(0, rows)).length + 1), () =>
          setTimeout(() => response.destroy(), 10),
        );
      else response.end(body);
    });
    const { base, records } = await output(api, { pageSize: 2 });
    await exportRecords(base);
    expect(ids(await records())).toEqual(ALL);
    expect(requests).toHaveLength(2);
  });

  test('that always breaks off is an error without the signature in it, and what came of it stays', async () => {
    const { api, requests } = await startFile((response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write(csv(ROWS.slice(0, 9)), () => setTimeout(() => response.destroy(), 10));
    });
    const { base, records } = await output(api, { pageSize: 2 });
    const error = await failure(exportRecords(base), 'ERR_REQUEST');
    expect(error.message).toContain('broke off 4 times in a row');
    expect(inspect(error, { depth: 10 })).not.toContain('s3cr3t');
    expect(ids(await records())).toEqual(ALL.slice(0, 6));
    expect(requests).toHaveLength(4);
  });

  test('that is refused is asked for again with a new URL, and then an error', async () => {
    const { api } = await startFile((response) => void response.writeHead(403).end('<Error/>'));
    const { base } = await output(api);
    const error = await failure(exportRecords(base), 'ERR_REQUEST');
    expect(error.message).toContain('was answered with 403 4 times');
    expect(inspect(error, { depth: 10 })).not.toContain('s3cr3t');
  });

  test('that stops coming is read again', async () => {
    const { api, requests } = await startFile((response, _, read) => {
      if (read > 1) return void response.end(csv(ROWS));
      response.write(csv(ROWS.slice(0, 5)));
    });
    const { base, records } = await output(api, { pageSize: 2, idleTimeout: 2000 });
    await exportRecords(base);
    expect(ids(await records())).toEqual(ALL);
    expect(requests).toHaveLength(2);
  });

  test('without a length that ends within a row is read again', async () => {
    const { api, requests } = await startFile((response, _, read) => {
      const body = csv(ROWS);
      response.removeHeader('transfer-encoding');
      response.useChunkedEncodingByDefault = false;
      response.shouldKeepAlive = false;
      response.writeHead(200);
      response.end(read === 1 ? body.slice(0, -2) : body);
    });
    const { base, records } = await output(api);
    await exportRecords(base);
    expect(ids(await records())).toEqual(ALL);
    expect(requests).toHaveLength(2);
  });

  test.each([
    ['ragged', `${csv(ROWS.slice(0, 5))}r5\nr6,6\n`, 'is ragged: row 7 has more or fewer fields'],
    ['ragged behind many rows', `${csv(Array(3000).fill('a,b'))}a,b,c\n`, 'is ragged: row 3002 has'],
    ['ragged in its last row', `${csv(ROWS.slice(0, 5))}r5`, 'is ragged: row 7 has'],
    ['with an open quotation mark', `${csv(ROWS)}"x,1\n`, 'is no CSV from row 22 on (CSV_QUOTE_NOT_CLOSED)'],
    ['that is HTML', '<!doctype html>\n<p>Sign in', 'begins like HTML, XML or JSON'],
    ['that is empty', '', 'has not even a header'],
    ['with two columns of a name', 'id,id\n1,2\n', 'two columns of the name "id"'],
    ['with a column without a name', 'id,\n1,2\n', 'a column without a name'],
    ['that is not UTF-8', Buffer.from('id,n\n\xe9,1\n', 'latin1'), 'is not UTF-8'],
  ])('%s is an error, never the end', async (_, file, message) => {
    const { api } = await startFile(file);
    const { base } = await output(api);
    expect((await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER')).message).toContain(message);
  });

  test.each([
    ['has no such column', 'n,m\n1,2\n', 'has no column "id", which id names'],
    ['has a row without it', 'id,m\n1,2\n,3\n', 'has no id, which id names, in row 3'],
  ])('that %s is an error where an id is asked for', async (_, file, message) => {
    const { api } = await startFile(file);
    const { base } = await output(api, { id: 'id' });
    expect((await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER')).message).toContain(message);
  });
});

describe('an extraction of an earlier run', () => {
  test.each([1, 10, 50, 90])('goes on behind the %i or more rows that were written', async (cut) => {
    const { sim, api, expected, created } = await simulated();
    const { base, records } = await output(api, { pageSize: 10 });
    await failure(exportRecords({ ...base, readAhead: 1, ...abortAt(cut) }), 'ERR_INTERRUPTED');
    expect(await exportRecords(base)).toMatchObject({ records: 95, repeated: 0, resumed: true });
    expect(await records()).toEqual(expected);
    expect(created()).toBe(1);
    expect(sim.counts.filesServed).toBe(2);
  });

  test('whose file has become shorter is an error', async () => {
    const { api } = await startFile(
      (response, _, read) => void response.end(csv(read === 1 ? ROWS : ROWS.slice(0, 3))),
    );
    const { base } = await output(api, { pageSize: 5 });
    await failure(exportRecords({ ...base, readAhead: 0, ...abortAt(5) }), 'ERR_INTERRUPTED');
    expect((await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER')).message).toContain(
      'has 3 rows now, but had 5 before',
    );
  });

  test('that expired is created again where a column tells rows apart', async () => {
    const { sim, api, expected, created } = await simulated();
    const { base, records } = await output(api, { pageSize: 10, id: 'contactId' });
    await failure(exportRecords({ ...base, ...abortAt(40) }), 'ERR_INTERRUPTED');
    sim.expireJobs();
    expect(await exportRecords(base)).toMatchObject({ records: 95, repeated: 40 });
    expect(await records()).toEqual(expected);
    expect(created()).toBe(2);
  });

  test('that expired is an error where none does, unless nothing was written', async () => {
    const { sim, api, expected } = await simulated();
    const { base } = await output(api, { pageSize: 10 });
    await failure(exportRecords({ ...base, readAhead: 0, ...abortAt(40) }), 'ERR_INTERRUPTED');
    sim.expireJobs();
    const error = await failure(exportRecords(base), 'ERR_JOB');
    expect(error.resumable).toBe(false);
    expect(error.message).toContain('expired when 40 rows of its file were read');
    const early = await output(api, { pageSize: 10 });
    await failure(exportRecords({ ...early.base, readAhead: 0, ...abortAt(0) }), 'ERR_INTERRUPTED');
    sim.expireJobs();
    await exportRecords(early.base);
    expect(await early.records()).toEqual(expected);
  });
});

describe('an extraction that expires', () => {
  test('while its file is read is created again, in another order, without loss or repetition', async () => {
    let jobs = 0;
    const orders = [ROWS, [...ROWS].reverse(), ROWS];
    let over = false;
    const { api, created } = await startFile(
      (response, _, read) => {
        jobs = read;
        const body = csv(orders[read - 1] ?? []);
        response.writeHead(200, { 'content-length': body.length });
        if (read === 3) return void response.end(body);
        response.write(body.slice(0, 40 + 20 * read), () =>
          setTimeout(() => {
            over = true;
            response.destroy();
          }, 20),
        );
      },
      {
        expired: () => {
          const was = over;
          over = false;
          return was;
        },
      },
    );
    const { base, records } = await output(api, { pageSize: 2, id: 'id' });
    await exportRecords(base);
    expect(ids(await records()).sort()).toEqual([...ALL].sort());
    expect(jobs).toBe(3);
    expect(created()).toBe(3);
  });

  test('each time is given up', async () => {
    const { api, created } = await startFile(csv(ROWS), { expired: () => true });
    const { base } = await output(api);
    expect((await failure(exportRecords(base), 'ERR_JOB')).message).toContain('expired 3 times in a row');
    expect(created()).toBe(3);
  });
});

test('says everything that is wrong with its options', () => {
  const clock = createManualClock(Date.parse('2023-10-05T00:00Z'));
  const make = (options: Partial<CxoneDataExtractionOptions>) => () =>
    cxoneDataExtraction({ ...QUICK, clock, ...options });
  expect(make({})).toThrow('endDate (2023-10-08) is in the future');
  expect(
    make({
      entityName: '',
      endDate: '2023-09-08',
      pageSize: 0,
      query: { version: '1' },
      id: '',
      maxWait: -1,
    }),
  ).toThrow(
    /entityName must say(.|\n)*must be after(.|\n)*query.version is an option(.|\n)*id must be(.|\n)*pageSize must be(.|\n)*maxWait must be/,
  );
  expect(() => cxoneDataExtraction(undefined as never)).toThrow('entityName must say');
});
