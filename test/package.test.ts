import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const entries = ['genesys-cloud', 'nice-cxone', 'environment', 'testing'];
let consumer: string;

/** What users install: the packed tarball, beside the dependencies it names and nothing else of this project. */
beforeAll(() => {
  consumer = mkdtempSync(join(tmpdir(), 'consumer-'));
  const installed = join(consumer, 'node_modules', 'axios-oauth-refresh');
  mkdirSync(installed, { recursive: true });
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'ignore' });
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', consumer], {
    cwd: root,
    stdio: 'ignore',
  });
  execFileSync('tar', [
    '-xzf',
    join(consumer, 'axios-oauth-refresh-0.1.0.tgz'),
    '-C',
    installed,
    '--strip-components=1',
  ]);
  for (const name of ['axios', 'axios-retry', 'async-mutex', 'is-retry-allowed', 'tslib', '@types/node']) {
    mkdirSync(join(consumer, 'node_modules', '@types'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(consumer, 'node_modules', name));
  }
}, 60_000);

afterAll(() => rmSync(consumer, { recursive: true, force: true }));

function run(file: string, code: string): string {
  writeFileSync(join(consumer, file), code);
  return execFileSync(process.execPath, [file], { cwd: consumer, encoding: 'utf8' });
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

  it('has the same exports in both', () => {
    const names = (file: string, load: string) =>
      run(
        file,
        `(async () => { for (const entry of ${JSON.stringify(['', ...entries.map((entry) => `/${entry}`)])})
        console.log(entry, Object.keys(${load}('axios-oauth-refresh' + entry)).sort().join()); })()`,
      );
    expect(names('names.mjs', 'await (name => import(name))')).toBe(names('names.cjs', 'require'));
  });

  it('its plugin and vendors import nothing of Node, so that they run in browsers too', () => {
    for (const entry of ['index', 'vendors/genesys-cloud', 'vendors/nice-cxone', 'vendors/environment']) {
      const output = run(
        'imports.mjs',
        `import { readFileSync } from 'node:fs';
         import { dirname, join } from 'node:path';
         const seen = new Set(), outside = new Set();
         const visit = (file) => {
           if (seen.has(file)) return;
           seen.add(file);
           for (const [, name] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\\s*"([^"]+)"/g)) {
             if (name.startsWith('.')) visit(join(dirname(file), name));
             else outside.add(name);
           }
         };
         visit('node_modules/axios-oauth-refresh/dist/${entry}.js');
         console.log([...outside].sort().join());`,
      );
      expect(output.trim().split(',')).toEqual(
        entry === 'index' ? ['async-mutex', 'axios', 'axios-retry'] : ['axios'],
      );
    }
  });

  it.each([
    ['nodenext', 'NodeNext', 'mts'],
    ['nodenext', 'NodeNext', 'cts'],
    ['bundler', 'ESNext', 'ts'],
  ])(
    'its types resolve and check with moduleResolution %s (%s, .%s)',
    (moduleResolution, module, extension) => {
      const file = `types.${extension}`;
      writeFileSync(
        join(consumer, file),
        `import axios, { type AxiosRequestConfig } from 'axios';
       import { attachAuthRefresh, isAuthRefreshError, oauth2Vendor, type AuthRefreshEvent } from 'axios-oauth-refresh';
       import { genesysCloud } from 'axios-oauth-refresh/genesys-cloud';
       import { niceCxone } from 'axios-oauth-refresh/nice-cxone';
       import { vendorFromEnvironment, vendorFromEnvUrl } from 'axios-oauth-refresh/environment';
       import { startVendorSimulator } from 'axios-oauth-refresh/testing';
       const config: AxiosRequestConfig = { authRefresh: { idempotent: true, body: () => 'x' } };
       const off: AxiosRequestConfig = { authRefresh: false };
       // @ts-expect-error: there is no such value
       const wrong: AxiosRequestConfig = { authRefresh: true };
       const events: AuthRefreshEvent[] = [];
       const { tokens, detach } = attachAuthRefresh(axios.create(config), {
         vendor: genesysCloud({ region: 'eu_central_1', clientId: 'a', clientSecret: async () => 'b' }),
         onEvent: (event) => events.push(event),
       });
       const expires: number | undefined = tokens.current?.expiresAt;
       // @ts-expect-error: neither vendor nor client
       oauth2Vendor({ clientId: 'a' });
       export { detach, expires, isAuthRefreshError, niceCxone, off, startVendorSimulator, vendorFromEnvironment, vendorFromEnvUrl, wrong };`,
      );
      const check = () =>
        execFileSync(
          process.execPath,
          [
            join(root, 'node_modules/typescript/bin/tsc'),
            ...[
              '--noEmit',
              '--strict',
              '--exactOptionalPropertyTypes',
              '--skipLibCheck',
              '--target',
              'es2022',
            ],
            ...['--module', module, '--moduleResolution', moduleResolution, '--types', 'node', file],
          ],
          { cwd: consumer, encoding: 'utf8' },
        );
      expect(check()).toBe('');
    },
    60_000,
  );
});
