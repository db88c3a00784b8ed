import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const { platform, arch } = process;
const root = resolve(import.meta.dirname, '../..');
const consumer = mkdtempSync(join(tmpdir(), 'lease-'));
afterAll(() => rmSync(consumer, { recursive: true, force: true }));

/** Runtimes as npm packages of their platform, and Node, which shares a directory with them. */
const RUNTIMES: [name: string, file: string, args: string[]][] = [
  ['Bun', 'node_modules/bun/bin/bun', []],
  ['Deno', 'node_modules/deno/deno', ['run', '--allow-all']],
];
const PACKAGES = [
  `bun@npm:@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}@1`,
  `deno@npm:@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}@2`,
];

// A runtime takes seconds, unless other programs use the processor or the registry is slow.
const SLOW_MACHINE = 600_000;

const SCRIPT = `
import process from 'node:process';
import { fileStore } from 'axios-oauth-refresh/file-store';
const [directory, lock] = process.argv.slice(2);
const store = fileStore({ directory, ...(lock && { lock }) });
const options = { duration: 5000, signal: new AbortController().signal, stopWaitingWith: () => undefined };
const token = { accessToken: 'a', refreshAt: Date.now() + 1e6, expiresAt: Date.now() + 2e6 };
try {
  const stored = await store.withLock('key', options, ({ fence }) => store.set('key', { token, fence }));
  console.log(stored, (await store.get('key')).token.accessToken);
} catch (error) {
  console.log(error.name, error.message);
}
await store.close();
`;

const execute = promisify(execFile);

beforeAll(async () => {
  writeFileSync(join(consumer, 'package.json'), '{"private":true,"type":"module"}');
  writeFileSync(join(consumer, 'script.js'), SCRIPT);
  const packed = await execute('npm', ['pack', '--ignore-scripts', '--pack-destination', consumer], {
    cwd: root,
  });
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `./${packed.stdout.trim()}`];
  await execute('npm', [...install, 'axios', 'fs-native-extensions', ...PACKAGES], { cwd: consumer });
}, SLOW_MACHINE);

it.each(RUNTIMES)(
  'the file store uses the lease under %s, with a warning, unless the kernel lock was chosen',
  async (name, file, args) => {
    const run = (...more: string[]) =>
      execute(join(consumer, file), [...args, 'script.js', `${name}-tokens`, ...more], { cwd: consumer });
    const byDefault = await run();
    expect(byDefault.stdout).toBe('true a\n');
    expect(byDefault.stderr).toMatch(new RegExp(`does not support ${name}.*lock: 'lease'`));
    expect((await run('lease')).stdout).toBe('true a\n');
    expect((await run('kernel')).stdout).toMatch(
      new RegExp(`^TokenStoreError .*does not support ${name}.*or remove the option lock`),
    );
  },
  SLOW_MACHINE,
);
