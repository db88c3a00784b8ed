import { expect, it } from 'vitest';
import { ExactNumber } from '../../../src/batch/index.ts';
import { pathOf, valueAt } from '../../../src/batch/sources/member-path.ts';

const record = {
  id: 7,
  none: null,
  list: [{ name: 'a', tags: ['x', 'y'] }],
  'a.b': { c: 1 },
  'x[0]': 'literal',
  deep: { 'one.two': { three: 3 }, one: { other: 1 } },
  big: new ExactNumber('9007199254740993'),
};

it.each([
  ['id', 7],
  ['none', null],
  ['none.x', undefined],
  ['list.0.name', 'a'],
  ['list[0].name', 'a'],
  ['list[0].tags[1]', 'y'],
  ['list[0].tags.1', 'y'],
  ['list.1.name', undefined],
  ['list.length', undefined],
  ['a.b.c', 1],
  ['x[0]', 'literal'],
  ['deep.one.two.three', 3],
  ['big.text', undefined],
  ['toString', undefined],
  ['__proto__', undefined],
  ['', undefined],
])('valueAt reads the path %s', (path, value) => {
  expect(valueAt(record, path)).toEqual(value);
});

it('reads the members of an array', () => {
  expect(valueAt([{ rows: [1] }], '[0].rows')).toEqual([1]);
  expect(valueAt([{ rows: [1] }], '0.rows')).toEqual([1]);
});

it.each([
  ['a', ['a']],
  ['a.0.b', ['a', '0', 'b']],
  ['a[0].b', ['a', '0', 'b']],
  ['a[0][1]', ['a', '0', '1']],
  ['[0].b', ['0', 'b']],
  ['a[b].c', ['a[b]', 'c']],
])('pathOf splits %s', (path, names) => {
  expect(pathOf(path)).toEqual(names);
});
