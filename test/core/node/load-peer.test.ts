import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadPeer } from '../../../src/core/node/load-peer.ts';

const require = createRequire(import.meta.url);
const PEER = { name: 'no-such-peer', neededBy: 'the test' };
const load = async () => 'the module';

/** Creates a project in which a version of a package is installed. @returns the URL of a file of the project. */
function projectWith(name: string, version: string): string {
  const project = mkdtempSync(join(tmpdir(), 'peer-'));
  mkdirSync(join(project, 'node_modules', name), { recursive: true });
  writeFileSync(join(project, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }));
  return pathToFileURL(join(project, 'app.mjs')).href;
}

function collectWarnings(): string[] {
  const warnings: string[] = [];
  const add = ({ message }: Error) => warnings.push(message);
  process.on('warning', add);
  onTestFinished(() => void process.off('warning', add));
  return warnings;
}

describe('loadPeer', () => {
  it('returns the module', async () => {
    expect(await loadPeer({ ...PEER, name: 'axios' }, () => import('axios'))).toHaveProperty('default');
  });

  it.each([
    ['imported', () => import(/* @vite-ignore */ PEER.name)],
    ['required', async () => require(PEER.name)],
  ])('says that a package that is %s is not installed, and what to install', async (_, importer) => {
    await expect(loadPeer({ ...PEER, install: 'no-such-peer@2' }, importer)).rejects.toMatchObject({
      message: 'no-such-peer, which the test needs, is not installed. Install it: npm install no-such-peer@2',
      reason: 'missing',
    });
  });

  it('says why an installed package failed to load', async () => {
    const broken = async () => {
      throw new Error('no binary for this platform\nsearched: a, b');
    };
    await expect(loadPeer(PEER, broken)).rejects.toMatchObject({
      message:
        'no-such-peer, which the test needs, failed to load (no binary for this platform). ' +
        'Reinstall it: npm install no-such-peer',
      reason: 'broken',
    });
  });

  it('does not mistake a missing dependency of the package for the package', async () => {
    const importer = () => import(/* @vite-ignore */ 'no-such-dependency' as string);
    await expect(loadPeer(PEER, importer)).rejects.toMatchObject({
      message: expect.stringContaining('failed to load ('),
      reason: 'broken',
    });
  });

  it.each([
    ['ioredis', '4.31.0', '5.3.0'],
    ['ioredis', '5.2.6', '5.3.0'],
    ['redis', '3.1.2', '4.5.0'],
    ['redis', '4.4.0', '4.5.0'],
    ['bullmq', '4.18.3', '5.45.0'],
    ['bullmq', '5.9.1', '5.45.0'],
    ['fs-native-extensions', '1.0.2', '1.1.0'],
  ])('names a version of %s that is too old: %s', async (name, version, oldest) => {
    await expect(loadPeer({ ...PEER, name }, load, projectWith(name, version))).rejects.toMatchObject({
      name: 'PeerError',
      message: `${name} ${version} is too old: the test needs ${oldest} or later. Update it: npm install ${name}`,
      reason: 'too-old',
    });
  });

  it('names a version that is too old although the package fails to load', async () => {
    const broken = async () => {
      throw new Error('no such file');
    };
    await expect(
      loadPeer({ ...PEER, name: 'redis' }, broken, projectWith('redis', '3.0.0')),
    ).rejects.toMatchObject({
      reason: 'too-old',
    });
  });

  it.each([
    ['ioredis', '5.3.0'],
    ['ioredis', '5.10.1'],
    ['ioredis', '6.99.0'],
    ['redis', '4.5.0'],
    ['redis', '6.3.1'],
    ['bullmq', '5.45.0'],
    ['bullmq', '6.5.4'],
    ['fs-native-extensions', '1.5.1'],
    ['ioredis', 'no version'],
  ])('emits no warning for %s %s', async (name, version) => {
    const warnings = collectWarnings();
    expect(await loadPeer({ ...PEER, name }, load, projectWith(name, version))).toBe('the module');
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['ioredis', '7.0.0', '5.3.0 to 6.x', 6],
    ['redis', '7.0.0-beta.1', '4.5.0 to 6.x', 6],
    ['bullmq', '10.2.0', '5.45.0 to 6.x', 6],
    ['fs-native-extensions', '2.0.0', '1.1.0 to 1.x', 1],
  ])('loads an untested version and warns once: %s %s', async (name, version, range, major) => {
    const warnings = collectWarnings();
    const from = projectWith(name, version);
    for (let i = 0; i < 3; i++) {
      expect(await loadPeer({ ...PEER, name }, load, from)).toBe('the module');
    }
    await new Promise(setImmediate);
    expect(warnings).toEqual([
      `${name} ${version} is untested: axios-oauth-refresh supports ${name} ${range}. If the test fails, install ${name}@${major}.`,
    ]);
  });

  it.each(['', 'webpack:///app.js', 'file:///no/such/project/app.mjs'])(
    'says nothing if the version cannot be determined from %j',
    async (from) => {
      expect(await loadPeer({ ...PEER, name: 'ioredis' }, load, from)).toBe('the module');
    },
  );
});
