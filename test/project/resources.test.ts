import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CXONE_RESOURCES, GENESYS_RESOURCES } from '../../src/batch/internal.ts';
import { ROOT } from '../support/doc-pages.ts';
import { resourceRows } from '../support/resource-page.ts';

const PAGE = join(ROOT, 'docs/resources.md');

// UPDATE_RESOURCES=1 writes the tables into the page.
it('docs/resources.md has the tables of the code', () => {
  const text = readFileSync(PAGE, 'utf8');
  const tables = { genesys: GENESYS_RESOURCES, cxone: CXONE_RESOURCES };
  const expected = Object.entries(tables).reduce(
    (page, [name, table]) =>
      page.replace(
        new RegExp(`(<!-- ${name} -->\\n)[^]*?(\\n<!-- end -->)`),
        (_, start, end) => `${start}\n${resourceRows(table)}\n${end}`,
      ),
    text,
  );
  if (process.env.UPDATE_RESOURCES === '1') writeFileSync(PAGE, expected);
  else expect(text).toBe(expected);
});
