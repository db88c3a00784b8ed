// Imports contacts into a simulator. The tests run this script in a separate process and kill it.
import { genesysContactList, importRecords, jsonLinesInput } from '../../src/batch/index.ts';
import { attachedTo, LIST } from './imports.ts';
import './end-with-parent.ts';

const [url = '', clientId = '', clientSecret = '', path = '', idField] = process.argv.slice(2);
const summary = await importRecords({
  api: attachedTo({ url, clientId, clientSecret }),
  input: jsonLinesInput(path),
  target: genesysContactList({ listId: LIST, idField: idField || undefined }),
  batchRecords: 5,
  concurrency: 2,
  baseDelay: 5,
});
console.log(JSON.stringify(summary));
