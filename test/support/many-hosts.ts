import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import axios from 'axios';
import { expect, onTestFinished } from 'vitest';
import { genesysConversations } from '../../src/batch/index.ts';
import {
  type ExportHandle,
  type ExportWorker,
  type ExportWorkerEvent,
  type ExportWorkerOptions,
  type SubmitOptions,
  splitInterval,
  startExportWorker,
  submitExport,
} from '../../src/bullmq/index.ts';
import { attachAuthRefresh } from '../../src/index.ts';
import type { SimulatorOptions, VendorSimulator } from '../../src/testing/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { temporaryDirectory } from './batch.ts';
import { startWorkerProcess, type WorkerProcess, type WorkerSettings } from './export-workers.ts';
import { startSimulator } from './simulated.ts';

/** A simulator, a queue and a directory for exports on many hosts. */
export interface ManyHosts {
  readonly simulator: VendorSimulator;
  readonly directory: string;
  readonly queue: { connection: string; prefix: string; queue: string };
  submit(more?: Partial<SubmitOptions>): Promise<ExportHandle>;
  worker(more?: Partial<ExportWorkerOptions>): Promise<ExportWorker & { events: ExportWorkerEvent[] }>;
  process(more?: Partial<WorkerSettings>): Promise<WorkerProcess>;
  /** Expects that a merged output has every record of the simulator once, in order. */
  expectWhole(output?: string): Promise<void>;
}

let queues = 0;

export async function manyHosts(
  redis: { url: string; prefix: string },
  { parts = 6, pageSize = 50, ...options }: SimulatorOptions & { parts?: number; pageSize?: number } = {},
): Promise<ManyHosts> {
  const simulator = await startSimulator({ records: 1200, ...options });
  const directory = await temporaryDirectory();
  const { url: envUrl, clientId, clientSecret, interval } = simulator;
  const queue = { connection: redis.url, prefix: redis.prefix, queue: `q${++queues}` };

  return {
    simulator,
    directory,
    queue,
    async submit(more) {
      const handle = await submitExport({
        ...queue,
        name: 'all',
        parts: splitInterval(interval, parts),
        output: 'all.jsonl',
        retryDelay: 50,
        ...more,
      });
      onTestFinished(() => handle.close());
      return handle;
    },
    async worker(more) {
      const api = axios.create({ proxy: false });
      attachAuthRefresh(api, {
        vendor: genesysCloud({ envUrl, clientId, clientSecret }),
        tokenRetryDelay: 5,
        retry: { baseDelay: 5 },
      });
      const events: ExportWorkerEvent[] = [];
      const worker = await startExportWorker({
        ...queue,
        directory,
        api,
        account: 'simulated',
        takeover: 1000,
        source: (part) => genesysConversations({ interval: String(part), pageSize }),
        onEvent: (event) => events.push(event),
        ...more,
      });
      onTestFinished(() => worker.close());
      return { ...worker, events };
    },
    process: (more) =>
      startWorkerProcess({
        ...queue,
        directory,
        envUrl,
        clientId,
        clientSecret,
        pageSize,
        takeover: 1000,
        ...more,
      }),
    async expectWhole(output = 'all.jsonl') {
      const lines = (await readFile(join(directory, output), 'utf8')).trimEnd().split('\n');
      const found = new Set(lines);
      const expected = [...simulator.records()].map((record) => JSON.stringify(record));
      expect({ lines: lines.length, lost: expected.filter((line) => !found.has(line)).length }).toEqual({
        lines: expected.length,
        lost: 0,
      });
      expect(lines).toEqual(expected);
    },
  };
}
