import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/batch.ts';
import { start } from './support.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const INTERVAL = '--interval 2023-10-01/2023-10-08';

it.each([
  [[], 'Genesys Cloud', `export genesys-conversations ${INTERVAL}`],
  [['--vendor', 'cxone'], 'NICE CXone', `export cxone-completed-contacts ${INTERVAL}`],
])(
  'a shell that sources the output of simulate %j can run the next commands',
  async (flags, vendor, command) => {
    const { child } = start(['simulate', '--records', '40', ...flags], {});
    const variables = await new Promise<string>((done) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (/^# export .*\n$/m.test(text)) done(text);
      });
    });
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'simulator.sh'), variables);
    const script = `
    run() { "$NODE" --import tsx src/cli/main.ts "$@"; }
    . "$DIRECTORY/simulator.sh"
    run token && run ${command} --out "$DIRECTORY/a.jsonl"`;
    const env = { PATH: process.env.PATH, NODE: process.execPath, DIRECTORY: directory };
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: ROOT, env });
    expect(stdout).toContain(`vendor      ${vendor}\n`);
    expect(stderr).toContain('\ncomplete: 40 records in ');
  },
);
