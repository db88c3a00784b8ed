// A process of the tests: exports the days of a server into files, and prints the error of a failed run.
import { join } from 'node:path';
import axios from 'axios';
import { exportDays, jsonLinesFile, type PageSource } from '../../src/batch/index.ts';
import './end-with-parent.ts';

const [url = '', directory = '', days = '', reread = '0'] = process.argv.slice(2);

interface Answer {
  items: { id: string; at: string }[];
  stated: number;
  next?: number;
}

const source = (date: string): PageSource<{ id: string; at: string }> => ({
  name: 'script',
  query: date,
  identify: ({ id }) => id,
  startedAt: ({ at }) => at,
  async *read({ from, request }) {
    let number = from;
    do {
      const { data } = await request<Answer>({ url: `/${date}/${number ?? 0}` });
      yield { ...data, window: 'day' };
      number = data.next;
    } while (number !== undefined);
  },
});

try {
  await exportDays({
    api: axios.create({ baseURL: url, proxy: false }),
    // A fixed account, because each run can have its own server.
    account: 'one',
    days,
    source: ({ date }) => source(date),
    sink: ({ date }) => jsonLinesFile(join(directory, `c-${date}.jsonl`)),
    reread: Number(reread),
    checkpointInterval: 0,
  });
  console.log('done');
} catch (error) {
  console.log(JSON.stringify(error));
}
