import { Agent, createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import axios, { type CreateAxiosDefaults } from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { oauth2Vendor } from '../../src/vendors/oauth2.ts';
import { selfSigned } from '../support/certificate.ts';
import { createSinks, runLeakTable, TOKEN } from '../support/leak-table.mjs';

const sinks = createSinks(import.meta.filename);

describe('the printed or copied outcome of a request', () => {
  it('contains the token with plain axios, in every sink', async () => {
    const { leaks } = await runLeakTable({
      axios,
      authorize: (api) => {
        api.defaults.headers.common.Authorization = `Bearer ${TOKEN}`;
      },
      sinks,
      only: ['http adapter', 'a response', 'a status 500'],
    });
    expect(new Set(leaks.map(({ sink }) => sink))).toEqual(new Set(Object.keys(sinks)));
  });

  it('contains no token with the plugin', async () => {
    const { leaks } = await runLeakTable({
      axios,
      authorize: (api, url) =>
        attachAuthRefresh(api, {
          vendor: oauth2Vendor({ tokenEndpoint: `${url}/token`, clientId: 'client', clientSecret: 'secret' }),
          retry: { baseDelay: 1 },
        }),
      sinks,
      certificate: selfSigned(),
    });
    expect(leaks).toEqual([]);
  });
});

/** Starts an API whose handler sees requests before their bodies, and attaches the plugin. */
async function attached(handler: RequestListener, defaults: CreateAxiosDefaults = {}) {
  const server = createServer((request, response) => {
    if (request.url !== '/token') return handler(request, response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: TOKEN, expires_in: 3600 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = axios.create({ baseURL: url, proxy: false, ...defaults });
  const { detach } = attachAuthRefresh(api, {
    vendor: oauth2Vendor({ tokenEndpoint: `${url}/token`, clientId: 'client', clientSecret: 'secret' }),
  });
  onTestFinished(detach);
  return { api, server };
}

describe('a request whose token is erased', () => {
  it.each([
    { what: 'with redirects', maxRedirects: 5 },
    { what: 'without redirects', maxRedirects: 0 },
  ])('sends the rest of its body after an early response, $what', async ({ maxRedirects }) => {
    let received = '';
    let fields = 0;
    const { api } = await attached((request, response) => {
      fields += request.rawHeaders.filter((name) => name.toLowerCase() === 'authorization').length;
      request.setEncoding('utf8').on('data', (text) => {
        received += text;
      });
      response.end('early');
    });
    const body = new Readable({ read() {} });
    body.push('first,');
    const { data } = await api.post('/upload', body, { maxRedirects });
    expect(data).toBe('early');
    body.push('second,');
    body.push('third');
    body.push(null);
    await expect.poll(() => received).toBe('first,second,third');
    expect(fields).toBe(1);
  });

  it('leaves its connection to the next request', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const seen: (string | undefined)[] = [];
    const { api, server } = await attached(
      (request, response) => {
        seen.push(request.headers.authorization);
        request.resume();
        response.writeHead(request.url === '/failed' ? 500 : 200).end('x'.repeat(100_000));
      },
      { httpAgent: agent },
    );
    let connections = 0;
    server.on('connection', () => connections++);
    for (let i = 0; i < 3; i++) {
      await api.post('/ok', { i });
      await api.get('/failed').catch(() => {});
      const { data } = await api.get<Readable>('/ok', { responseType: 'stream' });
      expect((await data.setEncoding('utf8').toArray()).join('')).toHaveLength(100_000);
    }
    expect(connections).toBe(1);
    expect(new Set(seen)).toEqual(new Set([`Bearer ${TOKEN}`]));
  });
});
