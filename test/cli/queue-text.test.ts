import { expect, it } from 'vitest';
import type { ListedExport } from '../../src/bullmq/index.ts';
import { recentText } from '../../src/cli/queue/queue-text.ts';

const NOW = Date.parse('2026-10-27T12:00Z');

function listed(name: string, state: ListedExport['state'], submittedAt: string): ListedExport {
  return { name, state, submittedAt, parts: 4, partsComplete: 4, records: 10 };
}

it.each<[what: string, exports: ListedExport[], names: string[], note: RegExp]>([
  ['no old export', [listed('new', 'complete', '2026-10-27T00:00Z')], ['new'], /10\s+-\s+-\s+2026\S+\n$/],
  [
    'a failed export, although it is old',
    [listed('old', 'failed', '2026-01-01T00:00Z'), listed('new', 'waiting', '2026-10-27T00:00Z')],
    ['old', 'new'],
    /Z\n$/,
  ],
  [
    'a year of complete days',
    [
      ...Array.from({ length: 300 }, (_, day) => listed(`d${day}`, 'complete', '2026-01-01T00:00Z')),
      listed('new', 'running', '2026-10-27T00:00Z'),
    ],
    ['new'],
    /\n300 complete exports of more than 7 days ago left out; --json lists all\n$/,
  ],
])('the table of exports is readable with %s', (_, exports, names, note) => {
  const text = recentText(exports, NOW);
  const rows = text.split('\n').filter((line) => line.endsWith('Z'));
  expect(rows.map((row) => row.split(' ')[0])).toEqual(names);
  expect(text).toMatch(note);
});
