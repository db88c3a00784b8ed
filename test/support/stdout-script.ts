// Run as a process of its own by the tests: exports pages to standard output, and says on standard error how that ended.
import axios from 'axios';
import { exportRecords, jsonLinesStream, type PageSource } from '../../src/batch/index.ts';

const [pages = '0'] = process.argv.slice(2);
const filler = 'x'.repeat(1000);
const source: PageSource = {
  name: 'script',
  query: null,
  async *read() {
    for (let page = 1; page <= Number(pages); page++) {
      const items = Array.from({ length: 100 }, (_, n) => ({ page, n, filler }));
      yield page < Number(pages) ? { items, next: page } : { items };
    }
  },
};
const api = axios.create({ baseURL: 'http://127.0.0.1:9' });
await exportRecords({ api, source, sink: jsonLinesStream(process.stdout) }).then(
  ({ records }) => console.error(`complete ${records}`),
  ({ code, message }) => console.error(`${code} ${message}`),
);
