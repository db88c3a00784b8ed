// A process of the tests: exports the records of a server into a table of Postgres.
import axios from 'axios';
import { exportRecords } from '../../src/batch/index.ts';
import { postgresTable } from '../../src/postgres/index.ts';
import './end-with-parent.ts';
import { servedPages } from './served-pages.ts';

const [baseURL = '', url = ''] = process.argv.slice(2);

const api = axios.create({ baseURL, proxy: false });
const sink = postgresTable({ url, table: 'things', name: 'all', id: 'id' });
// A fixed account, because each run has its own server on another port.
const { records } = await exportRecords({
  api,
  source: servedPages,
  sink,
  account: 'one',
  checkpointInterval: 0,
});
console.log(records);
