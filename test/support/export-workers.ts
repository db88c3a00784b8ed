import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { ExportWorkerOptions } from '../../src/bullmq/index.ts';

/** Settings of a worker process. */
export interface WorkerSettings
  extends Pick<
    ExportWorkerOptions,
    'queue' | 'prefix' | 'directory' | 'takeover' | 'concurrency' | 'checkpointInterval' | 'readAhead'
  > {
  connection: string;
  envUrl: string;
  clientId: string;
  clientSecret: string;
  pageSize?: number | undefined;
  rate?: { requests: number; interval: number };
  /** The directory of the modules of another version of this package. */
  modules?: string;
}

/** Event of a worker process, as JSON. */
interface PrintedEvent {
  type: string;
  name?: string;
  part?: number;
  why?: string;
  error?: string;
  progress?: { records: number; pages: number };
}

/** A worker in its own process, which is killed when the test ends. */
export interface WorkerProcess {
  readonly pid: number;
  readonly events: readonly PrintedEvent[];
  /** Resolves with the first event of this type. */
  until(type: string, part?: number): Promise<PrintedEvent>;
  kill(signal?: NodeJS.Signals): void;
  /** Exit code of the process, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export async function startWorkerProcess(settings: WorkerSettings): Promise<WorkerProcess> {
  const script = fileURLToPath(new URL('./export-worker-script.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events: PrintedEvent[] = [];
  const changes = new EventEmitter().setMaxListeners(0);
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(line.startsWith('{') ? JSON.parse(line) : { type: line });
    changes.emit('change');
  });
  let hasEnded = false;
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      hasEnded = true;
      changes.emit('change');
      resolve(signal ?? code ?? -1);
    });
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const until = async (type: string, part?: number) => {
    for (;;) {
      const found = events.find(
        (event) => event.type === type && (part === undefined || event.part === part),
      );
      if (found) return found;
      if (hasEnded)
        throw new Error(`the worker ended without the event ${type}: ${JSON.stringify(events.slice(-5))}`);
      await once(changes, 'change');
    }
  };
  await until('ready');
  return { pid: child.pid ?? 0, events, until, ended, kill: (signal = 'SIGKILL') => void child.kill(signal) };
}
