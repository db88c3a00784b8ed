import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VendorSimulator } from '../../src/testing/index.ts';
import { buildCommand } from '../chaos/built-command.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { startSimulator } from '../support/simulated.ts';
import { cxoneEnv, genesysEnv, run, start } from './support.ts';

function exportTo(out: string, { interval }: VendorSimulator, ...more: string[]): string[] {
  return ['export', 'genesys-conversations', '--interval', interval, '--out', out, '--share', ...more];
}

/** Returns flags for a directory that no other test uses. */
async function ownShare(): Promise<{ directory: string; share: string[] }> {
  const directory = await temporaryDirectory();
  return { directory, share: ['--share', '--share-directory', join(directory, 'share')] };
}

describe('--share', () => {
  let built: Awaited<ReturnType<typeof buildCommand>>;
  beforeAll(async () => {
    built = await buildCommand();
  });
  afterAll(() => built.remove());

  it('makes ten processes send one token request and keep one rate', async () => {
    const simulator = await startSimulator({ records: 400 });
    const home = await temporaryDirectory();
    const processes = Array.from({ length: 10 }, (_, index) => {
      const out = join(home, `${index}.jsonl`);
      const args = exportTo(out, simulator, '--page-size', '40', '--rate', '50/s');
      return start(args, { ...genesysEnv(simulator), HOME: home }, built.command[1]).ended;
    });
    for (const { code, stderr } of await Promise.all(processes)) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('complete: 400 records') });
    }
    expect(simulator.counts.tokenRequests).toBe(1);
    const times = simulator.requests.filter(({ path }) => path !== '/oauth/token').map(({ at }) => at);
    // Requests that were sent late may arrive together with later ones, but never before their time.
    for (const [index, at] of times.sort((a, b) => a - b).entries()) {
      expect(at - Math.min(...times)).toBeGreaterThan(index * 20 - 200);
    }
    const directory = join(home, '.local/state/axios-oauth-refresh/shared');
    const modes = (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).mode);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    for (const mode of await Promise.all(modes)) expect(mode & 0o777).toBe(0o600);
  });

  it('uses the API that the stored token of NICE CXone announces', async () => {
    const simulator = await startSimulator({ records: 30 });
    const { directory, share } = await ownShare();
    for (const name of ['a', 'b']) {
      const args = ['export', 'cxone-completed-contacts', '--interval', simulator.interval];
      const out = join(directory, `${name}.jsonl`);
      expect(await run([...args, '--out', out, ...share], cxoneEnv(simulator))).toMatchObject({ code: 0 });
    }
    expect(simulator.counts.tokenRequests).toBe(1);
  });

  it('makes one token request if the API revokes the token', async () => {
    const simulator = await startSimulator({ records: 30 });
    const { directory, share } = await ownShare();
    const env = genesysEnv(simulator);
    for (const name of ['a', 'b', 'c']) {
      const args = exportTo(join(directory, `${name}.jsonl`), simulator, ...share.slice(1));
      expect(await run(args, env)).toMatchObject({ code: 0 });
      if (name === 'a') simulator.revokeTokens();
    }
    expect(simulator.counts.tokenRequests).toBe(2);
  });

  it('shares the token with `token` and with imports, and keeps tokens of other clients apart', async () => {
    const simulator = await startSimulator();
    const { directory, share } = await ownShare();
    const env = genesysEnv(simulator);
    expect(await run(['token', ...share], env)).toMatchObject({ code: 0 });
    expect(await run(['token', ...share], env)).toMatchObject({ code: 0 });
    const contacts = join(directory, 'contacts.csv');
    await writeFile(contacts, 'id,phone\n1,+49301234567\n');
    const imports = ['import', 'genesys-contacts', '--list', 'list', '--in', contacts];
    expect(await run([...imports, ...share], env)).toMatchObject({ code: 0 });
    expect(simulator.counts.tokenRequests).toBe(1);
    await run(['token', ...share], { ...env, GENESYS_CLIENT_ID: 'other' });
    expect(simulator.counts.tokenRequests).toBe(2);
  });

  it('shares only the token with --rate none', async () => {
    const simulator = await startSimulator({ records: 30 });
    const { directory, share } = await ownShare();
    const args = exportTo(join(directory, 'a.jsonl'), simulator, ...share.slice(1), '--rate', 'none');
    expect(await run(args, genesysEnv(simulator))).toMatchObject({ code: 0 });
    expect((await readdir(join(directory, 'share'))).filter((name) => name.includes('rate'))).toEqual([]);
  });

  it('is refused if other users can access the directory, before any request', async () => {
    const simulator = await startSimulator();
    const { directory, share } = await ownShare();
    await mkdir(join(directory, 'share'));
    await chmod(join(directory, 'share'), 0o755);
    const args = exportTo(join(directory, 'a.jsonl'), simulator, ...share.slice(1));
    for (const command of [args, ['token', ...share]]) {
      const { code, stderr } = await run(command, genesysEnv(simulator));
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/--share: .*chmod 700/) });
    }
    expect(simulator.counts.requests).toBe(0);
  });

  it.each(['existing', 'new'])('is refused if the %s directory is on a read-only disk', async (name) => {
    const disk = await temporaryDirectory();
    const program = `"${process.execPath}" ${built.command[1]} token --share --share-directory ${disk}/${name}`;
    const env = {
      PATH: process.env.PATH,
      GENESYS_REGION: 'us_east_1',
      GENESYS_CLIENT_ID: 'a',
      GENESYS_CLIENT_SECRET: 'b',
    };
    const script = `mount -t tmpfs -o mode=700 none ${disk} && mkdir -m 700 ${disk}/existing && mount -o remount,ro ${disk} && ${program}`;
    const { status, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script], { env, encoding: 'utf8' });
    // Containers can lack the permission to mount.
    if (stderr?.includes('unshare:') || stderr?.includes('mount:') || status === null) return;
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(
        /^error: --share: .*: the file system is read-only\. Choose another directory\.$/m,
      ),
    });
  });

  it('ends with a resumable failure if the file of the rate cannot be used', async () => {
    const simulator = await startSimulator({ records: 30 });
    const { directory, share } = await ownShare();
    const args = (name: string) => exportTo(join(directory, name), simulator, ...share.slice(1));
    await run(args('a.jsonl'), genesysEnv(simulator));
    const [rate = ''] = (await readdir(join(directory, 'share'))).filter((name) => name.endsWith('.rate'));
    await chmod(join(directory, 'share', rate), 0o644);
    const { code, stderr } = await run(args('b.jsonl'), genesysEnv(simulator));
    expect({ code, stderr }).toEqual({
      code: 6,
      stderr: expect.stringMatching(/error: .*chmod 600.*\nresume: /),
    });
    await chmod(join(directory, 'share', rate), 0o600);
    expect(await run(args('b.jsonl'), genesysEnv(simulator))).toMatchObject({ code: 0 });
  });

  it.each<[string, string[], RegExp]>([
    ['with --queue', ['--share', '--queue', 'redis://127.0.0.1:1'], /--queue: not allowed with --share/],
    ['--share-directory without --share', ['--share-directory', 'x'], /--share-directory: requires --share/],
  ])('refuses %s', async (_, flags, message) => {
    const args = [
      'export',
      'genesys-conversations',
      '--interval',
      '2026-01-01/2026-01-02',
      '--out',
      'x.jsonl',
    ];
    const env = { GENESYS_REGION: 'us_east_1', GENESYS_CLIENT_ID: 'a', GENESYS_CLIENT_SECRET: 'b' };
    const { code, stderr } = await run([...args, ...flags], env);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });
});
