import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { SimulatorOptions } from '../../src/testing/index.ts';
import type { NightsExport } from './nights-export.ts';
import type { Order, Report } from './nights-simulator.ts';

/** Starts the simulator in a process of its own. `now` is the first time of its clock, in epoch milliseconds. */
export async function startSimulator(
  program: string,
  options: SimulatorOptions & { speed: number; now: number },
) {
  const child = fork(program, [JSON.stringify(options)]);
  const [vendor] = (await once(child, 'message')) as [Report];
  if (vendor.event !== 'started') throw new Error('the simulator did not start');
  const tell = (order: Order) => void child.send(order);
  let onReached = () => {};
  child.on('message', () => onReached());
  return {
    vendor,
    tell,
    /** Resolves when the APIs have received this many more requests. */
    reaches(requests: number): Promise<void> {
      tell({ requests });
      return new Promise((resolve) => {
        onReached = resolve;
      });
    },
    end: () => child.kill('SIGKILL'),
  };
}

/** Starts a run of the export. */
export function startExport(program: string, settings: NightsExport) {
  const child: ChildProcess = spawn(process.execPath, [program, JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code ?? -1));
  });
  return { ended, kill: () => child.kill('SIGKILL'), stderr: () => stderr };
}
