import { BatchError, type CheckpointStore } from '../batch/index.ts';
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
  /** Notes a result of the export. @throws BatchError `ERR_LOCKED` if another worker has claimed the part since. */
  note(name: 'failure' | 'merged' | 'summary', value: object): Promise<void>;
}

interface PartClaimOptions {
  ledger: Ledger;
  /** The key of the part or of the merge. */
  key: string;
  run: string;
  label: string;
}

/** Claims a part or the merge. Returns the reason if nothing is left to do. */
export async function claimPart({
  ledger,
  key,
  run,
  label,
}: PartClaimOptions): Promise<PartClaim | 'superseded' | 'complete' | 'failed'> {
  const reply = await ledger.claimPart(key, run);
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
    async note(name, value) {
      if (!(await ledger.note({ key, fence, run }, name, JSON.stringify(value)))) throw takenOver(label);
    },
  };
}

/** Returns the error of a worker whose claim is not the newest. */
export function takenOver(label: string): BatchError {
  return new BatchError(
    `${label} was taken over by another worker, or its export was submitted again or removed. This worker saves nothing more of it.`,
    'ERR_LOCKED',
  );
}
