import { expect, it } from 'vitest';
import { ExactNumber } from '../../src/batch/index.ts';
import { failure } from '../support/batch.ts';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { exportPages } from './support.ts';

describeWithPostgres('a table of records', () => {
  const postgres = usePostgres();

  it('creates the table with the types of the first records', async () => {
    const url = await postgres.database();
    const text = 'tab\tline\nreturn\rback\\slash "quoted" \\N ü';
    const records = [
      { id: 'a', sizeOfIt: 1.5, isOpen: true, tags: ['x'], at: '2026-01-01T00:00:00Z', none: null },
      {
        id: 'b',
        sizeOfIt: new ExactNumber('12345678901234567890'),
        isOpen: null,
        tags: { text },
        at: text,
        none: 1,
      },
    ];
    expect(await exportPages(url, [records])).toMatchObject({ records: 2, warnings: [] });
    const rest = { extra: null };
    expect(await queryAll(url, 'SELECT * FROM things ORDER BY id')).toEqual([
      {
        id: 'a',
        size_of_it: '1.5',
        is_open: true,
        tags: ['x'],
        at: '2026-01-01T00:00:00Z',
        none: null,
        ...rest,
      },
      {
        id: 'b',
        size_of_it: '12345678901234567890',
        is_open: null,
        tags: { text },
        at: text,
        none: '1',
        ...rest,
      },
    ]);
  });

  it('replaces characters that Postgres cannot store', async () => {
    const url = await postgres.database();
    const bad = 'a\0b\ud800c';
    await exportPages(url, [[{ id: 'a', text: bad, json: { [bad]: [bad, '\\u0000'] } }]]);
    const good = 'a\ufffdb\ufffdc';
    expect(await queryAll(url, 'SELECT text, json FROM things')).toEqual([
      { text: good, json: { [good]: [good, '\\u0000'] } },
    ]);
  });

  it('writes chosen columns, also nested ones', async () => {
    const url = await postgres.database();
    const records = [{ id: 'a', other: 1, inner: { name: 'x' } }];
    await exportPages(url, [records], { columns: ['inner.name'] });
    expect(await queryAll(url, 'SELECT * FROM things')).toEqual([{ id: 'a', inner_name: 'x', extra: null }]);
  });

  it.each<[string, string, object, object]>([
    [
      'exact names first',
      'id text PRIMARY KEY, "sizeOfIt" integer, size_of_it integer',
      { sizeOfIt: 7 },
      { sizeOfIt: 7, size_of_it: null },
    ],
    [
      'snake case before lower case',
      'id text PRIMARY KEY, sizeofit integer, size_of_it integer',
      { sizeOfIt: 7 },
      { sizeofit: null, size_of_it: 7 },
    ],
    ['lower case last', 'id varchar(5) PRIMARY KEY, sizeofit smallint', { sizeOfIt: 7 }, { sizeofit: 7 }],
    [
      'dates from texts',
      'id text PRIMARY KEY, at timestamptz',
      { at: '2026-01-01T00:00:00Z' },
      { at: new Date('2026-01-01T00:00:00Z') },
    ],
    [
      'defaults of other columns',
      "id text PRIMARY KEY, made text NOT NULL DEFAULT 'now', n integer",
      { n: 1 },
      { made: 'now', n: 1 },
    ],
    ['a unique index', 'id text UNIQUE, n double precision', { n: 0.5 }, { n: 0.5 }],
    [
      'text for everything',
      'id text PRIMARY KEY, n text, b text, j text',
      { n: 1, b: true, j: [1] },
      { n: '1', b: 'true', j: '[1]' },
    ],
  ])('fills an existing table: %s', async (_, columns, record, expected) => {
    const url = await postgres.database();
    await queryAll(url, `CREATE TABLE things (${columns})`);
    await exportPages(url, [[{ id: 'a', ...record }]]);
    expect(await queryAll(url, 'SELECT * FROM things')).toEqual([{ id: 'a', ...expected }]);
  });

  it.each<[string, string, string[]]>([
    [
      'no unique key',
      'id text, n integer',
      ['no unique key over exactly id', 'ALTER TABLE "public"."things" ADD PRIMARY KEY ("id")'],
    ],
    ['a key over more columns', 'id text, n integer, PRIMARY KEY (id, n)', ['no unique key over exactly id']],
    [
      'a partial unique index',
      'id text, n integer); CREATE UNIQUE INDEX ON things (id) WHERE (n > 0',
      ['no unique key'],
    ],
    [
      'no column for the id',
      'name text PRIMARY KEY, n integer',
      ['it has other columns', 'id of the key is missing'],
    ],
    [
      'no column for a member',
      'id text PRIMARY KEY',
      ['it has other columns', 'n is missing', '--add-columns', 'ADD COLUMN extra jsonb'],
    ],
  ])('refuses a table with %s', async (_, columns, parts) => {
    const url = await postgres.database();
    await queryAll(url, `CREATE TABLE things (${columns})`);
    const error = await exportPages(url, [[{ id: 'a', n: 1 }]]).catch((thrown: Error) => thrown);
    expect(error).toHaveProperty('name', 'ConfigurationError');
    for (const part of ['public.things', ...parts])
      expect(error).toHaveProperty('message', expect.stringContaining(part));
    expect(await queryAll(url, 'SELECT * FROM things')).toEqual([]);
  });

  it.each<[string, string, unknown]>([
    ['too long', 'varchar(3)', 'secret'],
    ['out of range', 'smallint', 99_999],
    ['another type', 'integer', 'secret'],
    ['not a valid date', 'timestamptz', 'secret'],
    ['is missing', 'text NOT NULL', null],
    ['violates things_value_check', "text CHECK (value <> 'secret')", 'secret'],
  ])('keeps earlier pages if a value is refused: %s', async (reason, type, value) => {
    const url = await postgres.database();
    await queryAll(url, `CREATE TABLE things (id text PRIMARY KEY, value ${type})`);
    const good = type === 'timestamptz' ? '2026-01-01T00:00:00Z' : 1;
    const pages = [
      [{ id: 'a', value: good }],
      [
        { id: 'b', value: good },
        { id: 'c', value },
      ],
    ];
    const error = await failure(exportPages(url, pages), 'ERR_RECORD');
    expect(error).toMatchObject({
      resumable: true,
      permanent: true,
      message: expect.stringContaining(reason),
    });
    expect(error.message).not.toMatch(/secret/.test(reason) ? /^$/ : /secret|99999/);
    if (!/violates|missing/.test(reason))
      expect(error.message).toContain('the record "c" does not fit the column value (');
    expect(await queryAll(url, 'SELECT id FROM things')).toEqual([{ id: 'a' }]);

    await queryAll(
      url,
      'ALTER TABLE things DROP CONSTRAINT IF EXISTS things_value_check, ALTER COLUMN value DROP NOT NULL',
    );
    await queryAll(url, 'ALTER TABLE things ALTER COLUMN value TYPE text');
    expect(await exportPages(url, pages)).toMatchObject({ records: 3, resumed: true });
    expect(await queryAll(url, 'SELECT id FROM things ORDER BY id')).toHaveLength(3);
  });

  it.each([
    [true, [{ id: 'b', n: null, new_one: 'x', extra: null }], []],
    [
      false,
      [{ id: 'b', n: null, extra: { newOne: 'x' } }],
      [expect.stringContaining('no column for "newOne"')],
    ],
  ])('keeps the values of a new member with addColumns %s', async (addColumns, rows, warnings) => {
    const url = await postgres.database();
    await exportPages(url, [[{ id: 'a', n: 1 }]], { name: 'night 11' });
    const second = await exportPages(url, [[{ id: 'b', newOne: 'x' }], [{ id: 'c', newOne: 'y' }]], {
      name: 'night 12',
      addColumns,
    });
    expect(second.warnings).toEqual(warnings);
    expect(await queryAll(url, "SELECT * FROM things WHERE id = 'b'")).toEqual(rows);
    expect(await queryAll(url, 'SELECT * FROM things')).toHaveLength(3);
  });

  it('writes to a schema, and creates its own tables there', async () => {
    const url = await postgres.database();
    await queryAll(url, 'CREATE SCHEMA "Reports"');
    await exportPages(url, [[{ id: 'a' }]], { table: 'Reports.my things' });
    expect(await queryAll(url, 'SELECT id FROM "Reports"."my things"')).toEqual([{ id: 'a' }]);
    expect(
      await queryAll(url, 'SELECT target, name, complete FROM "Reports".axios_oauth_refresh_exports'),
    ).toEqual([{ target: 'my things', name: 'all', complete: true }]);
    expect(await queryAll(url, 'SELECT * FROM "Reports".axios_oauth_refresh_journal')).toEqual([]);
  });

  it.each<[string, string]>([
    ['nowhere.things', 'the schema "nowhere" does not exist'],
    ['a_view', 'is not a table'],
  ])('refuses the table %s', async (table, part) => {
    const url = await postgres.database();
    await queryAll(url, 'CREATE VIEW a_view AS SELECT 1 AS id');
    await expect(exportPages(url, [[{ id: 'a' }]], { table })).rejects.toThrow(part);
  });

  it('refuses a record without an id', async () => {
    const url = await postgres.database();
    const error = await failure(exportPages(url, [[{ name: 'x' }]]), 'ERR_RECORD');
    expect(error.message).toContain('a record has no "id"');
  });
});
