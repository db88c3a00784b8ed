import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readPage } from '../support/doc-pages.ts';

interface Row {
  section: string;
  cells: string[];
}

/** Returns the rows of the tables that have a last column named `tests`. */
function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  let section = '';
  let isTable = false;
  for (const line of text.split('\n')) {
    section = /^#+ (.*)/.exec(line)?.[1] ?? section;
    const cells = line.startsWith('|') ? line.split('|').map((cell) => cell.trim()) : [];
    const last = cells.at(-2) ?? '';
    if (last === 'tests') isTable = true;
    else if (cells.length === 0) isTable = false;
    else if (isTable && !/^-+$/.test(last)) rows.push({ section, cells: cells.slice(1, -1) });
  }
  return rows;
}

const rows = rowsOf(readPage('SECURITY.md').text);
const named = (row: Row) =>
  [...(row.cells.at(-1) ?? '').matchAll(/`(test\/[\w./-]+)`/g)].map(([, path]) => path ?? '');

describe('SECURITY.md', () => {
  it('has the promises, RFC 9700 and RFC 6750 section 5', () => {
    const sections = new Set(rows.map(({ section }) => section));
    expect(sections.size).toBeGreaterThanOrEqual(7);
    for (const name of ['RFC 9700', 'RFC 6750 section 5.3', 'Stores']) expect(sections).toContain(name);
  });

  it.each(rows.map((row) => [row.section, row.cells[0] ?? '', row] as const))(
    '%s, %s: names existing tests, or says that the rule does not concern clients',
    (section, _, row) => {
      const tests = named(row);
      for (const path of tests) expect(existsSync(join(ROOT, path)), path).toBe(true);
      const isForOthers = section.startsWith('RFC') && row.cells.at(-1) === 'none';
      expect(tests.length > 0 || isForOthers).toBe(true);
    },
  );
});
