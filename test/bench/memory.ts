import { getEventListeners, setMaxListeners } from 'node:events';
import { ours } from './client.ts';
import { load } from './client-process.ts';
import { printTable } from './figures.ts';

/** Prints how much memory many requests on one instance and one signal leave behind. */
export async function memory(baseURL: string, requests: number): Promise<void> {
  const api = ours(baseURL);
  const controller = new AbortController();
  // axios adds one listener for each request in flight.
  setMaxListeners(0, controller.signal);
  api.defaults.signal = controller.signal;
  const heap = async () => {
    // Sockets and promises release memory with a delay.
    await new Promise((resolve) => setTimeout(resolve, 50));
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const measure = Math.round(requests / 5);
  await load(api, '/data', measure);
  const before = await heap();
  const rows: string[][] = [];
  for (let done = measure; done < requests; done += measure) {
    await load(api, '/data', measure);
    const grown = (await heap()) - before;
    rows.push([
      (done + measure).toLocaleString('en'),
      (grown / 1024).toFixed(0),
      (grown / done).toFixed(2),
      String(getEventListeners(controller.signal, 'abort').length),
    ]);
  }
  printTable(
    `Memory: heap after garbage collection, compared with the heap after ${measure.toLocaleString('en')} requests`,
    ['requests', 'KB', 'bytes/request', 'listeners on the signal'],
    rows,
  );
}
