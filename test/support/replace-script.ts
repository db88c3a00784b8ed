// A process of the tests: replaces a file with longer and longer texts until it is killed.
import { replaceFile } from '../../src/batch/files/durable-file.ts';
import './end-with-parent.ts';

const [path = ''] = process.argv.slice(2);
for (let number = 1; ; number++) {
  await replaceFile(path, `${number}:${'x'.repeat(number * 100)}`);
  console.log(number);
}
