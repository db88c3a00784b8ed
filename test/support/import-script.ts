// Imports records into an API. The tests run this script in a separate process and kill it.
import { importRecords, jsonLinesInput } from '../../src/batch/index.ts';
import { IMPORT_TARGETS, type TargetName } from './import-targets.ts';
import { attachedTo } from './imports.ts';
import './end-with-parent.ts';

const [url = '', clientId = '', clientSecret = '', path = '', name = '', baseURL = ''] =
  process.argv.slice(2);
const api = attachedTo({ url, clientId, clientSecret });
api.defaults.baseURL = baseURL || url;
const summary = await importRecords({
  api,
  input: jsonLinesInput(path),
  target: IMPORT_TARGETS[name as TargetName].target(),
  batchRecords: 5,
  concurrency: 2,
  baseDelay: 5,
});
console.log(JSON.stringify(summary));
