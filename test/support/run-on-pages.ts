import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { sendJson, startServer } from './server.ts';

/** When to kill a process: a delay in milliseconds after a number of requests. */
export interface KillAfter {
  readonly requests: number;
  readonly delay: number;
}

/** Serves pages to a script, which gets the URL of the server and the output as arguments. */
export async function runOnPages(
  script: URL,
  pages: readonly { items: readonly unknown[] }[],
  output: string,
  killAfter?: KillAfter,
) {
  let requests = 0;
  const server = await startServer(({ url }, response) => {
    const number = Number(url.slice(1));
    if (++requests === killAfter?.requests) setTimeout(() => child.kill('SIGKILL'), killAfter.delay);
    const { items } = pages[number] ?? { items: [] };
    sendJson(response, 200, number + 1 < pages.length ? { items, next: number + 1 } : { items });
  });
  onTestFinished(() => server.close());
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(script), server.url, output], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const signal = await new Promise((resolve) => child.once('close', (_, name) => resolve(name)));
  return { signal, output: text, requests };
}
