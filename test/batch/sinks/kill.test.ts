import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/batch.ts';
import { type KillAfter, runOnPages } from '../../support/run-on-pages.ts';
import { somePages } from '../../support/some-pages.ts';

describe('when an export is killed with SIGKILL', () => {
  const pages = somePages(150);

  const run = (directory: string, killAfter?: KillAfter) =>
    runOnPages(new URL('../../support/export-script.ts', import.meta.url), pages, directory, killAfter);

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
