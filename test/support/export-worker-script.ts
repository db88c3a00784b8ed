// Tests run this script as a process: an export worker that runs until it is killed. SIGTERM closes the worker.
import axios from 'axios';
import { genesysConversations } from '../../src/batch/index.ts';
import { startExportWorker } from '../../src/bullmq/index.ts';
import { attachAuthRefresh } from '../../src/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import './end-with-parent.ts';
import type { WorkerSettings } from './export-workers.ts';

const settings: WorkerSettings = JSON.parse(process.argv[2] ?? '{}');
const { envUrl, clientId, clientSecret, pageSize, ...options } = settings;
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
  source: (interval) => genesysConversations({ interval: String(interval), pageSize }),
  onEvent: (event) =>
    console.log(JSON.stringify('error' in event ? { ...event, error: event.error.message } : event)),
});
process.once('SIGTERM', () => void worker.close());
console.log('{"type":"ready"}');
