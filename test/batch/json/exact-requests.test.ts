import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import otherAxios from 'axios-other-copy';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  cursorSource,
  ExactNumber,
  exportRecords,
  genesysContactList,
  genesysExternalContacts,
  importRecords,
  jsonLinesFile,
  jsonLinesInput,
  linkSource,
  offsetSource,
  type PageSource,
  pageNumberSource,
  toJson,
} from '../../../src/batch/index.ts';
import { withExactNumbers } from '../../../src/batch/json/exact-response.ts';
import { temporaryDirectory } from '../../support/batch.ts';

const BIG = '18446744073709551615';
const EXACT = { id: new ExactNumber(BIG) };

/** Starts a server and returns its address and the bodies that it received. */
async function serve(
  status: number,
  body: string,
): Promise<{ url: string; received: string[]; types: string[] }> {
  const received: string[] = [];
  const types: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      received.push(text);
      types.push(String(request.headers['content-type']));
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address?.port}`, received, types };
}

const INSTANCES: readonly [string, (config: AxiosRequestConfig) => AxiosInstance][] = [
  ['the current axios', (config) => axios.create(config)],
  ['the current axios with the adapter fetch', (config) => axios.create({ ...config, adapter: 'fetch' })],
  ['axios 1.5', (config) => otherAxios.create(config as object) as unknown as AxiosInstance],
];

describe.each(INSTANCES)('withExactNumbers, with %s', (_, create) => {
  async function get(
    body: string,
    status = 200,
    config: AxiosRequestConfig = {},
    own: AxiosRequestConfig = {},
  ) {
    const { url } = await serve(status, body);
    const api = create({ baseURL: url, proxy: false, ...own });
    const request = { url: '/', validateStatus: () => true, ...config };
    const { data } = await api.request(withExactNumbers(request, api.defaults as AxiosRequestConfig));
    const { data: plain } = await api.request(request);
    return { data, plain };
  }

  it.each([undefined, 'json'] as const)('keeps digits with the response type %s', async (responseType) => {
    const config = responseType ? { responseType } : {};
    expect((await get(`{"id":${BIG}}`, 200, config)).data).toStrictEqual(EXACT);
    expect((await get(`{"id":${BIG}}`, 400, config)).data).toStrictEqual(EXACT);
    expect((await get(BIG, 200, config)).data).toStrictEqual(EXACT.id);
  });

  it.each([
    ['an empty body', '', 200],
    ['the status 204', '', 204],
    ['HTML', `<p>${BIG}</p>`, 200],
    ['damaged JSON', `{"id":${BIG}`, 502],
    ['JSON without such numbers', '{"id":1.5,"n":[1e5]}', 200],
  ])('returns what axios returns for %s', async (_name, body, status) => {
    for (const responseType of ['json', undefined] as const) {
      const { data, plain } = await get(body, status, responseType ? { responseType } : {});
      expect(data).toStrictEqual(plain);
    }
  });

  it('leaves a body of the response type text as it is', async () => {
    expect((await get(`{"id":${BIG}}`, 200, { responseType: 'text' })).data).toBe(`{"id":${BIG}}`);
  });

  it('fails as axios does if silent parsing is off', async () => {
    const transitional = { silentJSONParsing: false };
    await expect(get(`{"id":${BIG}`, 200, { responseType: 'json' }, { transitional })).rejects.toMatchObject({
      code: 'ERR_BAD_RESPONSE',
    });
  });

  it('keeps the transforms of the instance after the one of axios', async () => {
    const defaults = [create({}).defaults.transformResponse ?? []].flat();
    const transformResponse = [...defaults, (data: unknown) => ({ wrapped: data })];
    expect((await get(`{"id":${BIG}}`, 200, {}, { transformResponse })).data).toStrictEqual({
      wrapped: EXACT,
    });
  });

  it('changes nothing if the instance parses JSON in its own way', async () => {
    const transformResponse = (text: string) => ({ own: text });
    expect((await get(`{"id":${BIG}}`, 200, {}, { transformResponse })).data).toEqual({
      own: `{"id":${BIG}}`,
    });
  });
});

describe.each(INSTANCES)('an import with %s', (_, create) => {
  const line = `{"id":"1","number":${BIG},"deep":[{"n":-1e400}]}`;

  it.each([
    [
      'genesysContactList',
      genesysContactList({ listId: 'list' }),
      `[{"data":${line},"contactListId":"list"}]`,
      '[{}]',
    ],
    [
      'genesysExternalContacts',
      genesysExternalContacts(),
      `{"entities":[${line}]}`,
      '{"results":[{"success":true}]}',
    ],
  ])('sends the digits of the input with %s', async (_name, target, body, answer) => {
    const path = join(await temporaryDirectory(), 'in.jsonl');
    await writeFile(path, `${line}\n`);
    const { url, received, types } = await serve(200, answer);
    const api = create({ baseURL: url, proxy: false });
    const { accepted } = await importRecords({ api, input: jsonLinesInput(path), target });
    expect(accepted).toBe(1);
    expect(received).toEqual([body]);
    expect(types[0]).toContain('application/json');
  });

  it('sends an exact number of the input as the id of a contact', async () => {
    const target = genesysContactList({ listId: 'list', idField: 'key' });
    expect(target.idOf?.({ key: new ExactNumber(BIG) })).toBe(BIG);
    expect(target.problem?.(new ExactNumber(BIG))).toBe('the record is not a JSON object');
    expect(toJson(target.request([{ data: new ExactNumber(BIG) }]).data)).toBe(
      `[{"data":{"data":${BIG}},"contactListId":"list"}]`,
    );
    expect(create).toBeTypeOf('function');
  });
});

it('an import writes the digits of rejected records, and rounds them only with exactNumbers: false', async () => {
  const directory = await temporaryDirectory();
  const { url } = await serve(400, '{"message":"no"}');
  const api = axios.create({ baseURL: url, proxy: false });
  for (const [exactNumbers, text] of [
    [true, BIG],
    [false, '18446744073709552000'],
  ] as const) {
    const path = join(directory, `${exactNumbers}.jsonl`);
    await writeFile(path, `{"id":${BIG}}\n`);
    const input = jsonLinesInput(path, { exactNumbers });
    const summary = await importRecords({ api, input, target: genesysContactList({ listId: 'list' }) });
    expect(summary.rejected).toBe(1);
    expect(await readFile(summary.rejects ?? '', 'utf8')).toContain(`"record":{"id":${text}}`);
  }
});

it.each<[name: string, source: (options: object) => PageSource]>([
  ['pageNumberSource', (options) => pageNumberSource({ url: '/', items: 'rows', ...options })],
  ['offsetSource', (options) => offsetSource({ url: '/', items: 'rows', ...options })],
  ['cursorSource', (options) => cursorSource({ url: '/', items: 'rows', cursor: 'next', ...options })],
  ['linkSource', (options) => linkSource({ url: '/', items: 'rows', next: 'next', ...options })],
])('%s keeps the digits of numbers in the body of a POST', async (_, source) => {
  const { url, received, types } = await serve(200, '{"rows":[]}');
  const sink = jsonLinesFile(join(await temporaryDirectory(), 'out.jsonl'));
  const api = axios.create({ baseURL: url, proxy: false });
  await exportRecords({ api, sink, source: source({ method: 'post', data: { filter: EXACT } }) });
  expect(received[0]).toContain(`"filter":{"id":${BIG}}`);
  expect(types[0]).toContain('application/json');
});
