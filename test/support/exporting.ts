import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import axios from 'axios';
import { onTestFinished } from 'vitest';
import {
  type ExportOptions,
  exportRecords,
  jsonLinesFile,
  type PageSource,
  type Progress,
} from '../../src/batch/index.ts';
import { memorySink, temporaryDirectory } from './batch.ts';
import { type SeenRequest, sendJson, startServer } from './server.ts';

/** A question as an API of the tests sees it. */
export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
}

/** What the API answers: JSON, or whatever it writes itself. */
type Answer = (asked: Asked, response: ServerResponse, request: SeenRequest) => unknown;

/** An API that remembers what it was asked. */
export async function startApi(answer: Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = await startServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const text = request.body.toString();
    const question = {
      method: request.method,
      path: pathname,
      query: Object.fromEntries(searchParams),
      body: text === '' ? undefined : JSON.parse(text),
    };
    asked.push(question);
    const body = await answer(question, response, request);
    if (!response.headersSent) sendJson(response, 200, body);
  });
  onTestFinished(() => server.close());
  return { url: server.url, asked };
}

/** Exports into memory. */
export async function exportAll<Item>(
  source: PageSource<Item>,
  url: string,
  more: Partial<ExportOptions<Item>> = {},
): Promise<{ records: unknown[]; summary: Progress }> {
  const sink = memorySink();
  const api = axios.create({ baseURL: url, proxy: false });
  const summary = await exportRecords<Item>({ api, source, sink, ...more });
  return { records: sink.records, summary };
}

/** Exports into a file, in as many runs as there are stops, each ended by an abort after so many pages of its own, and one more. */
export async function exportInRuns<Item>(
  source: PageSource<Item>,
  api: ExportOptions['api'],
  stops: readonly number[],
  more: Partial<ExportOptions<Item>> = {},
): Promise<{ text: string; summary: Progress }> {
  const path = join(await temporaryDirectory(), 'out.jsonl');
  const options: ExportOptions<Item> = {
    api,
    source,
    sink: jsonLinesFile(path),
    checkpointInterval: 0,
    ...more,
  };
  for (const stop of stops) {
    const abort = new AbortController();
    let pages = 0;
    const onProgress = () => {
      if (++pages >= stop) abort.abort(new Error('enough'));
    };
    await exportRecords({ ...options, signal: abort.signal, onProgress }).catch(
      (error: { code?: string }) => {
        if (error.code !== 'ERR_INTERRUPTED') throw error;
      },
    );
  }
  const summary = await exportRecords(options);
  return { text: await readFile(path, 'utf8'), summary };
}

/** Records with ids from one number to another, the last not included. */
export const numbered = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, n) => ({ id: `r${from + n}` }));
