import { Agent, request as httpRequest } from 'node:http';
import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFixture } from '../support/fixture.ts';
import { startServer } from '../support/server.ts';

/** A forward proxy: it is asked for absolute URLs (RFC 9112 section 3.2.2) and passes them on. */
async function startProxy() {
  const seen: string[] = [];
  const proxy = await startServer(({ method, url, headers, body }, response) => {
    seen.push(new URL(url).pathname);
    const onward = httpRequest(url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.end(body);
  });
  onTestFinished(() => proxy.close());
  return { seen, port: Number(new URL(proxy.url).port) };
}

/** An agent that remembers for which paths it was used. */
class RecordingAgent extends Agent {
  readonly seen: string[] = [];
  addRequest(request: { path: string }, ...rest: unknown[]): void {
    this.seen.push(request.path);
    const base = Agent.prototype as unknown as { addRequest(...args: unknown[]): void };
    base.addRequest.call(this, request, ...rest);
  }
}

describe('the client of token requests', () => {
  it("uses the instance's proxy, also one that is set after attaching", async () => {
    const fixture = await startFixture();
    const { seen, port } = await startProxy();
    const { api } = fixture.attach();
    api.defaults.proxy = { host: '127.0.0.1', port };
    expect((await api.get('/data')).status).toBe(200);
    expect(seen).toEqual(['/oauth/token', '/data']);
  });

  it("uses the instance's agents", async () => {
    const fixture = await startFixture();
    const httpAgent = new RecordingAgent({ keepAlive: true });
    onTestFinished(() => httpAgent.destroy());
    const { api } = fixture.attach({}, { httpAgent });
    await api.get('/data');
    expect(httpAgent.seen).toEqual(['/oauth/token', '/data']);
  });

  it('can be given: then nothing is inherited, and its own interceptors run', async () => {
    const fixture = await startFixture();
    const httpAgent = new RecordingAgent();
    const tokenClient = axios.create({ proxy: false, headers: { 'X-Tool': 'reports' } });
    const { api } = fixture.attach({ tokenClient }, { httpAgent });
    await api.get('/data');
    expect(httpAgent.seen).toEqual(['/data']);
    expect(fixture.tokenRequests[0]?.headers['x-tool']).toBe('reports');
    expect(fixture.apiRequests[0]?.headers['x-tool']).toBeUndefined();
  });

  it("never carries the instance's base URL, headers, params or interceptors into a token request", async () => {
    const fixture = await startFixture();
    const { api } = fixture.attach({}, { headers: { 'X-App': 'secret-app' }, params: { tenant: 'a' } });
    api.interceptors.request.use((config) => {
      config.headers.set('X-Intercepted', 'yes');
      return config;
    });
    await api.get('/data');
    expect(fixture.tokenRequests[0]?.url).toBe('/oauth/token');
    expect(fixture.tokenRequests[0]?.headers).not.toHaveProperty('x-app');
    expect(fixture.tokenRequests[0]?.headers).not.toHaveProperty('x-intercepted');
    expect(fixture.apiRequests[0]?.headers).toMatchObject({ 'x-app': 'secret-app', 'x-intercepted': 'yes' });
  });

  it('does not carry credentials on to where a redirect points', async () => {
    const fixture = await startFixture();
    let followed = 0;
    const elsewhere = await startServer((_, response) => {
      followed++;
      response.end('{}');
    });
    onTestFinished(() => elsewhere.close());
    fixture.onToken = (_, response) => void response.writeHead(307, { location: elsewhere.url }).end();
    const { api } = fixture.attach();
    await expect(api.get('/data')).rejects.toMatchObject({
      code: 'ERR_TOKEN_ENDPOINT',
      cause: { status: 307 },
    });
    expect(followed).toBe(0);
  });
});
