import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exportRecords, jsonLinesStream } from '../../../src/batch/index.ts';
import { failure, preparedPages } from '../../support/batch.ts';

const api = axios.create({ baseURL: 'http://127.0.0.1:9' });
const source = preparedPages([{ items: [{ n: 1 }, { n: 2 }] }, { items: [] }, { items: [{ n: 3 }] }]);

describe('jsonLinesStream', () => {
  it('writes lines, does not end the stream and removes its listeners', async () => {
    const stream = new PassThrough();
    const summary = await exportRecords({ api, source, sink: jsonLinesStream(stream) });
    expect(summary).toMatchObject({ records: 3, output: undefined });
    expect(stream.read().toString()).toBe('{"n":1}\n{"n":2}\n{"n":3}\n');
    expect(stream.writableEnded).toBe(false);
    const listeners = { error: stream.listenerCount('error'), close: stream.listenerCount('close') };
    expect(listeners).toEqual({ error: 0, close: 0 });
  });

  it('waits until a slow stream accepts the previous page', async () => {
    const written: string[] = [];
    let accept = () => {};
    const stream = new Writable({
      highWaterMark: 1,
      write(chunk, _, done) {
        written.push(`${chunk}`);
        accept = () => {
          accept = () => {};
          done();
        };
      },
    });
    const run = exportRecords({ api, source, sink: jsonLinesStream(stream), readAhead: 0 });
    for (let i = 0; i < 20; i++) await setImmediate();
    expect(written).toEqual(['{"n":1}\n{"n":2}\n']);
    while (written.length < 2) {
      accept();
      await setImmediate();
    }
    accept();
    await run;
    expect(written).toEqual(['{"n":1}\n{"n":2}\n', '{"n":3}\n']);
  });

  it('fails with ERR_OUTPUT if the stream fails, is destroyed or has ended', async () => {
    const failing = new Writable({ write: (_, __, done) => done(new Error('no more paper')) });
    expect(
      (await failure(exportRecords({ api, source, sink: jsonLinesStream(failing) }), 'ERR_OUTPUT')).message,
    ).toMatch(/no more paper/);
    const destroyed = new PassThrough().destroy();
    const error = await failure(
      exportRecords({ api, source, sink: jsonLinesStream(destroyed) }),
      'ERR_OUTPUT',
    );
    expect(error.message).toMatch(/closed/);
    expect(error.resumable).toBe(false);
    const ended = new PassThrough().end();
    await failure(exportRecords({ api, source, sink: jsonLinesStream(ended) }), 'ERR_OUTPUT');
    // The 'error' events come now; an event without a listener would fail this file.
    await setImmediate();
  });

  it('fails with ERR_OUTPUT if the stream is closed during a write', async () => {
    const stream: Writable = new Writable({ write: () => void process.nextTick(() => stream.destroy()) });
    const run = exportRecords({ api, source, sink: jsonLinesStream(stream) });
    expect((await failure(run, 'ERR_OUTPUT')).message).toMatch(/closed/);
  });

  it('stops waiting for a blocked write when the signal aborts, and handles a later stream error', async () => {
    const abort = new AbortController();
    const stream = new Writable({
      write: () => void process.nextTick(() => abort.abort(new Error('enough'))),
    });
    const run = exportRecords({ api, source, sink: jsonLinesStream(stream), signal: abort.signal });
    await failure(run, 'ERR_INTERRUPTED');
    stream.destroy(new Error('too late'));
    await setImmediate();
  });

  it('fails with ERR_OUTPUT if the client of an HTTP response disconnects', async () => {
    const items = Array.from({ length: 1000 }, () => ({ text: 'x'.repeat(1000) }));
    const endless = preparedPages(Array.from({ length: 1000 }, () => ({ items })));
    const ended = new Promise<unknown>((resolve) => {
      const server = createServer((_, response) => {
        exportRecords({ api, source: endless, sink: jsonLinesStream(response) }).catch(resolve);
      });
      onTestFinished(() => void server.close());
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        const client = request({ port, host: '127.0.0.1' }, (response) => {
          response.once('data', () => client.destroy());
        });
        client.on('error', () => {}).end();
      });
    });
    expect(await ended).toMatchObject({ code: 'ERR_OUTPUT', resumable: false });
  });

  it('writes to standard output until the end, or until the reader closes it', async () => {
    const script = fileURLToPath(new URL('../../support/stdout-script.ts', import.meta.url));
    async function run(pages: number, until: number) {
      const child = spawn(process.execPath, ['--import', 'tsx', script, `${pages}`]);
      let read = 0;
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read > until) child.stdout.destroy();
      });
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      const code = await new Promise((resolve) => child.once('close', resolve));
      return { code, stderr, read };
    }
    const [all, some] = await Promise.all([run(20, Number.POSITIVE_INFINITY), run(500, 0)]);
    expect(all).toMatchObject({ code: 0, stderr: 'complete 2000\n' });
    expect(all.read).toBeGreaterThan(2_000_000);
    expect(some).toMatchObject({ code: 0 });
    expect(some.stderr).toMatch(/^ERR_OUTPUT the reader closed the output[^\n]*\n$/);
  });
});
