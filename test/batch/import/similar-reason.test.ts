import { expect, it } from 'vitest';
import { similarReason } from '../../../src/batch/import/similar-reason.ts';

const idOf = (value: unknown) => (value as { id?: string }).id;
const of = (reason: string, id?: string) => {
  const position = { line: 1, start: 0, end: { line: 1, offset: 1 } };
  return similarReason(reason, { ...position, number: 0, value: { id } }, idOf);
};

it.each<[[string, string?], [string, string?], boolean]>([
  [['Contact 0 has no data.'], ['Contact 17 has no data.'], true],
  [['column "a" is unknown'], ['column "b" is unknown'], true],
  [["bad value 'x y'"], ["bad value 'z'"], true],
  [['no 0f8fad5b-d9cb-469f-a165-70867728950e here'], ['no 7c9e6679-7425-40de-944b-e07fc1f90ae7 here'], true],
  [['contact c1 is invalid'], ['contact x2y is invalid'], true],
  [['contact anna is invalid', 'anna'], ['contact bob is invalid', 'bob'], true],
  [['a bad contact', 'a'], ['b bad contact', 'b'], true],
  [['contact (x.y) is invalid', '(x.y)'], ['contact +z is invalid', '+z'], true],
  [['no phone'], ['no name'], false],
  [['contact anna is invalid'], ['contact bob is invalid'], false],
])('compares the reason %j with %j', (one, other, expected) => {
  expect(of(...one) === of(...other)).toBe(expected);
});
