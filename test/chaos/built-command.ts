import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'tsdown';

// Within node_modules, so that the bundle finds the packages that it imports.
const CACHE = 'node_modules/.cache';

/** Builds the command into one file, which starts several times faster than the sources. */
export async function buildCommand() {
  const { pathOf, remove } = await buildPrograms(['src/cli/main.ts']);
  return { command: [process.execPath, pathOf('src/cli/main.ts')] as const, remove };
}

/** Builds programs. Their file names must differ. */
export async function buildPrograms(entry: string[]) {
  await mkdir(CACHE, { recursive: true });
  const directory = await mkdtemp(join(CACHE, 'programs-'));
  const outDir = join(directory, 'dist/cli');
  await build({
    config: false,
    entry,
    outDir,
    format: 'esm',
    platform: 'node',
    fixedExtension: false,
    dts: false,
    logLevel: 'silent',
  });
  // The command reads its version from the package.
  await copyFile('package.json', join(directory, 'package.json'));
  return {
    /** Returns the built program of an entry. */
    pathOf: (source: string) => join(outDir, source.replace(/^.*\/(.*)\.ts$/, '$1.js')),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
