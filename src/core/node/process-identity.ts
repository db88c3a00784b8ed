import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isNewerFormat } from '../internal.ts';

/** Identifies one process, also if the system reuses its process ID. */
export interface ProcessIdentity {
  /** The version of this format. Version 0.2 of this package and earlier versions write none. */
  version?: number;
  pid: number;
  /** Start time: clock ticks since boot on Linux, milliseconds since the epoch elsewhere. */
  began: number;
  /** The space in which the process ID is unique: one boot of a machine, and on Linux one PID namespace. */
  space: string;
  host: string;
}

export const IDENTITY_VERSION = 1;

// Elsewhere than on Linux, the start time is computed from a clock that can be set.
const SAME_START = 2_000;

/** Returns the identity of this process. */
export function thisProcess(): ProcessIdentity {
  const { pid } = process;
  const began = statOf(pid)?.began ?? Date.now() - process.uptime() * 1000;
  return { version: IDENTITY_VERSION, pid, began, space: pidSpace(), host: hostname() };
}

/**
 * Returns whether a process still runs.
 *
 * @returns undefined if the process ran on another machine, in another container, or before a restart of the machine, or if a newer version of
 * this package wrote the identity.
 */
export function isRunning(it: ProcessIdentity, me: ProcessIdentity): boolean | undefined {
  if (it.space !== me.space || isNewerFormat(it.version, IDENTITY_VERSION)) return undefined;
  try {
    process.kill(it.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const found = statOf(it.pid);
  // The system may have given the process ID to a new process.
  if (found) return !found.ended && found.began === it.began;
  return it.pid !== me.pid || Math.abs(it.began - me.began) < SAME_START;
}

/** Reads the state (field 3) and the start time (field 22) from proc_pid_stat(5). */
function statOf(pid: number): { ended: boolean; began: number } | undefined {
  const text = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (text === undefined) return undefined;
  // The second field is the program name in parentheses, which may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended, but its parent has not collected its status yet.
  return { ended: /[ZX]/.test(fields[0] ?? ''), began: Number(fields[19]) };
}

function pidSpace(): string {
  const boot = tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const namespace = tryRead(() => readlinkSync('/proc/self/ns/pid'));
  return [hostname(), boot?.trim(), namespace].join(' ').trim();
}

/** Reads a file of /proc, synchronously because it comes from memory. Returns undefined elsewhere than on Linux. */
function tryRead(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
