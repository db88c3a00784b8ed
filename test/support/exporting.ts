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

/** A request as the API of a test receives it. */
export interface ApiRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
}

/** Returns the JSON of a response, or writes the response directly. */
type Answer = (request: ApiRequest, response: ServerResponse, raw: SeenRequest) => unknown;

/** Starts an API that records its requests. */
export async function startApi(answer: Answer): Promise<{ url: string; requests: ApiRequest[] }> {
  const requests: ApiRequest[] = [];
  const server = await startServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const text = request.body.toString();
    const parsed = {
      method: request.method,
      path: pathname,
      query: Object.fromEntries(searchParams),
      body: text === '' ? undefined : JSON.parse(text),
    };
    requests.push(parsed);
    const body = await answer(parsed, response, request);
    if (!response.headersSent) sendJson(response, 200, body);
  });
  onTestFinished(() => server.close());
  return { url: server.url, requests };
}

/** Exports all records into memory. */
export async function exportAll<Item>(
  source: PageSource<Item>,
  url: string,
  more: Partial<ExportOptions<Item>> = {},
): Promise<{ records: unknown[]; summary: Progress }> {
  const sink = memorySink();
  const api = axios.create({ baseURL: url, proxy: false });
  const summary = await exportRecords<Item>({ api, source, sink, maxOutage: 0, ...more });
  return { records: sink.records, summary };
}

/** Exports into a file. For each stop, a run is aborted after that number of pages. A final run completes the export. */
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
    maxOutage: 0,
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

/** Returns records with ids from `from` to `to`, exclusive. */
export const numbered = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, n) => ({ id: `r${from + n}` }));
