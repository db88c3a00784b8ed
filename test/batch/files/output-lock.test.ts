import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockOutput } from '../../../src/batch/files/output-lock.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { thisProcess } from '../../../src/core/node/process-identity.ts';
import { failure, temporaryDirectory } from '../../support/batch.ts';

describe('lockOutput', () => {
  it('names the process that holds the lock, and rejects verify after release', async () => {
    const path = join(await temporaryDirectory(), 'out.lock');
    const lock = await lockOutput(path, systemClock, undefined);
    const error = await failure(lockOutput(path, systemClock, undefined), 'ERR_LOCKED');
    expect(error.message).toContain(`process ${process.pid}`);
    expect(error.message).toContain(path);
    await lock.release();
    await failure(lock.verify(), 'ERR_LOCKED');
  });

  it('reports an abort as ERR_INTERRUPTED', async () => {
    const path = join(await temporaryDirectory(), 'out.lock');
    await writeFile(path, JSON.stringify({ ...thisProcess(), id: 'other', space: 'elsewhere' }));
    const abort = new AbortController();
    const locking = lockOutput(path, systemClock, abort.signal);
    abort.abort(new Error('enough'));
    await failure(locking, 'ERR_INTERRUPTED');
  });

  it('reports a broken symbolic link and a missing directory as ERR_OUTPUT', async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, 'out.lock');
    await symlink(`${path}.gone`, path);
    const link = await failure(lockOutput(path, systemClock, undefined), 'ERR_OUTPUT');
    expect(link.message).toContain('symbolic link');
    const missing = join(directory, 'missing', 'out.lock');
    const error = await failure(lockOutput(missing, systemClock, undefined), 'ERR_OUTPUT');
    expect(error.message).toContain(`${join(directory, 'missing')} does not exist`);
  });
});
