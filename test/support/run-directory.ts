import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

// Short, because the path of a Unix socket below it has at most 104 characters.
const NAME = /^aor-(\d+)-\w{6}$/;

// A signal handler cannot run after `kill -9`. This process polls until vitest ($0) ends, and also removes files that workers write
// after that.
const GUARD = `
  while kill -0 "$0" 2>/dev/null; do sleep 0.5; done
  for attempt in 1 2 3; do rm -rf "$@"; sleep 1; done
`;

/** Sets `TMPDIR` to a new directory for this run, and removes the directory when the run ends, however it ends. */
export default function setup(project: TestProject): () => void {
  const parent = tmpdir();
  removeLeftovers(parent);
  const directory = mkdtempSync(join(parent, `aor-${process.pid}-`));
  // Some tests run a process as another user, which needs a path to its files.
  chmodSync(directory, 0o711);
  const guard = spawn('sh', ['-c', GUARD, `${process.pid}`, directory, project.tmpDir], {
    cwd: parent,
    detached: true,
    stdio: 'ignore',
  });
  guard.unref();
  process.env.TMPDIR = directory;
  return () => {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
}

/** Removes the directories of runs whose process and guard were both killed. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(NAME.exec(name)?.[1]);
    if (!pid || isRunning(pid)) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
