import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, onTestFinished } from 'vitest';
import type { EndSignal } from '../../src/cli/io.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { Captured, type Outcome, run } from './support.ts';

/** A command that runs in this process until it receives a signal. */
export interface Running {
  stderr: Captured;
  ended: Promise<Outcome>;
  send(signal: EndSignal): void;
}

export function begin(args: readonly string[], env: Record<string, string>): Running {
  const stderr = new Captured();
  let send: Running['send'] = () => {};
  const ended = run(args, env, {
    stderr,
    onStart: (sendSignal) => {
      send = sendSignal;
    },
  });
  return { stderr, ended, send: (signal) => send(signal) };
}

/** Returns a queue and a directory, which are new for each test. */
export function useQueue(redis: { url: string; prefix: string }) {
  const place = { queue: [] as string[], directory: '' };
  beforeEach(async () => {
    place.queue = ['--queue', redis.url, '--queue-name', `${redis.prefix}-${randomUUID().slice(0, 8)}`];
    place.directory = await temporaryDirectory();
  });
  return {
    place,
    /** Starts a worker in this process, which stops when the test ends. */
    worker(env: Record<string, string>, ...more: string[]): Running {
      const flags = ['--directory', place.directory, '--takeover', '1', '--rate', 'none', ...more];
      const running = begin(['worker', ...place.queue, ...flags], env);
      onTestFinished(async () => {
        running.send('SIGTERM');
        await running.ended;
      });
      return running;
    },
    /** Returns the arguments of an export in six parts. */
    exporting({ interval }: { interval: string }, out: string, ...more: string[]): string[] {
      const flags = ['--interval', interval, '--out', out, '--parts', '6', '--progress-interval', '0'];
      return ['export', 'genesys-conversations', ...flags, ...place.queue, ...more];
    },
    content: (name: string) => readFile(join(place.directory, name), 'utf8'),
  };
}
