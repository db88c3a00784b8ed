import { fileURLToPath, pathToFileURL } from 'node:url';
import { cruise } from 'dependency-cruiser';

/**
 * Rooms of src/, lowest first. A room may import the rooms that are listed for it, and no others.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const ROOMS = {
  core: [],
  oauth: ['core'],
  token: ['core'],
  plugin: ['core', 'token'],
  vendors: ['core', 'oauth'],
  stores: ['core', 'token'],
  testing: ['core'],
  batch: ['core'],
  bullmq: ['core', 'batch'],
  postgres: ['core', 'batch'],
  cli: ['core', 'oauth', 'token', 'plugin', 'vendors', 'stores', 'testing', 'batch', 'bullmq', 'postgres'],
};

/**
 * Returns each ordered pair of rooms of which the first imports the second, type imports included. src/index.ts, which
 * imports every room, is left out.
 *
 * @returns {Promise<{ from: string; to: string; upward: boolean }[]>}
 */
export async function roomPairs() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { output } = await cruise(['src'], { baseDir: root, tsPreCompilationDeps: true });
  if (typeof output === 'string') throw new Error('dependency-cruiser returned a report instead of modules');
  const imports = output.modules.flatMap(({ source, dependencies }) =>
    dependencies.map(({ resolved }) => [roomOf(source), roomOf(resolved)]),
  );
  const names = imports.flatMap(([from, to]) => (from && to && from !== to ? [`${from} ${to}`] : []));
  return [...new Set(names)].sort().map((pair) => {
    const [from = '', to = ''] = pair.split(' ');
    return { from, to, upward: !ROOMS[from]?.includes(to) };
  });
}

/** @param {string} file */
function roomOf(file) {
  return /^src\/([^/]+)\//.exec(file)?.[1];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const pairs = await roomPairs();
  for (const { from, to, upward } of pairs) console.log(`${from} -> ${to}${upward ? '  UPWARD' : ''}`);
  console.log(`${pairs.length} pairs, ${pairs.filter(({ upward }) => upward).length} upward`);
}
