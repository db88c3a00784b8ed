import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DirectoryError } from '../../src/bullmq/directory-error.ts';
import { createMarker, notShared, readMarker } from '../../src/bullmq/directory-marker.ts';
import { directoryParts, type ExportWorkerEvent } from '../../src/bullmq/index.ts';
import { failure, temporaryDirectory } from '../support/batch.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';

describe('the marker of a directory', () => {
  it('is created once by workers that start at the same moment', async () => {
    const directory = await temporaryDirectory();
    const ids = await Promise.all(Array.from({ length: 20 }, () => createMarker(directory, 'all')));
    expect(new Set(ids).size).toBe(1);
    expect(await readMarker(directory, 'all')).toBe(ids[0]);
    expect(await readdir(join(directory, 'all.parts'))).toEqual(['directory.id']);
  });

  it('does not exist in an empty directory', async () => {
    const directory = await temporaryDirectory();
    expect(await readMarker(directory, 'all')).toBe(undefined);
    expect(await readMarker(join(directory, 'missing'), 'all')).toBe(undefined);
  });

  it.each([
    ['the directory does not exist', async (path: string) => rm(path, { recursive: true })],
    ['the folder is a file', async (path: string) => writeFile(join(path, 'all.parts'), '')],
    [
      'the marker has another content',
      async (path: string) => {
        await mkdir(join(path, 'all.parts'));
        await writeFile(join(path, 'all.parts', 'directory.id'), 'text');
      },
    ],
  ])('is a problem of the worker if %s', async (_, prepare) => {
    const directory = await temporaryDirectory();
    await prepare(directory);
    const error = await failure(createMarker(directory, 'all'), 'ERR_OUTPUT');
    expect(error).toBeInstanceOf(DirectoryError);
    expect(error.cause).toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/) });
    expect(error.message).toContain(directory);
  });

  it('that is another one names both hosts', () => {
    const error = notShared('/mnt/exports', 'january', 'two', 'one');
    expect(error.message).toMatch(
      /\/mnt\/exports of host two is not the directory of the export: host one exports january into another directory/,
    );
    expect(error).toMatchObject({ code: 'ERR_OUTPUT', cause: { code: 'ENOTSHARED' }, resumable: true });
  });
});

describeWithRedis('a worker whose directory', () => {
  const redis = useRedis();
  const problem = (events: readonly ExportWorkerEvent[]) =>
    events.flatMap((event) =>
      'error' in event && event.error instanceof DirectoryError ? [event.error] : [],
    )[0];

  it('is not shared is refused at its first part, and writes nothing', async () => {
    const hosts = await manyHosts(redis, { pageDelay: 20, pageSize: 20 });
    const handle = await hosts.submit({ attempts: 1000 });
    const right = await hosts.worker();
    await expect.poll(() => right.events.some(({ type }) => type === 'progress')).toBe(true);
    const directory = await temporaryDirectory();
    const wrong = await hosts.worker({ directory });
    await expect
      .poll(() => problem(wrong.events)?.message)
      .toContain(
        `the directory ${directory} of host ${hostname()} is not the directory of the export: this host has begun all in another directory`,
      );
    await wrong.close();
    await handle.finished({ pollInterval: 20 });
    await hosts.expectWhole();
    expect(await readdir(directory)).toEqual([]);
    expect(wrong.events.some(({ type }) => type === 'started')).toBe(false);
    // The worker that merges records the summary before it removes the parts.
    await expect.poll(() => readdir(hosts.directory)).toEqual(['all.jsonl']);
  });

  it('has another path to the same directory is accepted', async () => {
    const hosts = await manyHosts(redis, { parts: 8 });
    const link = join(await temporaryDirectory(), 'link');
    await symlink(hosts.directory, link);
    const workers = [await hosts.worker(), await hosts.worker({ directory: link })];
    await (await hosts.submit()).finished({ pollInterval: 20 });
    await hosts.expectWhole();
    for (const { events } of workers) expect(problem(events)).toBe(undefined);
  });

  it('is not mounted is refused, and continues when the directory is mounted again', async () => {
    const hosts = await manyHosts(redis, { pageDelay: 20, pageSize: 20 });
    const mount = join(await temporaryDirectory(), 'mount');
    await symlink(hosts.directory, mount);
    const handle = await hosts.submit({ attempts: 1000 });
    const worker = await hosts.worker({ directory: mount });
    await expect.poll(() => worker.events.some(({ type }) => type === 'progress')).toBe(true);
    await worker.close();
    await rename(mount, `${mount}.away`);
    await mkdir(mount);
    const again = await hosts.worker({ directory: mount });
    await expect.poll(() => problem(again.events)?.message).toContain('is not the directory');
    expect(await readdir(mount)).toEqual([]);
    await again.close();
    await rm(mount, { recursive: true });
    await rename(`${mount}.away`, mount);
    await hosts.worker({ directory: mount });
    await handle.finished({ pollInterval: 20 });
    await hosts.expectWhole();
  });

  it('need not be shared, because another store keeps the parts, is accepted', async () => {
    const hosts = await manyHosts(redis, { parts: 8 });
    const parts = directoryParts(await temporaryDirectory());
    const [one, other] = [
      await hosts.worker({ parts }),
      await hosts.worker({ parts, directory: await temporaryDirectory() }),
    ];
    await (await hosts.submit({ output: false })).finished({ pollInterval: 20 });
    for (const { events } of [one, other]) expect(problem(events)).toBe(undefined);
  });
});
