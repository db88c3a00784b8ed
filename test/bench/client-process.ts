import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AxiosInstance } from 'axios';

export const IN_FLIGHT = 16;

/** Sends requests and keeps a constant number of them in flight. */
export async function load(api: AxiosInstance, url: string, requests: number): Promise<void> {
  let left = requests;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left-- > 0) await api.get(url);
    }),
  );
}

/** Takes a sample for each message of the parent process, which is a number of requests, and sends the sample back. */
export function serveSamples(take: (requests: number) => Promise<unknown>): void {
  process.on('message', async (requests: number) => process.send?.(await take(requests)));
  process.on('disconnect', () => process.exit());
}

/** Starts a client in its own process: the optimizations of V8 for one client must not affect another. */
export function startClient(script: string, ...args: string[]): ChildProcess {
  const execArgv = [...process.execArgv, '--expose-gc'];
  return fork(fileURLToPath(new URL(script, import.meta.url)), args, { execArgv });
}

export async function takeSample<T>(client: ChildProcess, requests: number): Promise<T> {
  client.send(requests);
  const [sample] = await once(client, 'message');
  return sample as T;
}
