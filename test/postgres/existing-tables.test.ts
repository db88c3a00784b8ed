import { expect, it } from 'vitest';
import { failure } from '../support/batch.ts';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { exportPages } from './support.ts';

/** Exports a record into a table that exists, and returns the rows. */
async function filled(url: string, definition: string, record: object, options = {}) {
  await queryAll(url, definition);
  await exportPages(url, [[{ id: 'a', ...record }]], options);
  return queryAll(url, 'SELECT * FROM things');
}

describeWithPostgres('a table that an administrator created', () => {
  const postgres = usePostgres();

  it.each<[string, string, object, object]>([
    [
      'an identity column',
      'n integer, id text PRIMARY KEY, row bigint GENERATED ALWAYS AS IDENTITY',
      { n: 1 },
      { n: 1, row: '1' },
    ],
    [
      'a generated column',
      'id text PRIMARY KEY, n integer, twice integer GENERATED ALWAYS AS (n * 2) STORED',
      { n: 2 },
      { twice: 4 },
    ],
    ['a deferrable key', 'id text UNIQUE DEFERRABLE INITIALLY DEFERRED, n integer', { n: 1 }, { n: 1 }],
    ['a key that includes other columns', 'id text, n integer, UNIQUE (id) INCLUDE (n)', { n: 1 }, { n: 1 }],
    [
      'reserved words',
      'id text PRIMARY KEY, "select" integer, "user" text, "order" jsonb',
      { select: 1, user: 'u', order: [1] },
      { select: 1, user: 'u', order: [1] },
    ],
    ['names with quotes', 'id text PRIMARY KEY, "a""b; --" integer', { 'a"b; --': 1 }, { 'a"b; --': 1 }],
    ['numeric with a scale', 'id text PRIMARY KEY, n numeric(5,2)', { n: 1.25 }, { n: '1.25' }],
    ['json', 'id text PRIMARY KEY, n json', { n: { a: [1] } }, { n: { a: [1] } }],
    [
      'inet and dates',
      'id text PRIMARY KEY, ip inet, at timestamp',
      { ip: '10.0.0.1', at: '2026-01-01T00:00:00Z' },
      { ip: '10.0.0.1' },
    ],
    ['char', 'id char(4) PRIMARY KEY, n integer', { n: 1 }, { id: 'a   ', n: 1 }],
    [
      'a column "extra" of its own type',
      'id text PRIMARY KEY, n integer, extra json',
      { n: 1, more: 2 },
      { n: 1, extra: { more: 2 } },
    ],
    [
      'partitions',
      'id text PRIMARY KEY, n integer) PARTITION BY HASH (id); CREATE TABLE part PARTITION OF things FOR VALUES WITH (MODULUS 1, REMAINDER 0',
      { n: 1 },
      { n: 1 },
    ],
  ])('gets rows with %s', async (_, columns, record, expected) => {
    const url = await postgres.schema();
    expect(await filled(url, `CREATE TABLE things (${columns})`, record)).toEqual([
      expect.objectContaining({ id: 'a', ...expected }),
    ]);
    // Again, so that rows are replaced.
    await exportPages(url, [[{ id: 'a', ...record }]], {}, { restart: true });
    expect(await queryAll(url, 'SELECT id FROM things')).toHaveLength(1);
  });

  it.each<[string, string, string[]]>([
    [
      'an expression as unique key',
      'id text, n integer); CREATE UNIQUE INDEX ON things (lower(id)',
      ['no unique key over exactly id'],
    ],
    [
      'a NOT NULL column that the export does not fill',
      'id text PRIMARY KEY, n integer, owner text NOT NULL',
      ['the column owner must have a value', 'set a default'],
    ],
    [
      'a generated column for a member',
      'id text PRIMARY KEY, n integer GENERATED ALWAYS AS (1) STORED',
      ['the column n is generated'],
    ],
    [
      'a foreign key that deletes',
      'id text PRIMARY KEY, n integer); CREATE TABLE notes (thing text REFERENCES things ON DELETE CASCADE',
      ['notes refers to it with a foreign key', 'DEFERRABLE INITIALLY DEFERRED'],
    ],
  ])('is refused with %s', async (_, columns, parts) => {
    const url = await postgres.schema();
    await queryAll(url, `CREATE TABLE things (${columns})`);
    const error = await exportPages(url, [[{ id: 'a', n: 1 }]]).catch((thrown: Error) => thrown);
    for (const part of parts) expect(error).toHaveProperty('message', expect.stringContaining(part));
    expect(error).toHaveProperty('name', 'ConfigurationError');
  });

  it.each<[string, string, string[]]>([
    [
      'a trigger',
      `id text PRIMARY KEY, value text);
       CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'secret %', NEW.value; END $$;
       CREATE TRIGGER refuses BEFORE INSERT ON things FOR EACH ROW WHEN (NEW.id = 'b') EXECUTE FUNCTION refuse(`,
      ['a trigger refuses it'],
    ],
    [
      'a foreign key',
      'id text PRIMARY KEY, value text REFERENCES kinds',
      ['violates things_value_fkey', '"things" DROP CONSTRAINT "things_value_fkey"'],
    ],
    ['another unique key', 'id text PRIMARY KEY, value text UNIQUE DEFERRABLE INITIALLY DEFERRED', []],
    [
      'no partition',
      "id text PRIMARY KEY, value text) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF things FOR VALUES IN ('a'",
      ['no partition accepts it'],
    ],
    [
      'an index that a text does not fit',
      'id text PRIMARY KEY, value text); CREATE INDEX ON things (value',
      ['it is too large'],
    ],
    [
      'an enum',
      'id text PRIMARY KEY, value kind',
      ['the record "b" does not fit the column value (', 'it has another type'],
    ],
    ['a domain', 'id text PRIMARY KEY, value short', ['violates short_check']],
  ])('keeps earlier rows if a record is refused by %s', async (_, columns, parts) => {
    const url = await postgres.schema();
    await queryAll(
      url,
      `CREATE TABLE kinds (kind text PRIMARY KEY); INSERT INTO kinds VALUES ('good'); CREATE TYPE kind AS ENUM ('good');
       CREATE DOMAIN short AS text CHECK (length(value) < 100); CREATE TABLE things (${columns})`,
    );
    const isUnique = columns.includes('value text UNIQUE');
    // Random hexadecimal digits do not compress.
    const long = Array.from({ length: 9000 }, (__, n) => ((n * 7919 ** 3) % 65_536).toString(16)).join('');
    const value = isUnique ? 'good' : `secret ${long}`;
    const error = await failure(
      exportPages(url, [[{ id: 'a', value: 'good' }], [{ id: 'b', value }]]),
      'ERR_RECORD',
    );
    expect(error).toMatchObject({ resumable: true, permanent: true });
    expect(error.message).not.toContain('secret');
    for (const part of [...parts, 'run the same export again']) expect(error.message).toContain(part);
    expect(await queryAll(url, 'SELECT id FROM things')).toEqual([{ id: 'a' }]);
  });

  it('is not replaced in the middle of a foreign key without actions', async () => {
    const url = await postgres.schema();
    await exportPages(url, [[{ id: 'a', n: 1 }]]);
    await queryAll(
      url,
      `CREATE TABLE notes (thing text, CONSTRAINT known FOREIGN KEY (thing) REFERENCES things); INSERT INTO notes VALUES ('a')`,
    );
    const again = { restart: true };
    const error = await failure(exportPages(url, [[{ id: 'a', n: 2 }]], {}, again), 'ERR_RECORD');
    expect(error.message).toMatch(/violates known .* ALTER TABLE "test_\w+"\."notes" /);
    await queryAll(url, 'ALTER TABLE notes ALTER CONSTRAINT known DEFERRABLE INITIALLY DEFERRED');
    await exportPages(url, [[{ id: 'a', n: 2 }]], {}, again);
    expect(await queryAll(url, 'SELECT things.n::int FROM things JOIN notes ON thing = id')).toEqual([
      { n: 2 },
    ]);
  });

  it('can have any name', async () => {
    const url = await postgres.database();
    await queryAll(url, 'CREATE SCHEMA "We Ird"; CREATE SCHEMA "a.b"');
    for (const [table, sql] of [
      ['"We Ird".t', '"We Ird".t'],
      ['"a.b"."c""d"', '"a.b"."c""d"'],
      ["x'; DROP TABLE things; --", `"x'; DROP TABLE things; --"`],
      ['ünï 表', '"ünï 表"'],
      ['Select', '"Select"'],
    ] as const) {
      await exportPages(url, [[{ id: 'a' }]], { table });
      expect(await exportPages(url, [[{ id: 'a' }]], { table })).toMatchObject({ alreadyComplete: true });
      expect(await queryAll(url, `SELECT id FROM ${sql}`)).toEqual([{ id: 'a' }]);
    }
  });

  it.each(['a.b.c', '.t', 'a.', '""', '"a', 'x'.repeat(64), `s.${'ü'.repeat(32)}`, 'a\0b'])(
    'cannot have the name %j',
    async (table) => {
      const wrong = async () => exportPages('postgres://h/d', [], { table });
      await expect(wrong()).rejects.toMatchObject({
        name: 'ConfigurationError',
        message: expect.stringContaining('table must'),
      });
    },
  );
});

describeWithPostgres('members with similar names', () => {
  const postgres = usePostgres();
  const long = 'x'.repeat(70);

  it.each<[string, object, object]>([
    ['the exact name first', { fooBar: 1, foo_bar: 2 }, { foo_bar: '2', extra: { fooBar: 1 } }],
    ['the key first', { ID: 'b', value: 1 }, { value: '1', extra: { ID: 'b' } }],
    [
      'long names',
      { [`${long}a`]: 1, [`${long}b`]: 2 },
      { [long.slice(0, 63)]: '1', extra: { [`${long}b`]: 2 } },
    ],
    [
      'long names of characters beyond 16 bits',
      { ['𝒳'.repeat(20)]: 1 },
      { ['𝒳'.repeat(15)]: '1', extra: null },
    ],
    ['the name of the column for others', { extra: 1 }, { extra: { extra: 1 } }],
    ['names of objects', { constructor: 1, toString: 2 }, { constructor: '1', to_string: '2' }],
    ['names without letters', { '!!!': 1, '': 2 }, { value: '1', extra: { '': 2 } }],
  ])('keep all values: %s', async (_, record, expected) => {
    const url = await postgres.schema();
    await exportPages(url, [[{ ...record, id: 'a' }]], { addColumns: true });
    expect(await queryAll(url, 'SELECT * FROM things')).toEqual([
      expect.objectContaining({ id: 'a', ...expected }),
    ]);
  });

  it('keep the values of later pages', async () => {
    const url = await postgres.schema();
    const pages = [
      [{ id: 'a', none: null }],
      [{ id: 'b', none: 1 }],
      [{ id: 'c', none: { a: 1 }, foo_bar: 1 }],
      [{ id: 'd', fooBar: 2 }],
    ];
    await exportPages(url, pages, { addColumns: true });
    expect(await queryAll(url, 'SELECT * FROM things ORDER BY id')).toMatchObject([
      { id: 'a', none: null },
      { id: 'b', none: '1' },
      { id: 'c', none: '{"a":1}', foo_bar: '1' },
      { id: 'd', foo_bar: null, extra: { fooBar: 2 } },
    ]);
  });
});
