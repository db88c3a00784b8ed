import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/batch.ts';

it('exports a million records with a heap of 64 MB, and writes records of distant windows once', async () => {
  const script = fileURLToPath(new URL('../../support/million-ids-script.ts', import.meta.url));
  const path = join(await temporaryDirectory(), 'out.jsonl');
  const run = promisify(execFile)(process.execPath, [
    '--max-old-space-size=64',
    '--import',
    'tsx',
    script,
    path,
  ]);
  expect(JSON.parse((await run).stdout)).toMatchObject({
    records: 1_000_000,
    repeated: 10_000,
    stated: 1_010_000,
    missing: 0,
    warnings: [],
  });
  const { length } = `${JSON.stringify({ id: `conversation-${'0'.repeat(20)}` })}\n`;
  expect((await stat(path)).size).toBe(1_000_000 * length);
}, 120_000);
