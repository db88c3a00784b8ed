// The list of places where a token must not show: situations of requests, and programs that print or copy their results. Plain
// JavaScript, because every runtime runs it.
import { Console } from 'node:console';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { Readable, Writable } from 'node:stream';
import { format, inspect } from 'node:util';

export const TOKEN = 'eyJ-the-bearer-token';

/**
 * @typedef {import('axios').AxiosInstance} AxiosInstance
 * @typedef {(value: unknown) => unknown} Sink
 */

/**
 * Runs a function that writes to a stream, and returns the text.
 *
 * @param {(stream: Writable) => void} write
 */
function written(write) {
  let text = '';
  write(
    new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    }),
  );
  return text;
}

/** @param {(console: Console) => void} print */
const printed = (print) => written((stream) => print(new Console(stream, stream)));

/**
 * The sinks of Node.
 *
 * @type {Record<string, Sink>}
 */
const NODE_SINKS = {
  'console.log': (value) => printed((console) => console.log(value)),
  'console.error': (value) => printed((console) => console.error('failed', value)),
  'console.dir': (value) => printed((console) => console.dir(value)),
  '%o': (value) => format('%o', value),
  '%O': (value) => format('%O', value),
  'util.inspect, depth 10': (value) => inspect(value, { depth: 10 }),
  'util.inspect, depth 10, without custom inspection': (value) =>
    inspect(value, { depth: 10, customInspect: false }),
  'JSON.stringify': (value) => JSON.stringify(value),
  'JSON.stringify of a record': (value) => JSON.stringify({ level: 'error', value }),
};

/**
 * Returns the sinks: those of Node, and those of the loggers that a module can load.
 *
 * @param {string} from the path of that module.
 * @returns {Record<string, Sink>}
 */
export function createSinks(from) {
  /** @type {(name: string) => any} */
  const load = createRequire(from);
  const pino = load('pino');
  const winston = load('winston');
  const bunyan = load('bunyan');
  const { cloneDeep } = load('lodash');

  /** @param {any} formatter @param {(logger: any) => void} log */
  const winstonWith = (formatter, log) =>
    written((stream) =>
      log(
        winston.createLogger({
          format: formatter,
          transports: [new winston.transports.Stream({ stream })],
        }),
      ),
    );
  const { combine, errors, json, prettyPrint, simple, splat } = winston.format;

  return {
    ...NODE_SINKS,
    pino: (value) => written((stream) => pino({}, stream).error(value)),
    'pino, as err': (value) => written((stream) => pino({}, stream).error({ err: value, value }, 'failed')),
    winston: (value) => winstonWith(json(), (logger) => logger.error('failed', value)),
    'winston, as the message': (value) =>
      winstonWith(combine(errors({ stack: true }), json()), (logger) => logger.error(value)),
    'winston, as a member': (value) =>
      winstonWith(prettyPrint({ depth: 10 }), (logger) => logger.error('failed', { value })),
    'winston, splat': (value) =>
      winstonWith(combine(splat(), simple()), (logger) => logger.error('%s %o %O', 'failed', value, value)),
    bunyan: (value) => written((stream) => bunyan.createLogger({ name: 'x', stream }).error(value)),
    'bunyan, as err': (value) =>
      written((stream) =>
        bunyan
          .createLogger({ name: 'x', stream, serializers: bunyan.stdSerializers })
          .error({ err: value, value }, 'failed'),
      ),
    'lodash cloneDeep': (value) => inspect(cloneDeep(value), { depth: 10 }),
    'lodash cloneDeep of a record': (value) =>
      inspect(cloneDeep({ value }), { depth: 10, customInspect: false }),
  };
}

/**
 * The situations. Each sends one request to the API.
 *
 * @type {Record<string, (api: AxiosInstance) => Promise<unknown>>}
 */
const SITUATIONS = {
  'a response': (api) => api.get('/ok'),
  'a response to a body': (api) => api.post('/ok', { a: 1 }),
  'a response after a followed redirect': (api) => api.get('/redirect'),
  'a response without follow-redirects': (api) => api.get('/ok', { maxRedirects: 0 }),
  'a response after a replay': (api) => api.get('/expired'),
  'a response after a retry': (api) => api.get('/busy'),
  'a response with a stream': (api) => api.get('/ok', { responseType: 'stream' }),
  'a response to an opted-out request': (api) => api.get('/ok', { authRefresh: false }),
  'a status 404': (api) => api.get('/status/404'),
  'a status 500': (api) => api.post('/status/500', { a: 1 }),
  'a status 500 with a stream': (api) => api.get('/status/500', { responseType: 'stream' }),
  'a status 401 after a replay': (api) => api.get('/status/401'),
  'a status 302 without follow-redirects': (api) => api.get('/redirect', { maxRedirects: 0 }),
  'a status 500 to an opted-out request': (api) => api.get('/status/500', { authRefresh: false }),
  'too many redirects': (api) => api.get('/loop', { maxRedirects: 2 }),
  'a reset connection': (api) => api.post('/reset', { a: 1 }),
  'an incomplete response': (api) => api.post('/half', { a: 1 }),
  'a timeout': (api) => api.post('/hang', { a: 1 }, { timeout: 60 }),
  'a timeout before the connection': (api) =>
    api.post(
      '/ok',
      { a: 1 },
      { timeout: 60, baseURL: 'http://localhost:1', lookup: () => new Promise(() => {}) },
    ),
  'an aborted request': (api) => api.get('/hang', { signal: AbortSignal.timeout(60) }),
  'a refused upload': (api) => {
    const endless = new Readable({ read() {} });
    endless.push('x'.repeat(1000));
    return api.post('/early', endless).finally(() => endless.destroy());
  },
};
// fetch has no `lookup`, and no limit of redirects.
const WITH_HTTP_ONLY = ['a timeout before the connection', 'too many redirects'];

/**
 * Answers like an API and a token endpoint.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
function answer(request, response) {
  const { url = '', socket } = request;
  /** @param {number} status @param {Record<string, string>} [headers] */
  const send = (status, headers, body = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
  // The only path that answers before the request has arrived.
  if (url !== '/early') request.resume();
  if (url === '/token') send(200, {}, { access_token: TOKEN, expires_in: 3600 });
  else if (url === '/redirect') send(302, { location: '/ok' });
  else if (url === '/loop') send(302, { location: '/loop' });
  else if (url === '/reset') socket.destroy();
  else if (url === '/half') {
    response.writeHead(200, { 'content-length': 1000 }).write('{"half":');
    setTimeout(() => socket.destroy(), 5);
  } else if (url !== '/hang') send(url === '/early' ? 500 : Number(/\d+$/.exec(url)?.[0] ?? 200));
}

/**
 * Starts the server.
 *
 * @param {{ key: string, cert: string }} [certificate] for https.
 */
async function startApi(certificate) {
  // The first request to these paths fails.
  const failsOnce = new Map([
    ['/expired', 401],
    ['/busy', 503],
  ]);
  /** @type {import('node:http').RequestListener} */
  const listener = (request, response) => {
    const { url = '' } = request;
    const status = failsOnce.get(url);
    failsOnce.delete(url);
    if (status) response.writeHead(status).end();
    else answer(request, response);
  };
  const server = certificate ? https.createServer(certificate, listener) : http.createServer(listener);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Returns what an application may print of an outcome.
 *
 * @param {any} outcome a response or an error.
 */
function membersOf(outcome) {
  const { response, request, config } = outcome;
  return Object.entries({
    it: outcome,
    'its request': request,
    'its config': config,
    'its response': response,
    "its response's request": response?.request,
    "its response's config": response?.config,
  }).filter(([, value]) => value);
}

/**
 * Sends every request of the table, prints each outcome to each sink, and returns where the token showed.
 *
 * @param {object} setup
 * @param {import('axios').AxiosStatic} setup.axios
 * @param {(api: AxiosInstance, url: string) => void} setup.authorize makes the instance send the token.
 * @param {Record<string, Sink>} setup.sinks
 * @param {{ key: string, cert: string }} [setup.certificate] adds requests over https.
 * @param {string[]} [setup.only] names of clients and situations. @default all
 * @returns {Promise<{ leaks: { sink: string, place: string }[], checks: number }>}
 */
export async function runLeakTable({ axios, authorize, sinks, certificate, only }) {
  const keepAlive = { keepAlive: true, rejectUnauthorized: false };
  /** @type {Record<string, { secure?: boolean, inFlight?: boolean, adapter: string, httpAgent?: http.Agent, httpsAgent?: https.Agent }>} */
  const clients = {
    'http adapter': { adapter: 'http' },
    'http adapter with an agent': { adapter: 'http', httpAgent: new http.Agent({ keepAlive: false }) },
    'http adapter with a keep-alive agent in use': {
      adapter: 'http',
      httpAgent: new http.Agent(keepAlive),
      inFlight: true,
    },
    'fetch adapter': { adapter: 'fetch' },
    ...(certificate && {
      'http adapter over https': {
        adapter: 'http',
        httpsAgent: new https.Agent(keepAlive),
        secure: true,
      },
    }),
  };
  /** @type {{ sink: string, place: string }[]} */
  const leaks = [];
  let checks = 0;
  for (const [client, { secure, inFlight, ...defaults }] of Object.entries(clients)) {
    for (const [situation, send] of Object.entries(SITUATIONS)) {
      if (only && !(only.includes(client) && only.includes(situation))) continue;
      if (defaults.adapter === 'fetch' && WITH_HTTP_ONLY.includes(situation)) continue;
      const server = await startApi(secure ? certificate : undefined);
      const api = axios.create({ baseURL: server.url, proxy: false, ...defaults });
      authorize(api, server.url);
      await api.get('/ok');
      if (inFlight) for (let i = 0; i < 2; i++) api.get('/hang').catch(() => {});
      /** @type {any} */
      const outcome = await send(api).catch((error) => error);
      for (const [member, value] of membersOf(outcome)) {
        for (const [sink, print] of Object.entries(sinks)) {
          checks++;
          let text;
          try {
            text = String(print(value));
          } catch {
            // JSON.stringify cannot print circular structures.
            continue;
          }
          if (text.includes(TOKEN)) leaks.push({ sink, place: `${client}: ${situation}: ${member}` });
        }
      }
      outcome.data?.destroy?.();
      server.close();
    }
    defaults.httpAgent?.destroy();
    defaults.httpsAgent?.destroy();
  }
  return { leaks, checks };
}
