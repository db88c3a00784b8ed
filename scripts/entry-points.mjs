import { readFileSync } from 'node:fs';

/**
 * @typedef {object} EntryPoint
 * @property {string} name as imported, such as `axios-oauth-refresh/batch`.
 * @property {string} path below the package, such as `batch`; empty for the main entry.
 * @property {string} source such as `src/batch/index.ts`.
 * @property {string} output without its extension, such as `dist/batch/index`.
 */

/**
 * Returns the public entry points, which `exports` of package.json declares: dist/X.js is built from src/X.ts.
 *
 * @returns {EntryPoint[]}
 */
export function entryPoints() {
  const { name, exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return Object.entries(exports).flatMap(([key, value]) => {
    const output = /^\.\/(dist\/.+)\.js$/.exec(value.import ?? '')?.[1];
    if (output === undefined) return [];
    const path = key.replace(/^\.\/?/, '');
    return { name: name + key.slice(1), path, source: `${output.replace('dist', 'src')}.ts`, output };
  });
}
