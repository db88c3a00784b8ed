// Tests run this script as a process: an export worker that runs until it is killed. SIGTERM closes the worker.
import axios from 'axios';
import type { Json } from '../../src/batch/index.ts';
import type { ExportWorkerEvent } from '../../src/bullmq/index.ts';
import './end-with-parent.ts';
import type { WorkerSettings } from './export-workers.ts';

const settings: WorkerSettings = JSON.parse(process.argv[2] ?? '{}');
const { envUrl, clientId, clientSecret, pageSize, modules, ...options } = settings;
const load = (module: string) => import(modules ? `${modules}/${module}.js` : `../../src/${module}.ts`);
const { genesysConversations } = await load('batch/index');
const { startExportWorker } = await load('bullmq/index');
const { attachAuthRefresh } = await load('index');
const { genesysCloud } = await load('vendors/genesys-cloud');
const api = axios.create({ proxy: false });
attachAuthRefresh(api, {
  vendor: genesysCloud({ envUrl, clientId, clientSecret }),
  tokenRetryDelay: 5,
  retry: { baseDelay: 5 },
});
const worker = await startExportWorker({
  ...options,
  api,
  account: 'simulated',
  source: (interval: Json) => genesysConversations({ interval: String(interval), pageSize }),
  onEvent: (event: ExportWorkerEvent) =>
    console.log(JSON.stringify('error' in event ? { ...event, error: event.error.message } : event)),
});
process.once('SIGTERM', () => void worker.close());
console.log('{"type":"ready"}');
