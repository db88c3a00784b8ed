import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSinks, TOKEN } from '../support/leak-table.mjs';

const { platform, arch } = process;
const root = resolve(import.meta.dirname, '../..');
const consumer = mkdtempSync(join(tmpdir(), 'runtimes-'));
afterAll(() => rmSync(consumer, { recursive: true, force: true }));

/** Runtimes as npm packages of their platform. The packages `node`, `bun` and `deno` choose one of these in an install script. */
const RUNTIMES = [
  ...[22, 24, 26].map((version) => ({
    name: `Node ${version}`,
    package: `node-${version}@npm:node-${platform}-${arch}@${version}`,
    command: [`node-${version}/bin/node`],
  })),
  {
    name: 'Bun',
    package: `bun@npm:@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}@1`,
    command: ['bun/bin/bun'],
  },
  {
    name: 'Deno',
    package: `deno@npm:@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}@2`,
    command: ['deno/deno', 'run', '--allow-all'],
  },
];

// A runtime takes seconds, unless other programs use the processor or the registry is slow.
const SLOW_MACHINE = 600_000;

const execute = promisify(execFile);

/** Runs a program in the consumer project, and throws an error that contains its last output. */
async function run(program: string, args: string[], cwd = consumer) {
  try {
    return await execute(program, args, { cwd, maxBuffer: 256 * 1024 * 1024 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')} failed: ${`${stdout}${stderr}`.slice(-2000)}`);
  }
}

beforeAll(async () => {
  writeFileSync(join(consumer, 'package.json'), '{"private":true}');
  const packed = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', consumer], root);
  const { devDependencies } = JSON.parse((await run('npm', ['pkg', 'get'], root)).stdout);
  await run('npm', [
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    `./${packed.stdout.trim()}`,
    ...['axios', 'pino', 'winston', 'bunyan', 'lodash'].map((name) => `${name}@${devDependencies[name]}`),
    ...RUNTIMES.map((runtime) => runtime.package),
  ]);
  for (const file of ['systems/leaks.mjs', 'support/leak-table.mjs']) {
    cpSync(join(root, 'test', file), join(consumer, file));
  }
}, SLOW_MACHINE);

describe('the leak table', () => {
  it.concurrent.each(RUNTIMES)(
    'finds the token with plain axios and never with the plugin in $name',
    async ({ command: [file = '', ...args] }) => {
      const marker = '--- with the plugin ---';
      const output = await run(join(consumer, 'node_modules', file), [...args, 'systems/leaks.mjs', marker]);
      for (const text of [output.stdout, output.stderr]) {
        const [plain = '', attached = ''] = text.split(`${marker}\n`);
        expect(plain).toContain(TOKEN);
        expect(attached.split('\n').filter((line) => line.includes(TOKEN))).toEqual([]);
      }
      const { found, leaks, checks } = JSON.parse(output.stdout.trim().split('\n').at(-1) ?? '');
      expect(leaks).toEqual([]);
      expect(checks).toBeGreaterThan(1000);
      expect(found).toEqual(expect.arrayContaining(Object.keys(createSinks(import.meta.filename))));
    },
    SLOW_MACHINE,
  );
});
