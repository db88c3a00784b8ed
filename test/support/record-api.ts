import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { type SeenRequest, sendJson, startServer } from './server.ts';

/** An API of the kind that `requestTarget` describes: `POST /bulk` with `inputs`, and `PUT /customers/{id}`. */
export interface RecordApi {
  url: string;
  /** The requests, in order. */
  readonly requests: SeenRequest[];
  /** How often each record was executed, by its `n`. */
  readonly times: Map<number, number>;
  /** The stored records with ids. */
  readonly stored: Map<string, unknown>;
}

interface Stored {
  id?: string;
  n: number;
}

/** Starts the API. @param pageDelay milliseconds between the execution of a request and its response. */
export async function startRecordApi(pageDelay = 0): Promise<RecordApi> {
  const api: Omit<RecordApi, 'url'> = { requests: [], times: new Map(), stored: new Map() };
  const store = (record: Stored, id = record.id) => {
    api.times.set(record.n, (api.times.get(record.n) ?? 0) + 1);
    if (id !== undefined) api.stored.set(id, record);
  };
  const server = await startServer(async (request, response) => {
    api.requests.push(request);
    const body = JSON.parse(request.body.toString());
    if (request.method === 'PUT') store(body, decodeURIComponent(request.url.replace('/customers/', '')));
    else for (const record of body.inputs) store(record);
    await delay(pageDelay);
    if (request.method === 'PUT') return void response.writeHead(204).end();
    // In another order, as an API that works in parallel.
    const results = body.inputs.map(({ id }: Stored) => ({ id })).reverse();
    sendJson(response, 200, { results });
  });
  onTestFinished(() => server.close());
  return { ...api, url: server.url };
}
