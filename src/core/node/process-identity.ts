import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Tells one process from all others, also from those that had or will have its number. */
export interface ProcessIdentity {
  pid: number;
  /** When it began: clock ticks since the machine's start on Linux, epoch milliseconds elsewhere. */
  began: number;
  /** Within what its number stands for it: a machine since its last start, and on Linux a container in it. */
  space: string;
  host: string;
}

// Elsewhere than on Linux the beginning is computed from a clock that can be set.
const SAME_BEGINNING = 2_000;

/** The mark of this process. */
export function thisProcess(): ProcessIdentity {
  const { pid } = process;
  const began = statOf(pid)?.began ?? Date.now() - process.uptime() * 1000;
  return { pid, began, space: pidSpace(), host: hostname() };
}

/**
 * Whether a process still runs, as seen from another.
 *
 * @returns undefined when that cannot be known from here: it ran on another machine, in another container, or before a restart.
 */
export function isRunning(it: ProcessIdentity, me: ProcessIdentity): boolean | undefined {
  if (it.space !== me.space) return undefined;
  try {
    process.kill(it.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const found = statOf(it.pid);
  // The number may be that of a younger process by now.
  if (found) return !found.ended && found.began === it.began;
  return it.pid !== me.pid || Math.abs(it.began - me.began) < SAME_BEGINNING;
}

/** What proc_pid_stat(5) says in its third field and the 22nd. */
function statOf(pid: number): { ended: boolean; began: number } | undefined {
  const text = told(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (text === undefined) return undefined;
  // The second field is the program's name in brackets, which may hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; only its parent has not asked for it yet.
  return { ended: /[ZX]/.test(fields[0] ?? ''), began: Number(fields[19]) };
}

function pidSpace(): string {
  const boot = told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const namespace = told(() => readlinkSync('/proc/self/ns/pid'));
  return [hostname(), boot?.trim(), namespace].join(' ').trim();
}

/** What the system tells, without waiting: it comes from memory. Undefined elsewhere than on Linux. */
function told(ask: () => string): string | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
