import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  ExactNumber,
  type ImportOptions,
  importRecords,
  jsonLinesInput,
  type RequestTargetOptions,
  requestTarget,
  toJson,
} from '../../../src/batch/index.ts';
import { ConfigurationError } from '../../../src/core/index.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';
import { readLines } from '../../support/imports.ts';
import { type Handler, type SeenRequest, sendJson, startServer } from '../../support/server.ts';

/** Starts an API and returns a function that imports records into it. */
async function importingInto(handler: Handler) {
  const requests: SeenRequest[] = [];
  const server = await startServer((request, response) => {
    requests.push(request);
    return handler(request, response);
  });
  onTestFinished(() => server.close());
  const path = join(await temporaryDirectory(), 'in.jsonl');
  const run = async (
    records: readonly unknown[],
    options: RequestTargetOptions,
    more: Partial<ImportOptions> = {},
  ) => {
    await writeFile(path, records.map((record) => `${toJson(record)}\n`).join(''));
    return importRecords({
      api: axios.create({ baseURL: server.url, proxy: false }),
      input: jsonLinesInput(path),
      target: requestTarget(options),
      baseDelay: 1,
      maxOutage: 0,
      ...more,
    });
  };
  const listed = async (name: 'rejects' | 'unresolved') =>
    (await readLines(`${path}.${name}.jsonl`)).map(({ record, rejected, unresolved }) => {
      const { reason, status } = (rejected ?? unresolved) as { reason: string; status?: number };
      return [(record as { id: unknown }).id, reason, ...(status === undefined ? [] : [status])];
    });
  return { url: server.url, requests, path, run, listed };
}

const bodyOf = ({ body }: SeenRequest) => JSON.parse(body.toString());
const ids = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `r${n}` }));

describe('one record per request', () => {
  it('sends each record to its URL, with the values percent-encoded', async () => {
    const { run, requests } = await importingInto((_, response) => void response.writeHead(204).end());
    const records = [
      { id: 'a/b?c=1', group: { name: 'ü 1' } },
      { id: 7, group: { name: '%2e' } },
    ];
    const url = '/groups/{group.name}/customers/{id}?by={id}';
    expect(await run(records, { method: 'put', url, params: { tag: ['x', 'y'] } })).toMatchObject({
      accepted: 2,
    });
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT /groups/%C3%BC%201/customers/a%2Fb%3Fc%3D1?by=a%2Fb%3Fc%3D1&tag=x&tag=y',
      'PUT /groups/%252e/customers/7?by=7&tag=x&tag=y',
    ]);
    expect(requests.map(bodyOf)).toEqual(records);
  });

  it.each([undefined, null, '', '.', '..', true, {}, '\ud800'])(
    'rejects a record whose value cannot be part of the URL, without a request: %j',
    async (id) => {
      const { run, requests, path } = await importingInto(
        (_, response) => void response.writeHead(204).end(),
      );
      const records = [{ id, secret: 'hidden' }, { id: 'good' }];
      const summary = await run(records, { method: 'put', url: '/customers/{id}' });
      expect(summary).toMatchObject({ accepted: 1, rejected: 1 });
      expect(requests.map(({ url }) => url)).toEqual(['/customers/good']);
      const [line] = await readLines(`${path}.rejects.jsonl`);
      expect(line?.rejected).toMatchObject({
        reason: 'the record has no value at "id" that can be part of the URL',
      });
    },
  );

  it('puts the record at recordAt, beside the other members of the body', async () => {
    const { run, requests } = await importingInto((_, response) =>
      sendJson(response, 201, { data: { id: '1' } }),
    );
    const headers = { 'Content-Type': 'application/vnd.api+json' };
    const record = { type: 'people', attributes: { name: 'Ada' } };
    const options = { url: '/people', recordAt: 'data', data: { meta: { source: 'crm' } }, headers };
    expect(await run([record], options)).toMatchObject({ accepted: 1 });
    expect(requests[0]?.headers['content-type']).toBe('application/vnd.api+json');
    expect(bodyOf(requests[0] as SeenRequest)).toEqual({ data: record, meta: { source: 'crm' } });
  });

  it.each([404, 410, 400, 422])('rejects a record whose URL returns %i, and continues', async (status) => {
    const { run, listed } = await importingInto(({ url }, response) =>
      sendJson(response, url.endsWith('r1') ? status : 200, { message: 'wrong record' }),
    );
    expect(await run(ids(3), { method: 'patch', url: '/customers/{id}' })).toMatchObject({
      accepted: 2,
      rejected: 1,
    });
    expect(await listed('rejects')).toEqual([['r1', 'wrong record', status]]);
  });

  it('stops at 404 if the URL is the same for all records', async () => {
    const { run, requests } = await importingInto((_, response) => sendJson(response, 404, {}));
    await failure(run(ids(3), { url: '/customers' }), 'ERR_REQUEST');
    expect(requests).toHaveLength(1);
  });

  it('repeats a PUT whose response was lost, and no POST', async () => {
    const { run, requests, listed } = await importingInto(({ method }, response) => {
      if (requests.filter((request) => request.method === method).length === 1) response.destroy();
      else response.writeHead(204).end();
    });
    expect(await run(ids(2), { method: 'put', url: '/customers/{id}' })).toMatchObject({ accepted: 2 });
    expect(requests.map(({ url }) => url)).toEqual(['/customers/r0', '/customers/r0', '/customers/r1']);
    const restart = { restart: true };
    expect(await run(ids(2), { url: '/customers/{id}' }, restart)).toMatchObject({
      accepted: 1,
      unresolved: 1,
    });
    expect((await listed('unresolved')).map(([id]) => id)).toEqual(['r0']);
    expect(requests).toHaveLength(5);
  });

  it('does not repeat a PUT if idempotent is false', async () => {
    const { run, requests } = await importingInto((_, response) => void response.destroy());
    const options = { method: 'put', url: '/customers/{id}', idempotent: false } as const;
    expect(await run(ids(1), options)).toMatchObject({ unresolved: 1 });
    expect(requests).toHaveLength(1);
  });

  it('repeats a POST with the same key if the API knows an idempotency header', async () => {
    const { run, requests } = await importingInto((_, response) => {
      if (requests.length === 1) response.destroy();
      else sendJson(response, 201, {});
    });
    const options = { url: '/payments', idField: 'id', idempotencyHeader: 'Idempotency-Key' };
    expect(await run([...ids(2), { noId: 1 }], options)).toMatchObject({ accepted: 3 });
    const keys = requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([keys[0], keys[0], expect.stringMatching(/^[\w-]{22}$/), undefined]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it('does not accept a record if a redirect turned the POST into a GET', async () => {
    const { run } = await importingInto(({ method, url }, response) => {
      if (url === '/customers') response.writeHead(301, { location: '/customers/' }).end();
      else sendJson(response, 200, { method });
    });
    const error = await failure(run(ids(3), { url: '/customers' }), 'ERR_UNEXPECTED_ANSWER');
    expect(error.message).toContain('is the response to a GET, because the API redirected the POST');
  });

  it.each([
    ['HTML with status 200', 200, '<!doctype html><p>sign in', 'is HTML or XML instead of JSON'],
    ['the status 207', 207, '[]', 'has the status 207'],
  ])('does not accept a record after %s', async (_, status, text, message) => {
    const { run, path } = await importingInto((_, response) => void response.writeHead(status).end(text));
    expect(await run(ids(1), { url: '/customers' })).toMatchObject({ accepted: 0, unresolved: 1 });
    expect(await readFile(`${path}.unresolved.jsonl`, 'utf8')).toContain(message);
  });

  it.each<[string, unknown, Partial<RequestTargetOptions>, 'accepted' | 'rejected' | 'unresolved']>([
    ['no body', '', {}, 'accepted'],
    ['the stored record', { id: 'r0', errors: [] }, {}, 'accepted'],
    ['an error', { error: { message: 'no' } }, {}, 'rejected'],
    ['a list of errors', { errors: [{ message: 'no' }] }, {}, 'rejected'],
    ['success: false', { success: false }, {}, 'rejected'],
    ['an error at resultError', { fault: 'no' }, { resultError: 'fault' }, 'rejected'],
    ['no error at resultError', { fault: null, error: 'a field' }, { resultError: 'fault' }, 'accepted'],
    ['no value at resultSuccess', {}, { resultSuccess: 'ok' }, 'unresolved'],
    ['another value at resultSuccess', { ok: 'no' }, { resultSuccess: 'ok' }, 'rejected'],
    ['the value of resultSuccess', { code: 'A=B' }, { resultSuccess: 'code=A=B' }, 'accepted'],
    ['null', null, { resultSuccess: 'ok' }, 'unresolved'],
    ['no body, but resultSuccess is set', '', { resultSuccess: 'ok' }, 'unresolved'],
  ])('reads a response with the status 200 and %s', async (_, body, options, outcome) => {
    const { run } = await importingInto((_, response) => {
      if (body === '') response.writeHead(200).end();
      else sendJson(response, 200, body);
    });
    const none = { accepted: 0, rejected: 0, unresolved: 0 };
    expect(await run(ids(1), { url: '/customers', ...options })).toMatchObject({ ...none, [outcome]: 1 });
  });
});

describe('several records per request', () => {
  const batch = { url: '/batch', maxRecords: 10, recordsAt: 'inputs', resultsAt: 'results' } as const;

  it('reads results like those of HubSpot: results and errors with the trace ids of the records', async () => {
    const { run, requests, listed } = await importingInto((request, response) => {
      const { inputs } = bodyOf(request) as { inputs: { id: string }[] };
      const isBad = ({ id }: { id: string }) => id.endsWith('3');
      const results = inputs
        .filter((input) => !isBad(input))
        .map(({ id }, index) => ({ id: String(index), objectWriteTraceId: id }));
      const errors = inputs.filter(isBad).map(({ id }) => ({
        status: 'error',
        category: 'VALIDATION_ERROR',
        message: 'Property values were not valid',
        context: { objectWriteTraceId: [id] },
      }));
      sendJson(response, 207, {
        status: 'COMPLETE',
        results: results.reverse(),
        errors,
        numErrors: errors.length,
      });
    });
    const paths = {
      idField: 'id',
      resultId: 'objectWriteTraceId',
      errorsAt: 'errors',
      errorId: 'context.objectWriteTraceId',
    };
    expect(await run(ids(15), { ...batch, ...paths })).toMatchObject({ accepted: 13, rejected: 2 });
    expect(await listed('rejects')).toEqual([
      ['r3', 'Property values were not valid'],
      ['r13', 'Property values were not valid'],
    ]);
    expect(requests.map((request) => bodyOf(request).inputs.length)).toEqual([10, 5]);
  });

  it('reads results like those of sObject Collections of Salesforce: a list in the order of the records', async () => {
    const { run, listed } = await importingInto((request, response) => {
      const { allOrNone, records } = bodyOf(request);
      expect(allOrNone).toBe(false);
      const results = records.map((_: unknown, index: number) =>
        index === 1
          ? {
              success: false,
              errors: [{ statusCode: 'INVALID_EMAIL', message: 'email: invalid', fields: ['email'] }],
            }
          : { id: `001${index}`, success: true, errors: [] },
      );
      sendJson(response, 200, results);
    });
    const options = {
      url: '/composite/sobjects',
      method: 'patch',
      maxRecords: 200,
      recordsAt: 'records',
    } as const;
    const summary = await run(ids(3), {
      ...options,
      data: { allOrNone: false },
      resultsAt: '',
      resultSuccess: 'success',
    });
    expect(summary).toMatchObject({ accepted: 2, rejected: 1 });
    expect(await listed('rejects')).toEqual([['r1', 'email: invalid']]);
  });

  it('sends a record again if its status says that the failure is temporary', async () => {
    let failing = 2;
    const { run, requests, listed } = await importingInto((request, response) => {
      const statuses: Record<string, number> = { r1: failing-- > 0 ? 429 : 201, r2: 409 };
      const items = bodyOf(request).map(({ id }: { id: string }) => ({
        _id: id,
        status: statuses[id] ?? 200,
        error: { code: 'busy' },
      }));
      sendJson(response, 200, { items });
    });
    const paths = { resultsAt: 'items', resultId: '_id', resultStatus: 'status' };
    const options = {
      url: '/batch',
      maxRecords: 10,
      recordsAt: '',
      idField: 'id',
      idempotent: true,
      ...paths,
    };
    expect(await run(ids(4), options)).toMatchObject({ accepted: 3, rejected: 1 });
    expect(await listed('rejects')).toEqual([['r2', 'busy', 409]]);
    expect(requests.map((request) => bodyOf(request).length)).toEqual([4, 1, 1]);
  });

  it('finds results by ids with more digits than a number of JavaScript has', async () => {
    const { run } = await importingInto((request, response) => {
      const found = [...request.body.toString().matchAll(/"id":(\d+)/g)].map(([, id]) => `{"id":${id}}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"results":[${found.reverse()}]}`);
    });
    const records = ['12345678901234567890', '12345678901234567891'].map((id) => ({
      id: new ExactNumber(id),
    }));
    expect(await run(records, { ...batch, idField: 'id', resultId: 'id' })).toMatchObject({ accepted: 2 });
  });

  const GOOD = [{ id: 'r0' }, { id: 'r1' }, { id: 'r2' }];
  const byId = { idField: 'id', resultId: 'id' };
  it.each<
    [string, unknown, Partial<RequestTargetOptions>, [accepted: number, rejected: number, unresolved: number]]
  >([
    ['all results in another order', { results: [...GOOD].reverse() }, byId, [3, 0, 0]],
    ['one result too few', { results: GOOD.slice(1) }, byId, [2, 0, 1]],
    ['one result too few, by position', { results: GOOD.slice(1) }, {}, [0, 0, 3]],
    ['one result too many, by position', { results: [...GOOD, { id: 'r3' }] }, {}, [0, 0, 3]],
    ['two results for a record', { results: [...GOOD, { id: 'r1', error: 'no' }] }, byId, [2, 0, 1]],
    ['null in place of a result', { results: [GOOD[0], null, GOOD[2]] }, byId, [2, 0, 1]],
    ['null in place of a result, by position', { results: [GOOD[0], null, GOOD[2]] }, {}, [2, 0, 1]],
    ['an error in place of a result', { results: [GOOD[0], { errors: ['no'] }, GOOD[2]] }, {}, [2, 1, 0]],
    [
      'an error in place of a result, by id',
      { results: [GOOD[0], { error: 'no' }, GOOD[2]] },
      byId,
      [2, 0, 1],
    ],
    ['no list of results', { items: GOOD }, byId, [0, 0, 3]],
    ['null', null, byId, [0, 0, 3]],
    [
      'errors that name their records',
      { results: [GOOD[0]], errors: [{ ids: ['r1', 'r2'] }] },
      { ...byId, errorsAt: 'errors', errorId: 'ids' },
      [1, 2, 0],
    ],
    [
      'an error that names no record',
      { results: GOOD.slice(1), errors: [{}] },
      { ...byId, errorsAt: 'errors', errorId: 'ids' },
      [2, 0, 1],
    ],
    [
      'a result and an error for a record',
      { results: GOOD, errors: [{ ids: 'r1' }] },
      { ...byId, errorsAt: 'errors', errorId: 'ids' },
      [2, 0, 1],
    ],
    [
      'only errors',
      { errors: [{ id: 'r1' }] },
      { resultsAt: undefined, idField: 'id', errorsAt: 'errors', errorId: 'id' },
      [2, 1, 0],
    ],
    [
      'only errors, one without an id',
      { errors: [{ id: 'r1' }, {}] },
      { resultsAt: undefined, idField: 'id', errorsAt: 'errors', errorId: 'id' },
      [0, 1, 2],
    ],
    ['no errors', {}, { resultsAt: undefined, idField: 'id', errorsAt: 'errors', errorId: 'id' }, [3, 0, 0]],
    ['a status only', {}, { resultsAt: undefined }, [3, 0, 0]],
    ['errors without errorsAt', { errors: [{ id: 'r1' }] }, { resultsAt: undefined }, [0, 0, 3]],
  ])('accepts only records with a result of their own: %s', async (_, body, options, expected) => {
    const { run, requests } = await importingInto((_, response) => sendJson(response, 200, body));
    const { accepted, rejected, unresolved } = await run(ids(3), { ...batch, ...options });
    expect([accepted, rejected, unresolved]).toEqual(expected);
    expect(requests).toHaveLength(1);
  });

  it('halves a refused batch, and keeps the form of a list for one record', async () => {
    const { run, requests } = await importingInto((request, response) => {
      const { inputs } = bodyOf(request);
      const isBad = inputs.some(({ id }: { id: string }) => id === 'r2');
      sendJson(response, isBad ? 400 : 200, isBad ? { message: 'bad record' } : { results: inputs });
    });
    expect(await run(ids(4), batch)).toMatchObject({ accepted: 3, rejected: 1 });
    expect(bodyOf(requests.at(-1) as SeenRequest).inputs).toHaveLength(1);
  });
});

it.each<[RequestTargetOptions, string]>([
  [{ method: 'put', url: '/customers/{ID}' }, '"ID"'],
  [{ url: '/customers', idField: 'ID', idempotent: true }, '"ID"'],
])('refuses an input in which no record has the id, before the first request: %j', async (options, name) => {
  const { run, requests } = await importingInto((_, response) => void response.writeHead(204).end());
  await expect(run(ids(2), options)).rejects.toThrow(`has ${name}. Did you mean "id"?`);
  expect(requests).toHaveLength(0);
});

describe('the checkpoint', () => {
  it('contains no secret of the URL, the parameters and the body', async () => {
    const { run, path } = await importingInto((_, response) => sendJson(response, 201, {}));
    const secrets = {
      url: '/c?api_key=hunter2',
      params: { token: 'hunter2' },
      data: { pin: 'hunter2', odd: 'hunter2' },
    };
    await run(ids(1), {
      ...secrets,
      recordAt: 'record',
      secretParams: ['odd'],
      headers: { 'X-Api-Key': 'hunter2' },
    });
    const text = await readFile(`${path}.import.checkpoint`, 'utf8');
    expect(text).toContain('/c');
    expect(text).not.toContain('hunter2');
  });

  it('belongs to the idempotency, because a record without it must not be sent twice', () => {
    const options = { method: 'put', url: '/c/{id}' } as const;
    expect(requestTarget(options).query).not.toEqual(requestTarget({ ...options, idempotent: false }).query);
    expect(requestTarget(options).query).toEqual(requestTarget({ ...options, resultError: 'fault' }).query);
  });
});

describe('options', () => {
  it.each<[Partial<RequestTargetOptions> | Record<string, unknown>, string]>([
    [{ headers: { 'X A': '1' } }, 'headers: "X A" is not a valid header field'],
    [{ headers: { 'X-A': '1\n2' } }, 'headers: "X-A" is not a valid header field'],
    [{ idField: 'id', idempotencyHeader: 'X A' }, 'idempotencyHeader: "X A" is not a valid header field'],
    [{ idField: 'id', idempotencyHeader: 'Authorization' }, 'Authorization has another meaning'],
    [{ url: '' }, 'url must be a URL'],
    [{ url: 'https://{host}/a' }, 'url must not have a placeholder in its scheme or host'],
    [{ url: '//{host}/a' }, 'url must not have a placeholder in its scheme or host'],
    [{ url: 'https://api.{region}.example.com/a' }, 'url must not have a placeholder in its scheme or host'],
    [{ url: '{scheme}://api.example.com/a' }, 'url must not have a placeholder in its scheme or host'],
    [{ url: '/a/{id' }, 'brace without its counterpart'],
    [{ url: '/a/{}' }, 'empty placeholder'],
    [{ method: 'delete' }, `method must be 'post', 'put' or 'patch', not "delete"`],
    [{ maxRecords: 0 }, 'maxRecords must be a whole number above 0'],
    [{ maxRecords: 1.5, recordsAt: '' }, 'maxRecords must be a whole number above 0'],
    [{ maxRecords: 2 }, 'maxRecords above 1 requires recordsAt'],
    [{ maxRecords: 2, recordsAt: '', url: '/a/{id}' }, 'url with a placeholder requires maxRecords 1'],
    [{ recordAt: 'a', recordsAt: 'b' }, 'set recordAt or recordsAt, not both'],
    [{ data: { a: 1 } }, 'data requires recordsAt or recordAt'],
    [{ data: { a: 1 }, recordsAt: '' }, 'data requires recordsAt or recordAt'],
    [{ idempotent: true }, 'idempotent requires idField'],
    [{ idempotencyHeader: 'Idempotency-Key' }, 'idempotencyHeader requires idField and maxRecords 1'],
    [{ resultsAt: 'a', resultId: 'id' }, 'resultId requires idField'],
    [{ maxRecords: 2, recordsAt: '', resultError: 'e' }, 'resultError requires resultsAt'],
    [{ errorsAt: 'errors' }, 'errorsAt requires errorId'],
    [{ errorId: 'id', idField: 'id' }, 'errorId requires errorsAt'],
    [
      { errorsAt: 'errors', errorId: 'id', resultsAt: 'a', idField: 'id' },
      'errorsAt with resultsAt requires resultId',
    ],
  ])('refuses %j', (options, message) => {
    const create = () => requestTarget({ url: '/a', ...options } as RequestTargetOptions);
    expect(create).toThrow(ConfigurationError);
    expect(create).toThrow(message);
  });
});
