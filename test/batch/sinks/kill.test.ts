import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Page } from '../../../src/batch/index.ts';
import { temporaryDirectory } from '../../support/batch.ts';
import { sendJson, startServer } from '../../support/server.ts';
import { somePages } from '../../support/some-pages.ts';

describe('when an export is killed with SIGKILL', () => {
  const script = fileURLToPath(new URL('../../support/export-script.ts', import.meta.url));
  const pages = somePages(150);

  /** Serves the pages to an export. @param killAfter kills the export this delay (in milliseconds) after this request. */
  async function run(directory: string, killAfter?: { requests: number; delay: number }) {
    let requests = 0;
    const server = await startServer(({ url }, response) => {
      const number = Number(url.slice(1));
      if (++requests === killAfter?.requests) setTimeout(() => child.kill('SIGKILL'), killAfter.delay);
      const page: Page = { items: pages[number]?.items ?? [] };
      sendJson(response, 200, number + 1 < pages.length ? { ...page, next: number + 1 } : page);
    });
    onTestFinished(() => server.close());
    const child = spawn(process.execPath, ['--import', 'tsx', script, server.url, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const signal = await new Promise((resolve) => child.once('close', (_, name) => resolve(name)));
    return { signal, output, requests };
  }

  it('completes each file with the bytes of an undisturbed export, after five kills at random moments', async () => {
    const [alone, killed] = [await temporaryDirectory(), await temporaryDirectory()];
    const [whole] = await Promise.all([
      run(alone),
      (async () => {
        for (let kills = 0; kills < 5; kills++) {
          const delay = Math.random() * 8;
          expect(await run(killed, { requests: 20 + kills * 12, delay })).toMatchObject({
            signal: 'SIGKILL',
          });
        }
      })(),
    ]);
    expect(whole).toMatchObject({ signal: null, output: 'done\n', requests: 4 * pages.length });
    const last = await run(killed);
    expect(last).toMatchObject({ signal: null, output: 'done\n' });
    // Fewer requests than an export from the start.
    expect(last.requests).toBeLessThan(4 * pages.length);
    for (const name of ['out.jsonl', 'out.jsonl.gz', 'out.csv', 'out.csv.gz']) {
      expect(await readFile(join(killed, name))).toEqual(await readFile(join(alone, name)));
    }
    const left = (await readdir(killed)).filter(
      (name) => !/^out\.(jsonl|csv)(\.gz)?(\.checkpoint)?$/.test(name),
    );
    expect(left.filter((name) => !name.endsWith('.tmp'))).toEqual([]);
  });
});
