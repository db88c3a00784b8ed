import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import axios from 'axios';
import { expect, it } from 'vitest';
import {
  exportRecords,
  genesysConversations,
  jsonLinesFile,
  pageNumberSource,
} from '../../../src/batch/index.ts';
import { attachAuthRefresh } from '../../../src/index.ts';
import { genesysCloud } from '../../../src/vendors/genesys-cloud.ts';
import { temporaryDirectory } from '../../support/batch.ts';
import { type ProxyMode, startOutageProxy } from '../../support/outage-proxy.ts';
import { startSimulator } from '../../support/simulated.ts';

const SECONDS = Number(process.env.OUTAGE_SECONDS ?? 1.5);

it.each<ProxyMode>(['drop', 'refuse'])(
  'an export writes the same bytes if the network between the API and the export fails: %s',
  async (mode) => {
    const simulator = await startSimulator({ records: 3000, pageDelay: 2 });
    const { clientId, clientSecret, interval } = simulator;
    const proxy = await startOutageProxy(simulator.url);
    const directory = await temporaryDirectory();
    const run = async (envUrl: string, name: string, onPages: (pages: number) => void) => {
      const path = join(directory, name);
      const api = axios.create({ proxy: false, timeout: 300 });
      attachAuthRefresh(api, {
        vendor: genesysCloud({ envUrl, clientId, clientSecret }),
        tokenTimeout: 500,
        retry: { retries: 1, baseDelay: 20 },
      });
      const waits = new Set<string>();
      const summary = await exportRecords({
        api,
        source: genesysConversations({ interval }),
        sink: jsonLinesFile(path),
        account: 'one',
        readAhead: 3,
        onProgress({ pages, waiting }) {
          onPages(pages);
          if (waiting) waits.add(waiting.reason);
        },
      });
      return { text: await readFile(path, 'utf8'), summary, waits };
    };
    const whole = await run(simulator.url, 'whole.jsonl', () => {});
    let hasFailed = false;
    const interruptedRun = await run(proxy.url, 'outage.jsonl', (pages) => {
      if (pages < 5 || hasFailed) return;
      hasFailed = true;
      proxy.mode = mode;
      wait(SECONDS * 1000).then(() => {
        proxy.mode = 'pass';
      });
    });
    expect(hasFailed).toBe(true);
    expect(interruptedRun.waits.size).toBeGreaterThan(0);
    expect(interruptedRun.text).toBe(whole.text);
    expect(interruptedRun.summary.records).toBe(whole.summary.records);
  },
);

it('a host name that does not resolve ends the export at once', async () => {
  const api = axios.create({ baseURL: 'http://does-not-exist.invalid', proxy: false });
  const source = pageNumberSource({ url: '/items', items: 'items', pageCount: 'pageCount' });
  const run = exportRecords({ api, source, sink: jsonLinesFile(join(await temporaryDirectory(), 'out')) });
  await expect(run).rejects.toMatchObject({
    code: 'ERR_REQUEST',
    message: expect.stringMatching(/the host name does-not-exist\.invalid does not resolve \(E[A-Z_]+\)/),
  });
});
