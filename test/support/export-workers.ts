import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { ExportWorkerOptions } from '../../src/bullmq/index.ts';

/** The settings of a worker process. */
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
}

/** An event that a worker process printed. */
interface WorkerEvent {
  type: string;
  name?: string;
  part?: number;
  why?: string;
  error?: string;
  progress?: { records: number; pages: number };
}

/** A worker process, which ends with the test at the latest. */
export interface WorkerProcess {
  readonly pid: number;
  readonly told: readonly WorkerEvent[];
  /** Resolves with the first event of a type. */
  until(type: string, part?: number): Promise<WorkerEvent>;
  kill(signal?: NodeJS.Signals): void;
  /** The exit code, or the signal that ended the process. */
  readonly ended: Promise<number | string>;
}

export async function startWorkerProcess(settings: WorkerSettings): Promise<WorkerProcess> {
  const script = fileURLToPath(new URL('./export-worker-script.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told: WorkerEvent[] = [];
  const changes = new EventEmitter().setMaxListeners(0);
  createInterface({ input: child.stdout }).on('line', (line) => {
    told.push(line.startsWith('{') ? JSON.parse(line) : { type: line });
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
      const found = told.find((event) => event.type === type && (part === undefined || event.part === part));
      if (found) return found;
      if (hasEnded)
        throw new Error(`the worker ended without the event ${type}: ${JSON.stringify(told.slice(-5))}`);
      await once(changes, 'change');
    }
  };
  await until('ready');
  return { pid: child.pid ?? 0, told, until, ended, kill: (signal = 'SIGKILL') => void child.kill(signal) };
}
