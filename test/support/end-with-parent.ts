// Imported by the scripts that tests run as processes: ends this one when whoever started it is gone, whatever it is doing.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

// From a thread of its own, as a loop that never rests would keep a timer here from firing.
const watch = `
  const { workerData: parent } = require('node:worker_threads');
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500);
`;
const worker = new Worker(watch, { eval: true, execArgv: [], workerData: process.ppid });
await once(worker, 'online');
worker.unref();
