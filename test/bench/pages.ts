/**
 * An API with pages of conversations. Start this file with `fork` and the number of records: it sends its address to the parent
 * and ends with the parent. `/query/{delay}` has numbered pages, `/jobs/{delay}` has pages with a cursor.
 */
import { createServer } from 'node:http';
import { startVendorSimulator } from '../../src/testing/index.ts';

const PAGE = 100;
const total = Number(process.argv[2]);

// Put ids into the text of a real record: this is little work for the server and the usual work for the client.
const simulator = await startVendorSimulator({ records: 1 });
const text = JSON.stringify(simulator.record(0));
const id = simulator.record(0).conversationId;
await simulator.close();
const [before = '', after = ''] = [text.slice(0, text.indexOf(id)), text.slice(text.indexOf(id) + id.length)];

function page(first: number): string {
  const count = Math.max(0, Math.min(PAGE, total - first));
  const records = Array.from(
    { length: count },
    (_, n) => `${before}${String(first + n).padStart(id.length, '0')}${after}`,
  );
  return `"conversations":[${records.join(',')}]`;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const url = new URL(request.url ?? '/', 'http://x');
    const [, kind, delay] = url.pathname.split('/');
    let body: string;
    if (kind === 'query') {
      const { pageNumber } = JSON.parse(Buffer.concat(chunks).toString()).paging as { pageNumber: number };
      const first = (pageNumber - 1) * PAGE;
      body = first >= total ? '{}' : `{${page(first)},"totalHits":${total}}`;
    } else {
      const first = Number(url.searchParams.get('cursor') ?? 0);
      body = `{${page(first)}${first + PAGE < total ? `,"cursor":"${first + PAGE}"` : ''}}`;
    }
    const answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    if (Number(delay) > 0) setTimeout(answer, Number(delay));
    else answer();
  });
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address ? `http://127.0.0.1:${address.port}` : '');
});
process.on('disconnect', () => process.exit());
