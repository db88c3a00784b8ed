// A process of the tests: exports pages while the system time jumps. Prints how long it took and how many checkpoints it saved.
import axios from 'axios';
import { exportRecords, type PageSource } from '../../src/batch/index.ts';
import './end-with-parent.ts';

const [url = '', shift = ''] = process.argv.slice(2);
const PAGES = 20;

const source: PageSource = {
  name: 'script',
  query: null,
  async *read({ request }) {
    for (let page = 1; page <= PAGES; page++) {
      if (page === PAGES / 2) {
        const now = Date.now;
        Date.now = () => now() + Number(shift);
      }
      const { data } = await request<{ items: unknown[] }>({ url: '/' });
      yield { ...data, ...(page < PAGES && { next: page }) };
    }
  },
};

let checkpoints = 0;
const store = { load: async () => undefined, save: async () => void checkpoints++ };
const sink = {
  format: 'none',
  open: async () => ({
    write: async () => {},
    save: async () => 0,
    finish: async () => {},
    close: async () => {},
  }),
};
const began = performance.now();
const { elapsed } = await exportRecords({
  api: axios.create({ baseURL: url, proxy: false }),
  source,
  sink,
  checkpoint: store,
  checkpointInterval: 100,
  rate: { requests: 50, interval: 1000 },
});
console.log(JSON.stringify({ took: performance.now() - began, elapsed, checkpoints }));
