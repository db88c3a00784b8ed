import { link, rename, rm, stat } from 'node:fs/promises';
import { refuseExisting } from '../batch/internal.ts';
import { FOREIGN_OUTPUT } from './names.ts';
import type { WholeSummary } from './summary.ts';

export type MergeResult = Omit<WholeSummary, 'status' | 'name' | 'alreadyComplete'>;

/**
 * Publishes an output under its final name. Prefers a link, because a rename would replace the output of another export that publishes
 * under the same name at this moment.
 *
 * @param before the output that a previous merge was about to publish.
 */
export async function publishOutput(
  unfinished: string,
  path: string,
  before: Merged | undefined,
): Promise<void> {
  const isLinked = await link(unfinished, path).then(
    () => true,
    () => false,
  );
  if (isLinked) return rm(unfinished, { force: true });
  // A network file system may lack links, or report a link that it has made as existing. Also, a merge that was suspended here may
  // have continued; its output has the same bytes.
  const isOurs = (await isOneFile(unfinished, path)) || (before && (await isSameOutput(path, before)));
  if (!isOurs) await refuseExisting(path, FOREIGN_OUTPUT);
  await rename(unfinished, path);
}

async function isOneFile(...paths: [string, string]): Promise<boolean> {
  const [one, other] = await Promise.all(
    paths.map((path) => stat(path, { bigint: true }).catch(() => undefined)),
  );
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

/** An output that was published, or was about to be. */
interface Merged {
  readonly bytes: number;
  /** The time of the last write in epoch milliseconds, which distinguishes the output from a foreign file of the same name. */
  readonly changed: number;
  readonly result: MergeResult;
}

export function readMerged(text: string | undefined): Merged | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}

export async function isSameOutput(path: string, { bytes, changed }: Merged): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.size === bytes && found.mtimeMs === changed;
}
