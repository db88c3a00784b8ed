import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Rolldown } from 'tsdown';
import { entryPoints } from './.ci/entry-points.mjs';

// Only the simulator, the stores, batches and the command import Node; a test checks the entries for browsers.
const neverBundle = [/^node:/, 'stream'];

// They depend on the machine, and are not a problem of the build.
const checks = { pluginTimings: false };

export default defineConfig([
  {
    checks,
    entry: entryPoints().map(({ source }) => source),
    root: 'src',
    format: ['esm', 'cjs'],
    target: 'es2022',
    platform: 'neutral',
    dts: true,
    clean: ['dist'],
    deps: {
      neverBundle,
      onlyBundle: ['csv-parse', 'csv-stringify', 'lossless-json', 'temporal-polyfill', 'temporal-utils'],
    },
    plugins: [licences()],
    outputOptions: {
      // Jest cannot run `import()` in CommonJS.
      dynamicImportInCjs: false,
      // Without this group, the helper that loads CommonJS packages becomes an export of the entry that uses it.
      codeSplitting: { groups: [{ name: 'runtime', test: /rolldown.runtime/ }] },
    },
  },
  {
    checks,
    entry: ['src/cli/main.ts'],
    root: 'src',
    outDir: 'dist',
    format: 'esm',
    target: 'node20',
    platform: 'node',
    fixedExtension: false,
    dts: false,
    clean: false,
    deps: { neverBundle },
    plugins: [licences('cli/')],
    // The program reads package.json by a path that is relative to its folder.
    outputOptions: { chunkFileNames: 'cli/[name].js' },
  },
]);

/**
 * Writes the licences of the bundled packages into a file beside the bundle.
 *
 * @param folder below the output folder, with a slash at its end.
 */
function licences(folder = ''): Rolldown.Plugin {
  return {
    name: 'licences',
    generateBundle(_, bundle) {
      const ids = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
      const packages = new Set(ids.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []));
      const texts = [...packages].sort().map((path) => {
        const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
        const file = readdirSync(path).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
        if (!file || !existsSync(join(path, file))) this.error(`${name} is bundled and has no licence text`);
        const text = readFileSync(join(path, file), 'utf8').trim();
        return `${name} ${version} (${license})\n\n${text}\n`;
      });
      const source = `Packages that are bundled here, and their licences.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
      this.emitFile({ type: 'asset', fileName: `${folder}THIRD-PARTY-LICENSES.txt`, source });
    },
  };
}
