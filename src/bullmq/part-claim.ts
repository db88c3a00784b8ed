import { BatchError, type CheckpointStore } from '../batch/index.ts';
import { createMarker, notShared, readMarker } from './directory-marker.ts';
import type { Ledger } from './ledger.ts';
import { mustStartOver } from './part-state.ts';

/** A part, or the merge, that this worker was the last to claim. */
export interface PartClaim {
  /** For messages, such as `part 3 of january`. */
  readonly label: string;
  readonly fence: string;
  /** Fence of the worker that saved the checkpoint. */
  readonly savedBy: string | undefined;
  readonly checkpoints: CheckpointStore;
  /**
   * Notes a result of the export.
   *
   * @param keep a summary does not expire.
   * @throws BatchError `ERR_LOCKED` if another worker has claimed the part since.
   */
  note(name: 'failure' | 'merged' | 'summary', value: object, keep?: boolean): Promise<void>;
}

/** The worker that claims a part. */
export interface ClaimingWorker {
  readonly host: string;
  /** As `storedAccount` returns it. @default none */
  readonly account?: string;
  /** The directory that all workers must share; undefined if another store keeps the parts. */
  readonly directory?: string | undefined;
}

interface PartClaimOptions {
  ledger: Ledger;
  /** Name of the export. */
  name: string;
  /** The key of the part or of the merge. */
  key: string;
  run: string;
  label: string;
  worker: ClaimingWorker;
}

/**
 * Claims a part or the merge. Returns the reason if nothing is left to do.
 *
 * @throws LeftAloneError if the export is not for this worker. DirectoryError if the directory of the worker is not the directory of the
 * export, or cannot be used.
 */
export async function claimPart({
  ledger,
  name,
  key,
  run,
  label,
  worker: { host, account = '', directory },
}: PartClaimOptions): Promise<PartClaim | 'superseded' | 'complete' | 'failed'> {
  const claim = (marker: string) => ledger.claimPart(key, run, { account, host, marker });
  const find = async () => (directory === undefined ? '' : ((await readMarker(directory, name)) ?? 'none'));
  let reply = await claim(await find());
  if (reply.status === 'elsewhere') {
    // Another worker of this directory may have created the marker since.
    reply = await claim(
      reply.host === undefined ? await createMarker(String(directory), name) : await find(),
    );
  }
  if (reply.status === 'elsewhere') throw notShared(String(directory), name, host, String(reply.host));
  if (reply.status !== 'claimed') return reply.status;
  const { fence, savedBy } = reply;
  return {
    label,
    fence,
    savedBy,
    checkpoints: {
      name: `of ${label}`,
      async load() {
        const text = await ledger.load(key);
        return text !== undefined && mustStartOver(`of ${label}`, text) ? undefined : text;
      },
      async save(text) {
        if (!(await ledger.save(key, fence, text))) throw takenOver(label);
      },
    },
    async note(name, value, keep) {
      if (!(await ledger.note({ key, fence, run }, name, JSON.stringify(value), keep)))
        throw takenOver(label);
    },
  };
}

/** Returns the error of a worker whose claim is not the newest. */
export function takenOver(label: string): BatchError {
  return new BatchError(
    `${label} was taken over by another worker, or its export was submitted again, cancelled or removed. This worker saves nothing more of it.`,
    'ERR_LOCKED',
  );
}
