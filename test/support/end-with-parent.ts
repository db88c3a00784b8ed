// Test scripts import this module to end when their parent process has ended.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

// In a separate thread, because a busy loop would block a timer in the main thread.
const watch = `
  const { workerData: parent } = require('node:worker_threads');
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500);
`;
const worker = new Worker(watch, { eval: true, execArgv: [], workerData: process.ppid });
await once(worker, 'online');
worker.unref();
