import { Agent, request as httpRequest } from 'node:http';
import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFixture } from '../support/fixture.ts';
import { startServer } from '../support/server.ts';

/** Starts a forward proxy, which receives absolute URLs (RFC 9112 section 3.2.2). */
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

/** An agent that records the paths of its requests. */
class RecordingAgent extends Agent {
  readonly seen: string[] = [];
  addRequest(request: { path: string }, ...rest: unknown[]): void {
    this.seen.push(request.path);
    const base = Agent.prototype as unknown as { addRequest(...args: unknown[]): void };
    base.addRequest.call(this, request, ...rest);
  }
}

describe('a token request', () => {
  it("uses the instance's proxy, even if it is set after attachAuthRefresh", async () => {
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

  it('uses tokenClient with its own defaults instead of the agents of the instance', async () => {
    const fixture = await startFixture();
    const httpAgent = new RecordingAgent();
    const tokenClient = axios.create({ proxy: false, headers: { 'X-Tool': 'reports' } });
    const { api } = fixture.attach({ tokenClient }, { httpAgent });
    await api.get('/data');
    expect(httpAgent.seen).toEqual(['/data']);
    expect(fixture.tokenRequests[0]?.headers['x-tool']).toBe('reports');
    expect(fixture.apiRequests[0]?.headers['x-tool']).toBeUndefined();
  });

  it("does not use the instance's base URL, headers, params or interceptors", async () => {
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

  it('does not send credentials to the target of a redirect', async () => {
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
