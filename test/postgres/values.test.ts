import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ExactNumber } from '../../src/batch/index.ts';
import { failure } from '../support/batch.ts';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { exportPages } from './support.ts';

/** What a text is after Postgres has stored it. */
const stored = (text: string) => text.replaceAll(/[\0\p{Surrogate}]/gu, '\ufffd');

// `unit: 'binary'` includes U+0000, line ends and characters beyond 16 bits.
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\\N', '\\.', '\\', '\t', '\r\n', '\0', '\ud800', 'a\udc00b', '\\x41', 'NULL', ''),
);
const json = fc.jsonValue({ maxDepth: 3 });

describeWithPostgres('a value', () => {
  const postgres = usePostgres();

  it('is read back as it was written, for each type of column', async () => {
    const url = await postgres.schema();
    await queryAll(
      url,
      `CREATE TABLE things (id text PRIMARY KEY, text text, name varchar(2000), big bigint, double double precision, exact numeric,
         flag boolean, at timestamptz, json json, jsonb jsonb, words text)`,
    );
    const member = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
    const records = fc.array(
      fc.record({
        text: member(text),
        name: member(text),
        big: member(
          fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => new ExactNumber(`${n}`)),
        ),
        double: member(fc.double()),
        exact: member(
          fc.stringMatching(/^-?[1-9]\d{0,40}\.\d{0,40}[1-9]$/).map((digits) => new ExactNumber(digits)),
        ),
        flag: member(fc.boolean()),
        at: member(
          fc
            .date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') })
            .map((date) => date.toISOString()),
        ),
        json: member(json),
        jsonb: member(json),
        words: member(
          fc.oneof(
            fc.integer(),
            fc.boolean(),
            json.filter((value) => typeof value === 'object'),
          ),
        ),
      }),
      { minLength: 20, maxLength: 40 },
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(records, async (list) => {
        const name = `${++run}`;
        await exportPages(url, [list.map((record, n) => ({ id: `${name}-${n}`, ...record }))], { name });
        const rows = await queryAll(
          url,
          `SELECT text, name, big, double, exact, flag, at, json, jsonb, words FROM things WHERE id LIKE '${name}-%' ORDER BY split_part(id, '-', 2)::int`,
        );
        const plain = (value: unknown) =>
          value === null
            ? null
            : JSON.parse(
                JSON.stringify(value, (_, inner) => (typeof inner === 'string' ? stored(inner) : inner)),
              );
        expect(rows).toEqual(
          list.map((record) => ({
            ...record,
            text: record.text && stored(record.text),
            name: record.name && stored(record.name),
            big: record.big && `${record.big}`,
            // Postgres reads 0 from the text of -0.
            double: record.double === null ? null : record.double + 0,
            exact: record.exact && `${record.exact}`,
            at: record.at && new Date(record.at),
            json: plain(record.json),
            jsonb: plain(record.jsonb),
            words:
              record.words === null
                ? null
                : stored(
                    typeof record.words === 'object' ? JSON.stringify(record.words) : String(record.words),
                  ),
          })),
        );
      }),
      { numRuns: 5 },
    );
  });

  it('can be a text of 10 MB', async () => {
    const url = await postgres.schema();
    await exportPages(url, [[{ id: 'a', text: 'ü\\\t'.repeat(2_500_000), json: ['x'.repeat(10_000_000)] }]]);
    expect(await queryAll(url, 'SELECT length(text) AS text, length(json->>0) AS json FROM things')).toEqual([
      { text: 7_500_000, json: 10_000_000 },
    ]);
  });

  it.each<[string, string, unknown, boolean]>([
    ['bigint', 'beyond 64 bits', new ExactNumber('9223372036854775808'), false],
    ['bigint', 'a fraction', 1.5, false],
    ['timestamptz', 'a day that does not exist', '2026-02-30T00:00:00Z', false],
    ['timestamptz', 'nine digits of a second', '2026-01-01T00:00:00.123456789Z', true],
    ['timestamptz', 'a year before 1', '0044-03-15T00:00:00Z BC', true],
    ['timestamptz', 'an empty text', '', false],
    ['boolean', 'a text', 'true', true],
    ['boolean', 'a number', 5, false],
    ['uuid', 'a UUID', '11111111-2222-3333-4444-555555555555', true],
    ['uuid', 'another text', 'x', false],
    ['text[]', 'a list', ['x'], false],
    ['numeric', 'not a number', Number.NaN, true],
    ['timestamptz', 'a Date', new Date(0), true],
    ["text CHECK (value = '1970-01-01T00:00:00.000Z')", 'a Date', new Date(0), true],
  ])('in a column of the type %s: %s', async (type, _, value, fits) => {
    const url = await postgres.schema();
    await queryAll(url, `CREATE TABLE things (id text PRIMARY KEY, value ${type})`);
    const ended = exportPages(url, [[{ id: 'a', value }]]);
    if (fits) expect(await ended).toMatchObject({ records: 1 });
    else await failure(ended, 'ERR_RECORD');
  });
});
