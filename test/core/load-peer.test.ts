import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { loadPeer } from '../../src/core/load-peer.ts';

const require = createRequire(import.meta.url);
const PEER = { name: 'no-such-peer', neededBy: 'the test' };

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
      isMissing: true,
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
      isMissing: false,
    });
  });

  it('does not mistake a missing dependency of the package for the package', async () => {
    const importer = () => import(/* @vite-ignore */ 'no-such-dependency' as string);
    await expect(loadPeer(PEER, importer)).rejects.toMatchObject({
      message: expect.stringContaining('failed to load ('),
      isMissing: false,
    });
  });
});
