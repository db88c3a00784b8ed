import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExactNumber, isRepresentable } from '../../../src/batch/json/exact-number.ts';
import { mayHaveExactNumber } from '../../../src/batch/json/number-scan.ts';
import { parseExact } from '../../../src/batch/json/parse-exact.ts';
import { toJson, toJsonLine } from '../../../src/batch/json/to-json.ts';

const EXACT = [
  '9007199254740993',
  '-9007199254740993',
  '18446744073709551615',
  '10000000000000000000000',
  '1e400',
  '-1E+400',
  '1e-400',
  '0.1234567890123456789',
  '12345678901e400',
  '1.2345678e-320',
  '0.30000000000000004441',
  `1${'0'.repeat(400)}`,
  `0.${'0'.repeat(400)}1`,
];

const PLAIN = [
  '0',
  '-0',
  '1',
  '-1.50',
  '1e21',
  '1E5',
  '9007199254740991',
  '9007199254740992',
  '100000000000000000000',
  '0.8414709848078965',
  '1.7976931348623157e308',
  '5e-324',
  '0e400',
  '0.000',
  '1700000000000',
  '1.000000000000000000000',
];

/** Places of a number in a JSON text. */
const PLACES: readonly ((number: string) => string)[] = [
  (number) => number,
  (number) => ` \n\t\r${number} `,
  (number) => `[${number}]`,
  (number) => `[1,${number},2]`,
  (number) => `{"id":${number}}`,
  (number) => `[[1,\r\n\t${number}\r\n\t ] ]`,
  (number) => `{"a":1,"id":\n  ${number}\n}`,
  (number) => `{"id" : ${number} , "name":"\\"漢"}`,
  (number) => `{"a":{"b":[[true,${number}]]},"c":"3e4567-${number}"}`,
];

describe('parseExact', () => {
  it.each(EXACT)('keeps the digits of %s in every place', (number) => {
    for (const place of PLACES) {
      const value = parseExact(place(number));
      expect(toJson(value)).toBe(compact(place(number)));
      expect(mayHaveExactNumber(place(number))).toBe(true);
    }
  });

  it.each(PLAIN)('returns the plain number %s', (number) => {
    for (const place of PLACES) {
      expect(parseExact(place(number))).toStrictEqual(JSON.parse(place(number)));
      expect(mayHaveExactNumber(place(number))).toBe(false);
    }
    expect(parseExact(`[${number},1e400]`)).toStrictEqual([Number(number), new ExactNumber('1e400')]);
  });

  it.each([
    '"3e400"',
    '"123456789012345678901234567890"',
    '{"id":"3e400123-1e40-4000-9e99-1e4000000000"}',
    '{"id":"12345678901234567890","phone":"+4930123456789012"}',
    '{"time":1700000000000,"until":[1700000000000,1700000000001]}',
    '{"at":"2026-01-01T00:00:00.000000000Z"}',
    '{"1e400":{"18446744073709551615":1}}',
    '["true",1.5e10,1e-10,"e",0.5]',
  ])('takes the fast path for %s', (text) => {
    expect(mayHaveExactNumber(text)).toBe(false);
    expect(parseExact(text)).toStrictEqual(JSON.parse(text));
  });

  it('returns a plain number and an exact number of one text', () => {
    expect(parseExact('{"a":1,"b":18446744073709551615}')).toStrictEqual({
      a: 1,
      b: new ExactNumber('18446744073709551615'),
    });
  });

  it('takes the last of repeated members, as JSON.parse does', () => {
    expect(parseExact('{"a":1,"a":1e400}')).toStrictEqual({ a: new ExactNumber('1e400') });
    expect(parseExact('{"a":1e400,"a":null}')).toStrictEqual({ a: null });
    expect(parseExact('{"a":{"b":1},"a":[2],"n":1e400}')).toStrictEqual({
      a: [2],
      n: new ExactNumber('1e400'),
    });
  });

  it('reads a member __proto__ as a member', () => {
    const value = parseExact('{"__proto__":{"polluted":1e400}}') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(toJson(value)).toBe('{"__proto__":{"polluted":1e400}}');
  });

  it.each([
    '',
    ' ',
    '{',
    '[1e400',
    '[01e400]',
    '\ufeff[1e400]',
    '[1e400,]',
    '{"a":1e400,}',
    "['1e400']",
    '[1e400] x',
  ])('throws the SyntaxError of JSON.parse for %j', (text) => {
    expect(() => parseExact(text)).toThrow(messageOf(() => JSON.parse(text)));
    expect(() => parseExact(text)).toThrow(SyntaxError);
  });

  it('parses a text that is nested 100,000 levels deep, as JSON.parse does', () => {
    const text = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(Array.isArray(parseExact(text))).toBe(true);
  });

  it('throws instead of changing a number that is nested too deeply', () => {
    const text = `${'['.repeat(100_000)}1e400${']'.repeat(100_000)}`;
    expect(() => parseExact(text)).toThrow(RangeError);
  });
});

describe('parseExact and toJson', () => {
  const digits = (min: number, max: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max });
  const number = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.oneof(digits(1, 3), digits(12, 24)),
      fc.oneof(
        fc.constant(''),
        digits(1, 20).map((text) => `.${text}`),
      ),
      fc.oneof(
        fc.constant(''),
        fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-', 'e-'), digits(1, 4)).map((parts) => parts.join('')),
      ),
    )
    .map(([sign, whole, fraction, exponent]) => sign + whole.replace(/^0+(?=\d)/, '') + fraction + exponent);
  const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 });
  const string = fc.oneof(
    number,
    fc.uuid(),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: fc.constantFrom(...'e1,:[ -."\\漢é\u{1f600}'), maxLength: 24 }),
  );
  const { json } = fc.letrec<{ json: string }>((tie) => ({
    json: fc.oneof(
      { depthSize: 'small' },
      number,
      string.map((text) => JSON.stringify(text)),
      fc.constantFrom('true', 'false', 'null'),
      fc
        .tuple(fc.array(tie('json'), { maxLength: 4 }), space)
        .map(([items, gap]) => `[${gap}${items.join(`${gap},${gap}`)}]${gap}`),
      fc
        .tuple(
          fc.uniqueArray(string, { maxLength: 4 }),
          fc.array(tie('json'), { minLength: 4, maxLength: 4 }),
          space,
        )
        .map(([names, values, gap]) => {
          // Names that are whole numbers come first in an object of JavaScript.
          const members = names.map((name, i) => `${JSON.stringify(`_${name}`)}${gap}:${gap}${values[i]}`);
          return `{${members.join(`,${gap}`)}${gap}}`;
        }),
    ),
  }));

  it('keep every number of a random JSON text', () => {
    fc.assert(
      fc.property(json, (text) => {
        const sent = tokens(text);
        const got = tokens(toJson(parseExact(text)));
        expect(got.length).toBe(sent.length);
        for (const [index, token] of sent.entries()) {
          if (/^[-\d]/.test(token) && isRepresentable(token))
            expect(Number(got[index])).toBe(Number(token) + 0);
          else if (token.startsWith('"')) expect(JSON.parse(got[index] ?? '')).toBe(JSON.parse(token));
          else expect(got[index]).toBe(token);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('agree with JSON.parse about what is JSON', () => {
    const mutated = fc
      .tuple(json, fc.nat(), fc.constantFrom('', ',', '"', 'e', '1', '0', ']', '\\', '.', '\u0001'))
      .map(
        ([text, at, insert]) =>
          text.slice(0, at % (text.length + 1)) + insert + text.slice((at % (text.length + 1)) + 1),
      );
    fc.assert(
      fc.property(mutated, (text) => {
        expect(messageOf(() => parseExact(text))).toBe(messageOf(() => JSON.parse(text)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('toJson', () => {
  it.each([
    [new ExactNumber('1e400'), '1e400'],
    [
      { a: [new ExactNumber('-9007199254740993'), undefined, Number.NaN], b: undefined },
      '{"a":[-9007199254740993,null,null]}',
    ],
    [{ at: new Date(0), id: new ExactNumber('1e400') }, '{"at":"1970-01-01T00:00:00.000Z","id":1e400}'],
    [{ text: 'a\nb\u2028\ud800', id: new ExactNumber('1e400') }, '{"text":"a\\nb\u2028\\ud800","id":1e400}'],
  ])('writes an exact number with its digits', (value, text) => {
    expect(toJson(value)).toBe(text);
    expect(toJsonLine(value)).toBe(`${text}\n`);
  });

  it.each([[undefined], [() => 1], [1n], [{ a: 1n }]])('refuses a value that is not JSON', (value) => {
    expect(() => toJson(value)).toThrow(/^a record cannot be written as JSON/);
  });
});

describe('ExactNumber', () => {
  it('compares as the nearest number and prints its digits', () => {
    const number = new ExactNumber('18446744073709551615');
    expect(Number(number)).toBe(2 ** 64);
    expect(`${number}`).toBe('18446744073709551615');
  });

  it('tells the caller of JSON.stringify to use toJson', () => {
    expect(() => JSON.stringify({ id: new ExactNumber('1e400') })).toThrow('use toJson');
  });

  it.each(['', 'x', '01', '1.', '.5', '+1', 'NaN', '1e400,"a":1', '1 '])(
    'refuses %j, which is not a JSON number',
    (text) => {
      expect(() => new ExactNumber(text)).toThrow(TypeError);
    },
  );
});

function messageOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function tokens(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|[-\d][\d.eE+-]*|[^\s"\d]/g) ?? [];
}

/** Removes the space outside of strings. */
function compact(text: string): string {
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
}
