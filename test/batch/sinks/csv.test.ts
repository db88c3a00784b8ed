import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvOptions, csvFile, ExactNumber, exportRecords } from '../../../src/batch/index.ts';
import { failure, preparedPages, temporaryDirectory } from '../../support/batch.ts';

const api = axios.create({ baseURL: 'http://127.0.0.1:9' });

/** Exports pages of records and returns the text of the file. */
async function toCsv(pages: readonly (readonly unknown[])[], options?: CsvOptions): Promise<string> {
  const path = join(await temporaryDirectory(), 'out.csv');
  const source = preparedPages(pages.map((items) => ({ items })));
  await exportRecords({ api, source, sink: csvFile(path, options) });
  return readFile(path, 'utf8');
}

describe('the columns of csvFile', () => {
  it('are the members of the first page that has records, in order of appearance', async () => {
    const text = await toCsv([
      [],
      [
        { b: 1, a: 2 },
        { c: 3, b: 4 },
      ],
      [{ a: 5 }],
    ]);
    expect(text).toBe('b,a,c\n1,2,\n4,,3\n,5,\n');
  });

  it('select and order members, also within objects and lists, if the `columns` option is set', async () => {
    const record = { id: 1, from: { name: 'x', 'a.b': 2 }, 'from.name': 'own', list: [{ n: 7 }], more: true };
    const columns = ['list.0.n', 'from.name', 'from.missing', 'id', 'id.x', 'from.constructor'];
    expect(await toCsv([[record]], { columns })).toBe(
      'list.0.n,from.name,from.missing,id,id.x,from.constructor\n7,own,,1,,\n',
    );
    expect(await toCsv([[{ from: { name: 'x' } }]], { columns: ['from.name'] })).toBe('from.name\nx\n');
  });

  it('reject a page with a new member, name the member and keep the pages already written', async () => {
    const path = join(await temporaryDirectory(), 'out.csv');
    const pages: { items: object[] }[] = [
      { items: [{ a: 1 }] },
      { items: [{ a: 2, none: null }] },
      { items: [{ a: 3 }, { a: 4, late: 0 }] },
    ];
    const run = () => exportRecords({ api, source: preparedPages(pages), sink: csvFile(path) });
    for (let time = 0; time < 2; time++) {
      const error = await failure(run(), 'ERR_RECORD');
      expect(error.message).toMatch(/"late".*columns \(--columns\).*restart \(--restart\)/s);
      expect(error.permanent).toBe(true);
      expect(error.resumable).toBe(false);
      expect(await readFile(path, 'utf8')).toBe('a\n1\n2\n');
    }
  });

  it('stay the same after the process restarts, even if later pages start with other members', async () => {
    const path = join(await temporaryDirectory(), 'out.csv');
    const first = await csvFile(path).open(undefined);
    await first.write([{ b: 1, a: 2 }]);
    const position = JSON.parse(JSON.stringify(await first.save()));
    await first.write([{ a: 'cut off' }]);
    await first.close();
    const second = await csvFile(path).open(position);
    await second.write([{ a: 3, b: 4 }]);
    await failure(second.write([{ c: 1 }]), 'ERR_RECORD');
    await second.close();
    expect(await readFile(path, 'utf8')).toBe('b,a\n1,2\n4,3\n');
  });

  it('require that records are objects with members', async () => {
    for (const record of ['text', 7, null, [1], new ExactNumber('1e400')]) {
      await failure(toCsv([[record]]), 'ERR_RECORD');
    }
    expect((await failure(toCsv([[{}]]), 'ERR_RECORD')).message).toContain('columns');
  });

  it('must be the same as before to resume an interrupted export', async () => {
    const path = join(await temporaryDirectory(), 'out.csv');
    const abort = new AbortController();
    const source = preparedPages([{ items: [{ a: 1, b: 2 }] }, { items: [] }]);
    const onProgress = () => abort.abort();
    const { signal } = abort;
    await failure(exportRecords({ api, source, sink: csvFile(path), signal, onProgress }), 'ERR_INTERRUPTED');
    const other = exportRecords({ api, source, sink: csvFile(path, { columns: ['b'] }) });
    expect((await failure(other, 'ERR_CHECKPOINT_MISMATCH')).message).toContain('format.columns was null');
  });
});

describe('chosen columns that no record of the first page has', () => {
  const record = {
    conversationId: 'c',
    conversationStart: 's',
    participants: [{ purpose: 'agent', sessions: [{ ani: '1' }] }, { purpose: 'acd' }],
    'a.b': { cde: 1 },
    none: null,
    id: new ExactNumber('18446744073709551615'),
  };

  it.each([
    ['converationStart', 'conversationStart'],
    ['ConversationStart', 'conversationStart'],
    ['participants.0.purpse', 'participants.0.purpose'],
    ['participants[0].purpse', 'participants.0.purpose'],
    ['participants.1.purpse', 'participants.1.purpose'],
    ['participant.0.purpose', 'participants.0.purpose'],
    ['participants.0.sessions.0.anni', 'participants.0.sessions.0.ani'],
    ['nome', 'none'],
  ])('fail the export before it writes if %s is similar to %s', async (wrong, right) => {
    const path = join(await temporaryDirectory(), 'out.csv');
    const sink = csvFile(path, { columns: ['conversationId', wrong] });
    const source = preparedPages([{ items: [] }, { items: [record, { other: 1 }] }]);
    const error = await failure(exportRecords({ api, source, sink }), 'ERR_RECORD');
    expect(error.message).toContain(`no record has "${wrong}". Did you mean "${right}"?`);
    expect(error.message).toMatch(
      /columns \(--columns\).*restart \(--restart\).*allowEmptyColumns \(--allow-empty-columns\)/,
    );
    expect(error.permanent).toBe(true);
    expect(await readFile(path, 'utf8').catch(() => '')).toBe('');
    const fixed = csvFile(path, { columns: ['conversationId', wrong], allowEmptyColumns: true });
    await exportRecords({ api, source, sink: fixed, restart: true });
    expect(await readFile(path, 'utf8')).toBe(`conversationId,${wrong}\nc,\n,\n`);
  });

  it.each([
    'nothingLikeIt',
    'participants.7.purpose',
    'participants.purpose',
    'none.inner',
    'id.text',
    'a.b.x',
  ])('are a warning at the end if no name is similar to %s, also after a resume', async (name) => {
    const path = join(await temporaryDirectory(), 'out.csv');
    const sink = csvFile(path, { columns: ['conversationId', name] });
    const first = await sink.open(undefined);
    await first.write([record]);
    const position = JSON.parse(JSON.stringify(await first.save()));
    await first.close();
    const second = await sink.open(position);
    await second.write([{ conversationId: 'd' }]);
    await second.finish();
    const end = JSON.parse(JSON.stringify(await second.save()));
    expect(second.warnings?.()).toEqual([`no record has the column "${name}"`]);
    await second.close();
    const third = await sink.open(end);
    expect(third.warnings?.()).toEqual([`no record has the column "${name}"`]);
    await third.close();
  });

  it('are no warning if a later record has them, even as null', async () => {
    const columns = ['id', 'late', 'deep[1].x'];
    const open = await csvFile(join(await temporaryDirectory(), 'out.csv'), { columns }).open(undefined);
    await open.write([{ id: 1 }]);
    await open.write([{ id: 2, late: null }]);
    expect(open.warnings?.()).toEqual(['no record has the column "deep[1].x"']);
    await open.write([{ id: 3, deep: [0, { x: 1 }] }]);
    expect(open.warnings?.()).toEqual([]);
    await open.close();
  });

  it('are not corrected to another chosen column', async () => {
    const columns = ['conversationStart', 'conversationEnd', 'conversationId'];
    expect(await toCsv([[record]], { columns })).toBe(`${columns}\ns,,c\n`);
  });

  it('are only a heading, without a warning, if there are no records', async () => {
    const path = join(await temporaryDirectory(), 'out.csv');
    const open = await csvFile(path, { columns: ['a', 'b'] }).open(undefined);
    await open.finish();
    expect(open.warnings?.()).toEqual([]);
    await open.close();
    expect(await readFile(path, 'utf8')).toBe('a,b\n');
  });
});

describe('the values of csvFile', () => {
  it.each([false, true])('keep the digits of exact numbers (escapeFormulas: %s)', async (escapeFormulas) => {
    const number = new ExactNumber('-18446744073709551615');
    const record = { n: number, o: { n: [number] }, e: new ExactNumber('1e400'), z: -0, big: 1e21 };
    expect(await toCsv([[record]], { escapeFormulas })).toBe(
      'n,o,e,z,big\n-18446744073709551615,"{""n"":[-18446744073709551615]}",1e400,0,1e+21\n',
    );
    expect(await toCsv([[{ n: new ExactNumber('1.5e400') }]], { delimiter: '.' })).toBe('n\n"1.5e400"\n');
  });

  it('replace an unpaired surrogate, and escape one inside an object', async () => {
    expect(await toCsv([[{ a: 'x\ud800', b: ['\ud800'] }]])).toBe('a,b\nx\ufffd,"[""\\ud800""]"\n');
  });

  it('are unchanged texts, JSON for objects and lists, and empty fields for null', async () => {
    const record = {
      s: 'a b',
      n: -1.5e21,
      t: true,
      f: false,
      o: { x: [1, '"'] },
      l: [],
      z: null,
      u: undefined,
      e: '',
    };
    expect(await toCsv([[record]])).toBe(
      's,n,t,f,o,l,z,u,e\na b,-1.5e+21,true,false,"{""x"":[1,""\\""""]}",[],,,\n',
    );
  });

  it('are quoted where RFC 4180 section 2 requires quotes, and so are column names', async () => {
    expect(await toCsv([[{ 'a,"b': 'x\r\ny', c: ' , ', d: '"', e: 'x\ry' }]])).toBe(
      '"a,""b",c,d,e\n"x\r\ny"," , ","""","x\ry"\n',
    );
    expect(await toCsv([[{ a: 'x;y', b: 'x,y' }]], { delimiter: ';' })).toBe('a;b\n"x;y";x,y\n');
    expect(await toCsv([[{ a: 'x\ty' }]], { delimiter: '\t', bom: true })).toBe('\ufeffa\n"x\ty"\n');
  });

  it('of a single column never make an empty line', async () => {
    expect(await toCsv([[{ a: null }, { a: '' }, { a: 1 }]])).toBe('a\n""\n""\n1\n');
  });

  it('that look like formulas change only with `escapeFormulas`', async () => {
    const records = [{ a: '=1+1', b: '+49 30', c: '-2', d: '@x', e: '\tx', n: -2, o: '1=1' }];
    expect(await toCsv([records])).toBe('a,b,c,d,e,n,o\n=1+1,+49 30,-2,@x,\tx,-2,1=1\n');
    expect(await toCsv([records], { escapeFormulas: true })).toBe(
      "a,b,c,d,e,n,o\n'=1+1,'+49 30,'-2,'@x,'\tx,-2,1=1\n",
    );
  });

  it('are read back unchanged by a CSV parser, whatever characters they contain', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 });
    const awkward = fc.constantFrom('"', '""', ',', '\n', '\r', '\r\n', ' ', '', '\u2028', '\0', "'", '=');
    const field = fc.oneof(
      text,
      awkward,
      fc.array(awkward).map((parts) => parts.join('')),
    );
    const columns = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 4,
    });
    const directory = await temporaryDirectory();
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        columns,
        fc.array(fc.array(field, { minLength: 4, maxLength: 4 })),
        async (names, rows) => {
          const path = join(directory, `${number++}.csv`);
          const records = rows.map((row) => Object.fromEntries(names.map((name, n) => [name, row[n]])));
          const open = await csvFile(path, { columns: names }).open(undefined);
          await open.write(records);
          await open.finish();
          await open.close();
          const read: string[][] = parse(await readFile(path), { record_delimiter: '\n' });
          expect(read).toEqual([names, ...rows.map((row) => row.slice(0, names.length))]);
        },
      ),
      { numRuns: 150 },
    );
  });
});

it('csvFile names every invalid option', () => {
  for (const delimiter of ['', '::', '"', '\n']) {
    expect(() => csvFile('x', { delimiter })).toThrow(/delimiter/);
  }
  expect(() => csvFile('x', { columns: [] })).toThrow(/columns/);
  expect(() => csvFile('x', { allowEmptyColumns: true })).toThrow('allowEmptyColumns requires columns');
  expect(() => csvFile('x', { columns: ['a', 'a'], delimiter: '' })).toThrow(/columns.*delimiter/s);
});
