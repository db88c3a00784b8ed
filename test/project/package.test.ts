import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entryPoints } from '../../.ci/entry-points.mjs';

const root = resolve(import.meta.dirname, '../..');
const {
  dependencies,
  peerDependencies,
  typesVersions,
  version: VERSION,
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = entryPoints();
// Entries that require Node. Every other entry must run in browsers.
const NODE_ROOMS = /^dist\/(stores|batch|bullmq|postgres|testing)\//;
const BIN = 'node_modules/axios-oauth-refresh/dist/cli/main.js';
let consumer: string;
let installed: string;

/** Installs the packed tarball and its dependencies in a consumer project, as users do. */
beforeAll(() => {
  consumer = mkdtempSync(join(tmpdir(), 'consumer-'));
  installed = join(consumer, 'node_modules', 'axios-oauth-refresh');
  mkdirSync(installed, { recursive: true });
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'ignore' });
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', consumer], {
    cwd: root,
    stdio: 'ignore',
  });
  execFileSync('tar', [
    '-xzf',
    join(consumer, `axios-oauth-refresh-${VERSION}.tgz`),
    '-C',
    installed,
    '--strip-components=1',
  ]);
  for (const name of ['axios', 'axios-retry', 'async-mutex', 'is-retry-allowed', 'tslib', '@types/node']) {
    mkdirSync(join(consumer, 'node_modules', '@types'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(consumer, 'node_modules', name));
  }
  // npm does the same for `bin`.
  mkdirSync(join(consumer, 'node_modules', '.bin'));
  chmodSync(join(consumer, BIN), 0o755);
  symlinkSync(join(consumer, BIN), join(consumer, 'node_modules', '.bin', 'axios-oauth-refresh'));
});

afterAll(() => rmSync(consumer, { recursive: true, force: true }));

function run(file: string, code: string): string {
  writeFileSync(join(consumer, file), code);
  return execFileSync(process.execPath, [file], { cwd: consumer, encoding: 'utf8' });
}

/** Returns the modules outside the package that a file of the package imports, also through other files. */
function importsOf(file: string): string[] {
  const seen = new Set<string>();
  const outside = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    const isTypes = /\.d\.c?ts$/.test(path);
    for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*"([^"]+)"/g)) {
      if (!name.startsWith('.')) outside.add(name);
      else
        visit(join(dirname(path), isTypes ? name.replace(/js$/, 'ts').replace(/\.(c?ts)$/, '.d.$1') : name));
    }
  };
  visit(join(installed, file));
  return [...outside].sort();
}

/** Returns the errors of the compiler; empty if there are none. */
function checkTypes(file: string, module: string, moduleResolution: string): string {
  const flags = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', '--types', 'node'];
  const target = ['--target', 'es2022', '--module', module, '--moduleResolution', moduleResolution];
  const { stdout } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), ...flags, ...target, file],
    { cwd: consumer, encoding: 'utf8' },
  );
  return stdout;
}

const BODY = `
(async () => {
  const simulator = await startVendorSimulator({ records: 5 });
  const { url: envUrl, clientId, clientSecret } = simulator;
  const api = axios.create({ baseURL: envUrl, proxy: false });
  attachAuthRefresh(api, { vendor: genesysCloud({ envUrl, clientId, clientSecret }) });
  const query = () => api.post('/api/v2/analytics/conversations/details/query', { interval: simulator.interval });
  await query();
  simulator.revokeTokens();
  const { data } = await query();
  console.log(data.conversations.length, simulator.counts.tokenRequests);
  await simulator.close();
})();
`;

const EXPORT = `
(async () => {
  const simulator = await startVendorSimulator({ records: 250 });
  const { url: envUrl, clientId, clientSecret, interval } = simulator;
  const api = axios.create({ proxy: false });
  const { tokens } = attachAuthRefresh(api, { vendor: genesysCloud({ envUrl, clientId, clientSecret }) });
  const source = genesysConversations({ interval });
  const { records } = await exportRecords({ api, tokens, source, sink: csvFile('c.csv', { columns: ['conversationId'] }), restart: true });
  const wrong = await exportRecords({}).catch((error) => error instanceof ConfigurationError);
  console.log(records, wrong);
  await simulator.close();
})();
`;

describe('the packed package', () => {
  it('works in ESM', () => {
    const output = run(
      'app.mjs',
      `import axios from 'axios';
       import { attachAuthRefresh } from 'axios-oauth-refresh';
       import { genesysCloud } from 'axios-oauth-refresh/genesys-cloud';
       import { startVendorSimulator } from 'axios-oauth-refresh/testing';
       ${BODY}`,
    );
    expect(output).toBe('5 2\n');
  });

  it('works in CommonJS', () => {
    const output = run(
      'app.cjs',
      `const axios = require('axios');
       const { attachAuthRefresh } = require('axios-oauth-refresh');
       const { genesysCloud } = require('axios-oauth-refresh/genesys-cloud');
       const { startVendorSimulator } = require('axios-oauth-refresh/testing');
       ${BODY}`,
    );
    expect(output).toBe('5 2\n');
  });

  it('exports batches in ESM', () => {
    const output = run(
      'batch.mjs',
      `import axios from 'axios';
       import { attachAuthRefresh, ConfigurationError } from 'axios-oauth-refresh';
       import { csvFile, exportRecords, genesysConversations } from 'axios-oauth-refresh/batch';
       import { genesysCloud } from 'axios-oauth-refresh/genesys-cloud';
       import { startVendorSimulator } from 'axios-oauth-refresh/testing';
       ${EXPORT}`,
    );
    expect(output).toBe('250 true\n');
  });

  it('exports batches in CommonJS', () => {
    const output = run(
      'batch.cjs',
      `const axios = require('axios');
       const { attachAuthRefresh, ConfigurationError } = require('axios-oauth-refresh');
       const { csvFile, exportRecords, genesysConversations } = require('axios-oauth-refresh/batch');
       const { genesysCloud } = require('axios-oauth-refresh/genesys-cloud');
       const { startVendorSimulator } = require('axios-oauth-refresh/testing');
       ${EXPORT}`,
    );
    expect(output).toBe('250 true\n');
  });

  it.each(['mjs', 'cjs'])('names the optional package to install (.%s)', (extension) => {
    const load = extension === 'mjs' ? 'import' : 'require';
    const output = run(
      `peers.${extension}`,
      `(async () => {
         const { fileStore } = await ${load}('axios-oauth-refresh/file-store');
         const { redisStore } = await ${load}('axios-oauth-refresh/redis-store');
         const { submitExport } = await ${load}('axios-oauth-refresh/bullmq');
         const print = ({ message }) => console.log(message);
         process.removeAllListeners('warning');
         process.on('warning', print);
         const token = { accessToken: 'a', refreshAt: Date.now(), expiresAt: Date.now() };
         await fileStore({ directory: 'tokens' }).set('key', { token, fence: 1 }).catch(print);
         await redisStore({ url: 'redis://127.0.0.1:1' }).get('key').catch(print);
         await submitExport({ connection: 'redis://127.0.0.1:1', name: 'a', parts: [1], output: 'a.jsonl' }).catch(print);
       })();`,
    );
    expect(output).toContain('npm install fs-native-extensions');
    expect(output).toContain('npm install ioredis');
    expect(output).toContain('npm install bullmq');
  });

  it('has a command that runs without any optional package', async () => {
    const command = (...args: string[]) =>
      execFileSync('npx', ['--no-install', 'axios-oauth-refresh', ...args], {
        cwd: consumer,
        encoding: 'utf8',
        env: { PATH: process.env.PATH, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const env: Record<string, string> = {};
    expect(command('--help')).toContain('Usage: axios-oauth-refresh');
    expect(command('--version')).toBe(`${VERSION}\n`);

    const simulator = spawn(process.execPath, [BIN, 'simulate', '--records', '250'], { cwd: consumer });
    try {
      let printed = '';
      for await (const chunk of simulator.stdout) {
        printed += chunk;
        if (printed.includes('ACCESS_KEY_SECRET')) break;
      }
      for (const [, name = '', value = ''] of printed.matchAll(/^export (GENESYS_\w+)='(.*)'$/gm))
        env[name] = value;
      const interval = '2023-10-01T00:00Z/2023-10-08T00:00Z';
      const flags = ['--interval', interval, '--rate', 'none', '--out', 'exported.jsonl.gz'];
      command('export', 'genesys-conversations', ...flags);
      const lines = gunzipSync(readFileSync(join(consumer, 'exported.jsonl.gz'))).toString();
      expect(lines.trimEnd().split('\n')).toHaveLength(250);
    } finally {
      simulator.kill();
    }
  });

  it('contains the licence of every bundled package next to the bundle', () => {
    const licences = (folder: string) => {
      const file = join(installed, 'dist', folder, 'THIRD-PARTY-LICENSES.txt');
      return [...readFileSync(file, 'utf8').matchAll(/^([\w-]+) \d+\.\d+\.\d+ \((.+)\)\n\n\S/gm)].map(
        ([, name]) => name,
      );
    };
    const batch = ['csv-parse', 'csv-stringify', 'lossless-json', 'temporal-polyfill', 'temporal-utils'];
    expect(licences('')).toEqual(batch);
    expect(licences('cli')).toEqual(
      expect.arrayContaining([...batch, 'commander', 'dotenv', 'string-width', 'wrap-ansi']),
    );
  });

  it('imports only Node, its dependencies and its peers in its types', () => {
    const names = entries.flatMap(({ output }) => [`${output}.d.ts`, `${output}.d.cts`].flatMap(importsOf));
    const allowed = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
    expect(names.filter((name) => !name.startsWith('node:') && !allowed.includes(name))).toEqual([]);
    expect(importsOf('dist/batch/index.d.ts')).toEqual(['axios', 'node:stream']);
  });

  it('has the same exports for each entry in ESM and in CommonJS', () => {
    const names = (file: string, load: string) =>
      run(
        file,
        `(async () => { for (const entry of ${JSON.stringify(entries.map(({ name }) => name))})
        console.log(entry, Object.keys(${load}(entry)).sort().join()); })()`,
      );
    const fromEsm = names('names.mjs', 'await (name => import(name))');
    expect(fromEsm).toBe(names('names.cjs', 'require'));
    expect(fromEsm.trim().split('\n')).toHaveLength(entries.length);
    expect(fromEsm).not.toMatch(/ $/m);
  });

  it('has typesVersions for each entry, for TypeScript resolutions that ignore `exports`', () => {
    const paths = entries.filter(({ path }) => path !== '');
    expect(typesVersions).toEqual({
      '*': Object.fromEntries(paths.map(({ path, output }) => [path, [`./${output}.d.cts`]])),
    });
  });

  it.each(entries.filter(({ output }) => !NODE_ROOMS.test(output)))(
    'imports no Node module in $name, so that browsers can run it',
    ({ name, output }) =>
      expect(importsOf(`${output}.js`)).toEqual(
        name === 'axios-oauth-refresh' ? ['async-mutex', 'axios', 'axios-retry'] : ['axios'],
      ),
  );

  it.each([
    ['nodenext', 'NodeNext', 'mts'],
    ['nodenext', 'NodeNext', 'cts'],
    ['bundler', 'ESNext', 'ts'],
  ])(
    'has types for each entry with moduleResolution %s (%s, .%s)',
    (moduleResolution, module, extension) => {
      const imports = entries.map(({ name }, n) => `import * as entry${n} from '${name}';`);
      const file = `entries.${extension}`;
      writeFileSync(
        join(consumer, file),
        `${imports.join('\n')}\nexport const entries = [${entries.map((_, n) => `entry${n}`)}];\n`,
      );
      expect(checkTypes(file, module, moduleResolution)).toBe('');
    },
    60_000,
  );

  it.each([
    ['nodenext', 'NodeNext', 'mts'],
    ['nodenext', 'NodeNext', 'cts'],
    ['bundler', 'ESNext', 'ts'],
  ])(
    'checks the types of an application with moduleResolution %s (%s, .%s)',
    (moduleResolution, module, extension) => {
      const file = `types.${extension}`;
      writeFileSync(
        join(consumer, file),
        `import axios, { type AxiosRequestConfig } from 'axios';
       import { attachAuthRefresh, isAuthRefreshError, oauth2Vendor, type AuthRefreshEvent, type TokenStore } from 'axios-oauth-refresh';
       import { genesysCloud } from 'axios-oauth-refresh/genesys-cloud';
       import { niceCxone } from 'axios-oauth-refresh/nice-cxone';
       import { vendorFromEnvironment, vendorFromEnvUrl } from 'axios-oauth-refresh/environment';
       import { startVendorSimulator } from 'axios-oauth-refresh/testing';
       import { fileStore } from 'axios-oauth-refresh/file-store';
       import { redisStore } from 'axios-oauth-refresh/redis-store';
       import { exportRecords, genesysConversations, jsonLinesStream, type ExportSummary, type PageSource } from 'axios-oauth-refresh/batch';
       const summary: Promise<ExportSummary> = exportRecords({
         api: axios.create(),
         source: genesysConversations({ interval: '2026-01-01/2026-01-02' }) satisfies PageSource,
         sink: jsonLinesStream(process.stdout),
         tokens: attachAuthRefresh(axios.create(), { vendor: vendorFromEnvironment() }).tokens,
       });
       const config: AxiosRequestConfig = { authRefresh: { idempotent: true, body: () => 'x' } };
       const stores: TokenStore[] = [fileStore(), redisStore({ url: 'redis://127.0.0.1' })];
       const off: AxiosRequestConfig = { authRefresh: false };
       // @ts-expect-error: true is not a valid value
       const wrong: AxiosRequestConfig = { authRefresh: true };
       const events: AuthRefreshEvent[] = [];
       const { tokens, detach } = attachAuthRefresh(axios.create(config), {
         vendor: genesysCloud({ region: 'eu_central_1', clientId: 'a', clientSecret: async () => 'b' }),
         onEvent: (event) => events.push(event),
       });
       const expires: number | undefined = tokens.current?.expiresAt;
       // @ts-expect-error: neither vendor nor client
       oauth2Vendor({ clientId: 'a' });
       export { detach, summary, expires, isAuthRefreshError, niceCxone, off, startVendorSimulator, stores, vendorFromEnvironment, vendorFromEnvUrl, wrong };`,
      );
      expect(checkTypes(file, module, moduleResolution)).toBe('');
    },
    60_000,
  );
});

it('the command says that too few files may be open, with exit code 6', () => {
  const limited = ['-c', 'ulimit -n 24 && exec "$@"', 'sh', process.execPath, BIN, 'token'];
  const { status, stderr } = spawnSync('sh', limited, { cwd: consumer, encoding: 'utf8' });
  expect(stderr).toMatch(/^error: the program cannot be loaded: .*ulimit -n 1024/);
  expect(status).toBe(6);
});
