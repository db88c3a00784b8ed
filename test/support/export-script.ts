// A process of the tests: exports the records of a server into one file of each format at the same time.
import { join } from 'node:path';
import axios from 'axios';
import {
  csvFile,
  exportRecords,
  gzipCsvFile,
  gzipJsonLinesFile,
  jsonLinesFile,
} from '../../src/batch/index.ts';
import './end-with-parent.ts';
import { servedPages } from './served-pages.ts';

const [url = '', directory = ''] = process.argv.slice(2);

const api = axios.create({ baseURL: url, proxy: false });
const sinks = [
  jsonLinesFile(join(directory, 'out.jsonl')),
  gzipJsonLinesFile(join(directory, 'out.jsonl.gz'), { memberSize: 3000 }),
  csvFile(join(directory, 'out.csv')),
  gzipCsvFile(join(directory, 'out.csv.gz'), { memberSize: 3000 }),
];
await Promise.all(
  // A fixed account, because each run has its own server on another port.
  sinks.map((sink) =>
    exportRecords({ api, source: servedPages, sink, account: 'one', checkpointInterval: 0 }),
  ),
);
console.log('done');
