import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import axios, { type AxiosInstance } from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
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
    // Shortens the pauses between two downloads of a file.
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

/** Starts an API whose jobs succeed immediately, and another host that serves `file`. */
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

describe('cxoneDataExtraction', () => {
  it('creates a job, waits for it, and reads its file', async () => {
    const { sim, api, expected, created } = await simulated({ jobs: { polls: 3 } });
    const { base, records } = await output(api, { pageSize: 10 });
    expect(await exportRecords(base)).toMatchObject({ records: 95, pages: 10 });
    expect(await records()).toEqual(expected);
    expect(created()).toBe(1);
    expect(sim.counts).toMatchObject({ filesServed: 1, leakedBearers: 0 });
  });

  it('accepts the job id in an object', async () => {
    const { api } = await startFile(csv(ROWS), { wrap: (jobId) => ({ jobId }) });
    const { base, records } = await output(api);
    await exportRecords(base);
    expect(ids(await records())).toEqual(ALL);
  });

  it('reads quotation marks, line feeds in fields, a byte order mark, CR LF and compression', async () => {
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

  it('creates an empty output for a file with only a header', async () => {
    const { api } = await startFile('id,n\n');
    const { base } = await output(api, { id: 'id' });
    expect(await exportRecords(base)).toMatchObject({ records: 0 });
  });

  it('keeps only some rows of a large file in memory', async () => {
    let sent = 0;
    const rows = function* () {
      yield 'id,text\n';
      for (; sent < 400_000; sent++) yield `${sent},${'x'.repeat(100)}\n`;
    };
    const { api } = await startFile((response) => {
      // Ignores the error when the client closes the connection in the middle.
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

  it.each(['FAILED', 'CANCELLED'] as const)(
    'fails if the job ends as %s, and creates another job in the next run',
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

describe('the request for the file', () => {
  it('contains nothing of the instance, with any defaults and interceptors', async () => {
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

  it('contains no token, also if the host is an allowed origin', async () => {
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

  it.each([
    ['http://files.example.com/x.csv?signature=s3cr3t', 'is not https'],
    ['https://user:s3cr3t@files.example.com/x.csv', 'holds credentials'],
    ['/x.csv', 'is not a URL'],
  ])('is not sent to %s', async (url, message) => {
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

  it('does not follow a redirect to plain http', async () => {
    const { api } = await startFile(
      (response) => void response.writeHead(302, { location: 'http://files.example.com/x.csv' }).end(),
    );
    const { base } = await output(api);
    expect((await failure(exportRecords(base), 'ERR_REQUEST')).message).toContain('is not https');
  });
});

describe('when the file cannot be read', () => {
  it.each([0, 3, 7])(
    'downloads the file again and skips the written rows after it broke off at row %i',
    async (rows) => {
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
    },
  );

  it('fails if the file always breaks off, keeps the rows so far, and hides the signature of the URL', async () => {
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

  it('requests a refused file again with a new URL, and fails after four attempts', async () => {
    const { api } = await startFile((response) => void response.writeHead(403).end('<Error/>'));
    const { base } = await output(api);
    const error = await failure(exportRecords(base), 'ERR_REQUEST');
    expect(error.message).toContain('returned 403 4 times');
    expect(inspect(error, { depth: 10 })).not.toContain('s3cr3t');
  });

  it('downloads the file again after idleTimeout without data', async () => {
    const { api, requests } = await startFile((response, _, read) => {
      if (read > 1) return void response.end(csv(ROWS));
      response.write(csv(ROWS.slice(0, 5)));
    });
    const { base, records } = await output(api, { pageSize: 2, idleTimeout: 2000 });
    await exportRecords(base);
    expect(ids(await records())).toEqual(ALL);
    expect(requests).toHaveLength(2);
  });

  it('downloads a file without a length again if it ends within a row', async () => {
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

  it.each([
    ['a row with too few fields', `${csv(ROWS.slice(0, 5))}r5\nr6,6\n`, 'row 7 has more or fewer fields'],
    ['a row with too many fields', `${csv(Array(3000).fill('a,b'))}a,b,c\n`, 'row 3002 has more or fewer'],
    ['a last row with too few fields', `${csv(ROWS.slice(0, 5))}r5`, 'row 7 has more or fewer'],
    [
      'an unclosed quotation mark',
      `${csv(ROWS)}"x,1\n`,
      'is not valid CSV from row 22 on (CSV_QUOTE_NOT_CLOSED)',
    ],
    ['HTML', '<!doctype html>\n<p>Sign in', 'begins like HTML, XML or JSON'],
    ['an empty file', '', 'it has no header'],
    ['two columns of the same name', 'id,id\n1,2\n', 'two columns named "id"'],
    ['an unnamed column', 'id,\n1,2\n', 'an unnamed column'],
    ['invalid UTF-8', Buffer.from('id,n\n\xe9,1\n', 'latin1'), 'is not UTF-8'],
  ])('fails for %s', async (_, file, message) => {
    const { api } = await startFile(file);
    const { base } = await output(api);
    expect((await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER')).message).toContain(message);
  });

  it.each([
    ['the column of the option id', 'n,m\n1,2\n', 'has no column "id", which the option id names'],
    ['an id in every row', 'id,m\n1,2\n,3\n', 'has no id, which the option id names, in row 3'],
  ])('fails for a file without %s', async (_, file, message) => {
    const { api } = await startFile(file);
    const { base } = await output(api, { id: 'id' });
    expect((await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER')).message).toContain(message);
  });
});

describe('when an earlier run was interrupted', () => {
  it.each([1, 10, 50, 90])('resumes after the %i or more rows that were written', async (cut) => {
    const { sim, api, expected, created } = await simulated();
    const { base, records } = await output(api, { pageSize: 10 });
    await failure(exportRecords({ ...base, readAhead: 1, ...abortAt(cut) }), 'ERR_INTERRUPTED');
    expect(await exportRecords(base)).toMatchObject({ records: 95, repeated: 0, resumed: true });
    expect(await records()).toEqual(expected);
    expect(created()).toBe(1);
    expect(sim.counts.filesServed).toBe(2);
  });

  it('fails if the file has become shorter', async () => {
    const { api } = await startFile(
      (response, _, read) => void response.end(csv(read === 1 ? ROWS : ROWS.slice(0, 3))),
    );
    const { base } = await output(api, { pageSize: 5 });
    await failure(exportRecords({ ...base, readAhead: 0, ...abortAt(5) }), 'ERR_INTERRUPTED');
    expect((await failure(exportRecords(base), 'ERR_UNEXPECTED_ANSWER')).message).toContain(
      'has 3 rows, but had at least 5 before',
    );
  });

  it('creates a new job after an expiry if the option id is set', async () => {
    const { sim, api, expected, created } = await simulated();
    const { base, records } = await output(api, { pageSize: 10, id: 'contactId' });
    await failure(exportRecords({ ...base, ...abortAt(40) }), 'ERR_INTERRUPTED');
    sim.expireJobs();
    expect(await exportRecords(base)).toMatchObject({ records: 95, repeated: 40 });
    expect(await records()).toEqual(expected);
    expect(created()).toBe(2);
  });

  it('fails after an expiry without the option id, unless no row was written', async () => {
    const { sim, api, expected } = await simulated();
    const { base } = await output(api, { pageSize: 10 });
    await failure(exportRecords({ ...base, readAhead: 0, ...abortAt(40) }), 'ERR_INTERRUPTED');
    sim.expireJobs();
    const error = await failure(exportRecords(base), 'ERR_JOB');
    expect(error.resumable).toBe(false);
    expect(error.message).toContain('expired after 40 rows of its file were read');
    const early = await output(api, { pageSize: 10 });
    await failure(exportRecords({ ...early.base, readAhead: 0, ...abortAt(0) }), 'ERR_INTERRUPTED');
    sim.expireJobs();
    await exportRecords(early.base);
    expect(await early.records()).toEqual(expected);
  });
});

describe('when the job expires', () => {
  it('creates a new job while the file is read, and writes each row once, in any order', async () => {
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

  it('fails after three expiries in a row', async () => {
    const { api, created } = await startFile(csv(ROWS), { expired: () => true });
    const { base } = await output(api);
    expect((await failure(exportRecords(base), 'ERR_JOB')).message).toContain('expired 3 times in a row');
    expect(created()).toBe(3);
  });
});

it('cxoneDataExtraction lists all invalid options in one error', () => {
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
    /entityName must be(.|\n)*must be after(.|\n)*query.version must be set with(.|\n)*id must be(.|\n)*pageSize must be(.|\n)*maxWait must be/,
  );
  expect(() => cxoneDataExtraction(undefined as never)).toThrow('entityName must be');
});
