// @ts-nocheck: the file runs under Jest, in an application that has installed the package.
const { mkdtempSync } = require('node:fs');
const { createServer } = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const axios = require('axios');
const {
  attachAuthRefresh,
  createTokenManager,
  memoryStore,
  oauth2Vendor,
  clientSecretBasicUnencoded,
} = require('axios-oauth-refresh');

const { adapter, redisUrl, entries } = globalThis.settings;
// With the exports for browsers, axios has no http adapter, and neither BullMQ nor native addons can be loaded.
const nodeTest = adapter === 'xhr' ? () => {} : test;
// Also for token requests: jsdom's XMLHttpRequest would need CORS headers from the simulator.
axios.defaults.adapter = adapter;
const servers = [];
let issued = 0;
let url;

/** Answers token requests, and 401 to every token but the newest. */
function answer(request, response) {
  const headers = {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': '*, authorization',
    'content-type': 'application/json',
  };
  request.resume().on('end', () => {
    const isNewest = request.headers.authorization === `Bearer t${issued}`;
    const isToken = request.url === '/token';
    const status = request.method === 'OPTIONS' || isToken || isNewest ? 200 : 401;
    response
      .writeHead(status, headers)
      .end(
        JSON.stringify(
          isToken && request.method === 'POST'
            ? { access_token: `t${++issued}`, expires_in: 3600 }
            : { headers: request.headers },
        ),
      );
  });
}

beforeAll(async () => {
  const server = createServer(answer);
  servers.push(server);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

function vendorOf(more) {
  return oauth2Vendor({ tokenEndpoint: `${url}/token`, clientId: 'client', clientSecret: 'größe', ...more });
}

/** Fetches a token with each of three managers that share a store. @returns the events of failures. */
async function fetchShared(create) {
  const before = issued;
  const failed = [];
  for (let i = 0; i < 3; i++) {
    const store = create();
    const onEvent = (event) => event.type.endsWith('failed') && failed.push(event.error.message);
    await createTokenManager({
      vendor: vendorOf(),
      store,
      onEvent,
      transportFrom: axios.create({ adapter, proxy: false }),
    }).getToken();
    if (i === 2) await store.close();
  }
  expect({ failed, fetched: issued - before }).toEqual({ failed: [], fetched: 1 });
}

test('loads every entry', () => {
  for (const entry of entries) expect(Object.keys(require(entry))).not.toEqual([]);
});

test.each(['json', 'arraybuffer'])('replays a request after a 401 (%s)', async (responseType) => {
  const api = axios.create({ baseURL: url, adapter, proxy: false, responseType });
  attachAuthRefresh(api, { vendor: vendorOf({ clientAuthentication: clientSecretBasicUnencoded }) });
  await api.post('/data', { n: 1 });
  issued++;
  const before = issued;
  const answers = await Promise.all([1, 2, 3].map((n) => api.post(`/data/${n}`, { n })));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(issued).toBe(before + 1);
});

test('names an error that a callback throws', async () => {
  const { readFileSync } = require('node:fs');
  const api = axios.create({ baseURL: url, adapter, proxy: false });
  attachAuthRefresh(api, { vendor: vendorOf({ clientSecret: () => readFileSync('/no/such/file', 'utf8') }) });
  await expect(api.get('/data')).rejects.toThrow('ENOENT');
});

test('reports an unreachable token endpoint', async () => {
  const api = axios.create({ baseURL: url, adapter, proxy: false });
  attachAuthRefresh(api, {
    vendor: vendorOf({ tokenEndpoint: 'http://127.0.0.1:1/token' }),
    tokenRetries: 0,
  });
  await expect(api.get('/data')).rejects.toMatchObject({ code: 'ERR_TOKEN_REQUEST' });
});

test('shares a token in memory', async () => {
  const store = memoryStore();
  await fetchShared(() => store);
});

test.each([undefined, 'lease', ...(adapter === 'xhr' ? [] : ['kernel'])])(
  'shares a token in a file (lock: %s)',
  async (lock) => {
    const { fileStore } = require('axios-oauth-refresh/file-store');
    const directory = mkdtempSync(join(tmpdir(), 'jest-store-'));
    await fetchShared(() => fileStore({ directory, lock, encryptionKey: () => Buffer.alloc(32, 1) }));
  },
);

test('shares a token in Redis', async () => {
  const { redisStore } = require('axios-oauth-refresh/redis-store');
  const prefix = `jest-${Math.random()}`;
  await fetchShared(() => redisStore({ url: redisUrl, prefix }));
});

nodeTest('exports records of the simulator', async () => {
  const { startVendorSimulator } = require('axios-oauth-refresh/testing');
  const { genesysCloud } = require('axios-oauth-refresh/genesys-cloud');
  const { vendorFromEnvUrl } = require('axios-oauth-refresh/environment');
  const { exportRecords, genesysConversations, gzipCsvFile } = require('axios-oauth-refresh/batch');
  const simulator = await startVendorSimulator({ records: 250 });
  const { url: envUrl, clientId, clientSecret, interval } = simulator;
  const directory = mkdtempSync(join(tmpdir(), 'jest-export-'));
  try {
    const api = axios.create({ adapter: 'http', proxy: false });
    const { tokens } = attachAuthRefresh(api, { vendor: genesysCloud({ envUrl, clientId, clientSecret }) });
    const sink = gzipCsvFile(join(directory, 'out.csv.gz'), { columns: ['conversationId'] });
    const { records } = await exportRecords({
      api,
      tokens,
      source: genesysConversations({ interval }),
      sink,
    });
    expect(records).toBe(250);
    expect(vendorFromEnvUrl(envUrl, { clientId, clientSecret }).name).toBe('Genesys Cloud');
  } finally {
    await simulator.close();
  }
});

nodeTest('submits an export with BullMQ', async () => {
  const { submitExport } = require('axios-oauth-refresh/bullmq');
  const name = `jest-${process.pid}-${Math.floor(Math.random() * 1e9)}`;
  const handle = await submitExport({
    connection: redisUrl,
    prefix: name,
    queue: 'jest',
    name,
    parts: ['a'],
    output: 'out.jsonl',
  });
  expect(handle.state).toBe('new');
  await handle.close();
});
