import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { conversationRows, ROW_LEVELS } from '../../../src/batch/rows/conversation-rows.ts';

const conversation = {
  conversationId: 'c',
  later: 1,
  participants: [
    {
      participantId: 'p',
      purpose: 'agent',
      sessions: [
        { sessionId: 's', purpose: 'unknown here', segments: [{ segmentType: 'alert', fresh: 2 }, {}] },
        { sessionId: 't' },
      ],
    },
    {},
  ],
};

describe('conversationRows', () => {
  it.each([
    [undefined, 1],
    ['participants', 2],
    ['sessions', 2],
    ['segments', 2],
  ] as const)('makes a row of each item at the level %s, with all columns as members', (level, count) => {
    const model = conversationRows(level);
    const rows = model.rowsOf(conversation);
    expect(rows).toHaveLength(count);
    const names = model.columns.map(({ name }) => name);
    for (const row of rows) expect(Object.keys(row).slice(0, names.length)).toEqual(names);
    const keys = rows.map((row) => model.rowKey.map((name) => row[name]).join());
    expect(new Set(keys).size).toBe(count);
  });

  it('repeats the keys of the parents, and names unknown members after their level', () => {
    const [first, second] = conversationRows('segments').rowsOf(conversation);
    expect(first).toMatchObject({
      conversationId: 'c',
      participantOrdinal: 1,
      participantId: 'p',
      sessionOrdinal: 1,
      sessionId: 's',
      segmentOrdinal: 1,
      purpose: 'agent',
      segmentType: 'alert',
      fresh: 2,
      'conversation.later': 1,
      'session.purpose': 'unknown here',
    });
    expect(second).toMatchObject({ segmentOrdinal: 2, segmentType: undefined });
  });

  it.each(ROW_LEVELS)('keeps one row with the ordinals 0 of a conversation without %s', (level) => {
    const model = conversationRows(level);
    for (const participants of [undefined, null, []]) {
      const rows = model.rowsOf({ conversationId: 'c', participants });
      expect(rows).toHaveLength(1);
      const ordinals = model.rowKey.slice(1).map((name) => rows[0]?.[name]);
      expect(ordinals).toEqual(ordinals.map(() => 0));
    }
  });

  it.each([
    [{}, /no conversationId/],
    [{ conversationId: 'c', participants: 'secret' }, /"c" has participants that are not a list/],
    [{ conversationId: 'c', participants: [null] }, /participants that are not a list of objects/],
    [{ conversationId: 'c', participants: [{ sessions: {} }] }, /sessions that are not a list/],
  ])('refuses a record that is not a conversation (%#), without its values', (record, message) => {
    expect(() => conversationRows('segments').rowsOf(record)).toThrow(message);
    expect(() => conversationRows('segments').rowsOf(record)).not.toThrow(/secret/);
  });

  it('has the columns of docs/columns.md', async () => {
    const page = await readFile(new URL('../../../docs/columns.md', import.meta.url), 'utf8');
    const tables = page.split(/^## .*$/m).slice(1);
    const listed = tables.map((text) =>
      [...text.matchAll(/^\| `(\w+)` +\| `(\w+)` +\|$/gm)].map(([, name, type]) => ({ name, type })),
    );
    expect(listed).toEqual([undefined, ...ROW_LEVELS].map((level) => conversationRows(level).columns));
  });
});
