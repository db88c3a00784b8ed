/** Exports a million records, and a few of them again in later windows. Prints the summary. Arguments: the path of the output. */
import axios from 'axios';
import { exportRecords, jsonLinesFile, type Page, type PageSource } from '../../src/batch/index.ts';

const WINDOWS = 100;
const PAGES = 10;
const SIZE = 1000;

/** Every tenth window ends with a page of records of the first window. */
const source: PageSource<{ id: string }> = {
  name: 'generated',
  query: null,
  identify: ({ id }) => id,
  async *read() {
    let next = 0;
    for (let window = 0; window < WINDOWS; window++) {
      const isRepeating = window % 10 === 9;
      const stated = (PAGES + (isRepeating ? 1 : 0)) * SIZE;
      const pageOf = (from: number): Page<{ id: string }> => ({
        items: Array.from({ length: SIZE }, (_, n) => ({
          id: `conversation-${String(from + n).padStart(20, '0')}`,
        })),
        next: ++next,
        window: `${window}`,
        stated,
      });
      for (let page = 0; page < PAGES; page++) yield pageOf((window * PAGES + page) * SIZE);
      if (isRepeating) yield pageOf(0);
      yield { items: [], next: ++next, window: `${window}`, end: { label: `window ${window}` } };
    }
  },
};

const api = axios.create({ baseURL: 'http://127.0.0.1:9' });
const summary = await exportRecords({ api, source, sink: jsonLinesFile(process.argv[2] ?? '') });
process.stdout.write(JSON.stringify(summary));
