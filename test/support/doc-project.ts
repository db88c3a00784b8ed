import { fork } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DocBlock, ROOT } from './doc-pages.ts';
import type { BlockOutcome } from './run-doc-blocks.ts';

const RUNNER = join(ROOT, 'test/support/run-doc-blocks.ts');

/** A project that has this package installed, as its sources, and that consists of code blocks of the documentation. */
export interface DocProject {
  directory: string;
  /** Writes a block into a file. @returns the path of the file. */
  add(block: DocBlock): string;
  /** Runs the files one after another in one process. @returns what each did, by path. */
  run(files: readonly string[], options?: { storm?: boolean }): Promise<Map<string, BlockOutcome>>;
  remove(): void;
}

export function createDocProject(): DocProject {
  const directory = mkdtempSync(join(tmpdir(), 'docs-'));
  const modules = join(directory, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  // The migration guides import it by the name that its users know.
  symlinkSync(join(ROOT, 'node_modules/axios-auth-refresh-5'), join(modules, 'axios-auth-refresh'));
  installSources(join(modules, 'axios-oauth-refresh'));

  return {
    directory,
    add({ place, language, code }) {
      const type = language === 'ts' ? 'mts' : /\brequire\(/.test(code) ? 'cjs' : 'mjs';
      const file = join(directory, `${place.replace(/[^\w]+/g, '-')}.${type}`);
      writeFileSync(file, code);
      return file;
    },
    run: (files, { storm = false } = {}) => runInProcess(directory, files, storm),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Installs the package with its sources in place of its build, which another test may be making at the same time. */
function installSources(target: string): void {
  const { name, type, exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const source = (built: string) => built.replace(/^\.\/dist\/(.*)\.js$/, './src/$1.ts');
  const entries = Object.entries<string | { import: string }>(exports).flatMap(([entry, to]) =>
    typeof to === 'string' ? [] : [[entry, source(to.import)]],
  );
  mkdirSync(dirname(target), { recursive: true });
  mkdirSync(target);
  symlinkSync(join(ROOT, 'src'), join(target, 'src'));
  writeFileSync(
    join(target, 'package.json'),
    JSON.stringify({ name, type, exports: Object.fromEntries(entries) }),
  );
}

function runInProcess(cwd: string, files: readonly string[], storm: boolean) {
  return new Promise<Map<string, BlockOutcome>>((resolve, reject) => {
    const outcomes = new Map<string, BlockOutcome>();
    let stderr = '';
    const child = fork(RUNNER, [String(storm), ...files], {
      cwd,
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { PATH: process.env.PATH, XDG_STATE_HOME: join(cwd, 'state') },
    });
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('message', (outcome: BlockOutcome) => {
      outcomes.set(outcome.file, outcome);
      if (outcomes.size === files.length) resolve(outcomes);
    });
    child.on('close', (code, signal) => {
      reject(new Error(`${files[outcomes.size]} ended the process with ${signal ?? code}: ${stderr}`));
    });
  });
}
