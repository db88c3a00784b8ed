import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How to replace a file. */
interface ReplaceOptions {
  /** The mode of the new file. @default 0o666 without the bits of the umask */
  readonly mode?: number;
  /** The path of the new file, which is renamed to the old file. @default the path with `.tmp`, which is overwritten */
  readonly temporary?: string;
  /** Whether the new text must survive a power failure. @default true */
  readonly isDurable?: boolean;
  /** Called before the new file replaces the old file. If it rejects, the old file stays. */
  readonly verify?: () => Promise<void>;
}

/**
 * Replaces the content of a file atomically: other processes, and this one after a crash, read either the old or the complete new text. A
 * full disk keeps the old text.
 *
 * @throws errors of the file system, and what `verify` throws.
 */
export async function replaceFile(path: string, text: string, options: ReplaceOptions = {}): Promise<void> {
  const { mode, temporary, isDurable = true, verify } = options;
  const written = temporary ?? `${path}.tmp`;
  // With a name of its own, the file must be new: an existing file may be a link or have another mode.
  const file = await open(written, temporary === undefined ? 'w' : 'wx', mode);
  try {
    try {
      // A file that a crashed process left behind may have another mode.
      if (mode !== undefined) await file.chmod(mode);
      await file.writeFile(text);
      if (isDurable) await file.sync();
    } finally {
      // Network file systems report a full disk only here.
      await file.close();
    }
    await verify?.();
    await rename(written, path);
    if (isDurable) await syncDirectory(dirname(path));
  } catch (error) {
    // Free the space: the disk may be full.
    await rm(written, { force: true }).catch(() => {});
    throw error;
  }
}

/** Writes the names in a directory to the disk, so that they survive a crash. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows cannot sync a directory, and some network file systems refuse to. The rename has to suffice there.
  const directory = await open(path, 'r').catch(() => undefined);
  await directory?.sync().catch(() => {});
  await directory?.close();
}
