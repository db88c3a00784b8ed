import type { AxiosResponse } from 'axios';
import { describe, expect, it } from 'vitest';
import {
  ExactNumber,
  genesysContactList,
  genesysExternalContacts,
  type ImportTarget,
  requestTarget,
} from '../../../src/batch/index.ts';

const LIST = { listId: 'L' };
const ids = (...all: unknown[]) => all.map((id) => ({ id }));
const error = { status: 400, code: 'invalid', message: 'no such column' };
const busy = { status: 503, message: 'busy' };

/** Returns the outcomes that a target reads from a response, in one word: a(ccepted), r(efused), u(nknown), t(ry again). */
function read(target: ImportTarget, records: readonly unknown[], data: unknown): string {
  const word = { accepted: 'a', refused: 'r', unknown: 'u', again: 't' };
  try {
    return target
      .results({ data, status: 200 } as AxiosResponse, records)
      .map(({ outcome }) => word[outcome])
      .join('');
  } catch {
    return 'u'.repeat(records.length);
  }
}

describe('a contact list', () => {
  const withIds = genesysContactList({ ...LIST, idField: 'id' });
  const without = genesysContactList(LIST);
  const abc = ids('a', 'b', 'c');
  it.each<[string, ImportTarget, unknown[], unknown, string]>([
    ['the contacts', withIds, abc, ids('a', 'b', 'c'), 'aaa'],
    ['another order', withIds, abc, ids('c', 'a', 'b'), 'aaa'],
    ['another order with an error', withIds, abc, [...ids('c', 'a'), error], 'aua'],
    ['null in place of a contact', withIds, abc, [...ids('a'), null, ...ids('c')], 'aua'],
    ['an error in place of a contact', withIds, abc, [...ids('a'), error, ...ids('c')], 'ara'],
    ['an error with the id of its contact', withIds, abc, [{ ...error, id: 'c' }, ...ids('a', 'b')], 'aar'],
    ['a temporary error', withIds, abc, [...ids('a'), busy, ...ids('c')], 'ata'],
    ['an error that says retryable', withIds, abc, [{ ...error, retryable: true }, ...ids('b', 'c')], 'taa'],
    ['an error of the server', withIds, abc, [{ ...error, status: 500 }, ...ids('b', 'c')], 'uaa'],
    ['success: false', withIds, abc, [{ id: 'a', success: false }, ...ids('b', 'c')], 'raa'],
    ['fewer contacts', withIds, abc, ids('a', 'c'), 'aua'],
    ['more contacts', withIds, abc, ids('a', 'b', 'c', 'd'), 'aaa'],
    ['a contact of somebody else', withIds, abc, ids('a', 'x', 'c'), 'aua'],
    ['a contact twice', withIds, abc, ids('a', 'a', 'c'), 'aua'],
    [
      'a contact twice, once as an error',
      withIds,
      abc,
      [...ids('a', 'b', 'c'), { ...error, id: 'a' }],
      'uaa',
    ],
    ['a contact without an id', withIds, abc, [{ id: 'a' }, {}, { id: 'c' }], 'aua'],
    ['text', withIds, abc, ['a', 'b', 'c'], 'uuu'],
    ['no list', withIds, abc, { entities: ids('a', 'b', 'c') }, 'uuu'],
    ['ids as numbers', withIds, ids('1', 2), ids(1, '2'), 'aa'],
    [
      'ids over 2^53',
      withIds,
      ids(new ExactNumber('9007199254740993'), new ExactNumber('9007199254740995')),
      ids('9007199254740995', new ExactNumber('9007199254740993')),
      'aa',
    ],
    ['new ids for contacts without ids', without, [{}, {}], ids('x', 'y'), 'aa'],
    ['contacts without ids as they were sent', without, [{}, {}], [{ data: {} }, { data: {} }], 'aa'],
    ['fewer contacts without ids', without, [{}, {}], ids('x'), 'uu'],
    ['null for a contact without an id', without, [{}, {}], [null, { id: 'x' }], 'ua'],
    ['an error for a contact without an id', without, [{}, {}], [error, { id: 'x' }], 'ra'],
    ['both kinds', withIds, [{ id: 'a' }, {}], ids('a', 'x'), 'aa'],
    ['both kinds in another order', withIds, [{ id: 'a' }, {}], ids('x', 'a'), 'au'],
    ['both kinds, and fewer', withIds, [{ id: 'a' }, {}], ids('a'), 'au'],
  ])('reads %s', (_, target, records, data, expected) => {
    expect(read(target, records, data)).toBe(expected);
  });
});

describe('external contacts', () => {
  const ok = (id?: unknown) => ({ id, success: true, status: 201 });
  const bad = (id?: unknown) => ({ id, success: false, status: 400, error: { message: 'no name' } });
  const keeps = genesysExternalContacts({ keepsIds: true });
  const assigns = genesysExternalContacts();
  const ab = ids('a', 'b');
  it.each<[string, ImportTarget, unknown[], unknown[], string]>([
    ['another order', keeps, ab, [bad('b'), ok('a')], 'ar'],
    ['results without ids', keeps, ab, [ok(), bad()], 'ar'],
    ['a result without an id beside others', keeps, ab, [ok('a'), ok()], 'au'],
    ['an error without an id beside others', keeps, ab, [ok('a'), bad()], 'ar'],
    ['an id that was not sent', keeps, ab, [ok('a'), ok('x')], 'au'],
    ['new ids', assigns, ab, [ok('x'), bad('y')], 'ar'],
    ['the ids in another order', assigns, ab, [bad('b'), ok('a')], 'ar'],
    ['new ids for records without ids', assigns, [{}, {}], [ok('x'), bad('y')], 'ar'],
    ['fewer results', assigns, ab, [ok('x')], 'uu'],
    ['null', keeps, ab, [null, ok('b')], 'ua'],
    ['a success with an error', keeps, ab, [{ ...bad('a'), success: true }, ok('b')], 'ua'],
  ])('reads %s', (_, target, records, results, expected) => {
    expect(read(target, records, { results })).toBe(expected);
  });
});

describe('a request target with results by position', () => {
  const base = { url: '/batch', maxRecords: 5, recordsAt: '', resultsAt: '', idField: 'id' };
  const target = requestTarget({ ...base, idempotent: true });
  const ab = ids('a', 'b');
  it.each<[string, ImportTarget, unknown[], string]>([
    ['results without ids', target, [{ success: true }, { errors: ['x'] }], 'ar'],
    ['the ids in another order', target, [{ id: 'b', errors: ['x'] }, { id: 'a' }], 'ar'],
    ['an error that says retryable', target, [{ error: { message: 'x', retryable: true } }, {}], 'ta'],
    ['fewer results', target, [{}], 'uu'],
    ['null', target, [null, {}], 'ua'],
    ['ids that the API does not recognize', requestTarget(base), [{ id: 'b', errors: ['x'] }, {}], 'ra'],
  ])('reads %s', (_, target, results, expected) => {
    expect(read(target, ab, results)).toBe(expected);
  });
});
