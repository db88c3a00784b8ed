// Run as a process of its own by the tests until it is killed: replaces a file by ever longer texts.
import { replaceFile } from '../../src/batch/files/durable-file.ts';
import './end-with-parent.ts';

const [path = ''] = process.argv.slice(2);
for (let number = 1; ; number++) {
  await replaceFile(path, `${number}:${'x'.repeat(number * 100)}`);
  console.log(number);
}
