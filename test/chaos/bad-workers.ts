import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { freePort } from '../support/free-port.ts';

/** A worker that cannot process any part of the export. */
export interface BadWorker {
  readonly name: 'readOnly' | 'noNetwork' | 'otherAccount';
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Prepares three bad workers. `release` must be called before their directories are removed. */
export async function prepareBadWorkers(
  shared: string,
  otherAccount: Readonly<Record<string, string>>,
): Promise<{ workers: readonly BadWorker[]; release: () => void }> {
  const readOnly = `${shared}.read-only`;
  await mkdir(readOnly);
  const isMounted = mountReadOnly(shared, readOnly);
  const proxy = `http://127.0.0.1:${await freePort()}`;
  return {
    workers: [
      // Without the right to mount, the directory is writable but not shared.
      { name: 'readOnly', directory: readOnly, env: {} },
      // The token comes from Redis, where the other workers have put it.
      {
        name: 'noNetwork',
        directory: shared,
        env: { http_proxy: proxy, HTTP_PROXY: proxy, NO_PROXY: '', no_proxy: '' },
      },
      { name: 'otherAccount', directory: shared, env: otherAccount },
    ],
    release() {
      if (isMounted) execFileSync('umount', ['-l', readOnly]);
    },
  };
}

function mountReadOnly(source: string, target: string): boolean {
  try {
    execFileSync('mount', ['--bind', source, target], { stdio: 'ignore' });
  } catch {
    return false;
  }
  execFileSync('mount', ['-o', 'remount,ro,bind', target]);
  return true;
}
