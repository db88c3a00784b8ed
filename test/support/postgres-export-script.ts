// A process of the tests: exports the records of a server into a table of Postgres.
import axios from 'axios';
import { exportRecords, type PageSource } from '../../src/batch/index.ts';
import { postgresTable } from '../../src/postgres/index.ts';
import './end-with-parent.ts';

const [baseURL = '', url = ''] = process.argv.slice(2);

interface Answer {
  items: { id: string }[];
  next?: number;
}

const source: PageSource<{ id: string }> = {
  name: 'script',
  query: null,
  identify: ({ id }) => id,
  async *read({ from, request }) {
    let number = from;
    do {
      const { data } = await request<Answer>({ url: `/${number ?? 0}` });
      yield data;
      number = data.next;
    } while (number !== undefined);
  },
};

const api = axios.create({ baseURL, proxy: false });
const sink = postgresTable({ url, table: 'things', name: 'all', id: 'id' });
// A fixed account, because each run has its own server on another port.
const { records } = await exportRecords({ api, source, sink, account: 'one', checkpointInterval: 0 });
console.log(records);
