import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import {
  csvFile,
  exportRecords,
  genesysConversations,
  gzipCsvFile,
  gzipJsonLinesFile,
  type Json,
  jsonLinesFile,
} from '../../src/batch/index.ts';
import type { PartStore } from '../../src/bullmq/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { preparedPages, temporaryDirectory } from '../support/batch.ts';
import { manyHosts } from '../support/many-hosts.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';
import { attached } from '../support/simulated.ts';

describeWithRedis('the output of an export on many hosts', () => {
  const redis = useRedis();

  it('equals the output of a single process, in every format', async () => {
    const hosts = await manyHosts(redis, { parts: 5 });
    await hosts.worker();
    const { url: envUrl, clientId, clientSecret, interval } = hosts.simulator;
    const api = attached(genesysCloud({ envUrl, clientId, clientSecret }));
    const source = genesysConversations({ interval, pageSize: 50 });
    const columns = ['conversationId', 'conversationStart', 'participants'];
    const alone = join(await temporaryDirectory(), 'alone');
    for (const [output, sink] of [
      ['sub folder/all.jsonl', jsonLinesFile(`${alone}.jsonl`)],
      ['all.jsonl.gz', gzipJsonLinesFile(`${alone}.gz`)],
      ['all.csv', csvFile(`${alone}.csv`, { columns })],
      ['all.csv.gz', gzipCsvFile(`${alone}.csv.gz`, { columns })],
      ['all.json', jsonLinesFile(`${alone}.json`)],
    ] as const) {
      await exportRecords({ api, source, sink });
      const handle = await hosts.submit({ name: `as.${basename(output)}`, output, csv: { columns } });
      await handle.finished({ pollInterval: 50 });
      const read = async (path: string) => {
        const bytes = await readFile(path);
        return output.endsWith('.gz') ? gunzipSync(bytes) : bytes;
      };
      expect((await read(join(hosts.directory, output))).equals(await read(`${sink.path}`))).toBe(true);
    }
  });

  it('consists of the parts and a manifest of their valid bytes with `output: false`', async () => {
    const hosts = await manyHosts(redis, { parts: 3 });
    await hosts.worker();
    const handle = await hosts.submit({ output: false, common: { kind: 'conversations' } });
    const summary = await handle.finished({ pollInterval: 50 });
    expect(summary.manifest).toBe('all.parts/manifest.json');
    expect(summary.output).toBeUndefined();
    const folder = join(hosts.directory, 'all.parts');
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      version: 1,
      name: 'all',
      common: { kind: 'conversations' },
      records: summary.records,
    });
    const ids = new Set<string>();
    let lines = 0;
    for (const { part, records, segments } of manifest.parts) {
      expect(part).toMatch(/^2023-10-0.*\/2023-10-0/);
      const texts = await Promise.all(
        segments.map(async ({ file, bytes }: { file: string; bytes: number }) =>
          (await readFile(join(folder, file))).subarray(0, bytes).toString(),
        ),
      );
      const found = texts.join('').trimEnd().split('\n');
      expect(found).toHaveLength(records);
      for (const line of found) ids.add(JSON.parse(line).conversationId);
      lines += found.length;
    }
    expect(lines).toBe(summary.records);
    expect(ids.size).toBe(1200);
  });

  it('is merged from the part store of the caller', async () => {
    const hosts = await manyHosts(redis, { parts: 3 });
    const objects = new Map<string, string>();
    // Like object storage: each checkpoint adds an object, and objects never change.
    const parts: PartStore = {
      sink: ({ name, part, fence }) => ({
        format: 'objects',
        async open(position) {
          const keys = [...((position ?? []) as string[])];
          let waiting = '';
          return {
            write: async (items) => {
              waiting += items.map((item) => `${JSON.stringify(item)}\n`).join('');
            },
            async save() {
              const key = `${name}/${part}/${fence}-${keys.length}`;
              if (waiting !== '') {
                objects.set(key, waiting);
                keys.push(key);
              }
              waiting = '';
              return [...keys];
            },
            finish: async () => {},
            close: async () => {},
          };
        },
      }),
      async *read({ position }) {
        for (const key of position as string[]) yield Buffer.from(objects.get(key) ?? '');
      },
      remove: async (name) => {
        for (const key of objects.keys()) if (key.startsWith(`${name}/`)) objects.delete(key);
      },
    };
    await hosts.worker({ parts, checkpointInterval: 0 });
    const handle = await hosts.submit();
    await handle.finished({ pollInterval: 50 });
    await hosts.expectWhole();
    await expect.poll(() => objects.size).toBe(0);
  });

  it('is read at the positions that the part store returned, also at a falsy position', async () => {
    const hosts = await manyHosts(redis, { parts: 2 });
    const texts = new Map<number, string>();
    const positions: unknown[] = [];
    const parts: PartStore = {
      sink: ({ part }) => ({
        format: 'texts',
        async open(position) {
          let text = (texts.get(part) ?? '').slice(0, Number(position ?? 0));
          return {
            write: async (items) => {
              text += items.map((item) => `${JSON.stringify(item)}\n`).join('');
            },
            async save() {
              texts.set(part, text);
              return text.length;
            },
            finish: async () => {},
            close: async () => {},
          };
        },
      }),
      async *read({ part, position }) {
        positions.push(position);
        yield Buffer.from((texts.get(part) ?? '').slice(0, Number(position)));
      },
      remove: async () => {},
    };
    const source = (part: Json) => preparedPages([{ items: part === 'none' ? [] : [{ part }] }]);
    await hosts.worker({ parts, source });
    const handle = await hosts.submit({ parts: ['none', 'one'] });
    expect(await handle.finished({ pollInterval: 50 })).toMatchObject({ records: 1 });
    expect(positions).toEqual([0, texts.get(1)?.length]);
  });
});
