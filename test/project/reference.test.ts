import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** The text of every file below a folder, by its path. */
function read(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

it('docs/reference is what the docstrings say: run `npm run docs` when this fails', () => {
  const out = mkdtempSync(join(tmpdir(), 'reference-'));
  execFileSync(process.execPath, [join(root, 'node_modules/typedoc/bin/typedoc'), '--out', out], {
    cwd: root,
    stdio: 'ignore',
  });
  expect(read(resolve(root, 'docs/reference'))).toEqual(read(out));
  rmSync(out, { recursive: true });
});
