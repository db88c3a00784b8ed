import { type FSWatcher, watch } from 'node:fs';
import type { Wake } from './polling.ts';

/** The changes of the files in a directory. */
export interface DirectoryChanges {
  /** Returns what to wake a poll with when a file changes. Returns undefined if the system cannot watch the directory. */
  of(name: string): Wake | undefined;
  close(): void;
}

export function watchDirectory(path: string): DirectoryChanges {
  const listeners = new Map<string, () => void>();
  const watcher = tryToWatch(path, (name) => {
    if (name !== null) listeners.get(name)?.();
    else for (const listener of listeners.values()) listener();
  });
  return {
    of: (name) =>
      watcher &&
      ((listener) => {
        listeners.set(name, listener);
        return () => void listeners.delete(name);
      }),
    close: () => watcher?.close(),
  };
}

function tryToWatch(path: string, onChange: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, (_, name) => onChange(name));
    // For example, the directory was removed; the next attempt reports it.
    return watcher.on('error', () => {});
  } catch {
    // The system has run out of watches, or the file system does not support them.
    return undefined;
  }
}
