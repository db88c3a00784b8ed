// A process of the tests, under limits of the system: writes pages until a write fails, and prints the error.
import axios from 'axios';
import { exportRecords, jsonLinesFile, type PageSource } from '../../src/batch/index.ts';
import './end-with-parent.ts';

const [path = '', pages = '1', uid] = process.argv.slice(2);
// After the imports, because another user may not be able to read the modules.
if (uid !== undefined) process.setuid?.(Number(uid));
const source: PageSource = {
  name: 'script',
  query: null,
  async *read({ from }) {
    for (let page = Number(from ?? 0); page < Number(pages); page++) {
      const items = Array.from({ length: 10 }, (_, n) => ({ page, n, text: 'x'.repeat(80) }));
      yield page + 1 < Number(pages) ? { items, next: page + 1 } : { items };
    }
  },
};
const api = axios.create({ baseURL: 'http://127.0.0.1:9' });
await exportRecords({ api, source, sink: jsonLinesFile(path), checkpointInterval: 0 }).then(
  ({ records }) => console.log(`complete ${records}`),
  ({ code, message, resumable }) => console.log(`${code} ${resumable} ${message}`),
);
