import { BatchError, type CheckpointStore } from '../batch/index.ts';
import type { Ledger } from './ledger.ts';

/** A part, or the merge, as the one worker has it that took it last. */
export interface Place {
  /** For messages, such as `part 3 of january`. */
  readonly label: string;
  readonly fence: string;
  readonly checkpoints: CheckpointStore;
  /** Notes what became of the export. @throws BatchError `ERR_LOCKED` when the place was taken over. */
  note(name: 'failure' | 'merged' | 'summary', value: object): Promise<void>;
}

interface PlaceOptions {
  ledger: Ledger;
  /** The key of the part or of the merge. */
  place: string;
  run: string;
  label: string;
}

/** Takes a place, unless there is nothing left to do there: then it is said why. */
export async function takePlace({
  ledger,
  place,
  run,
  label,
}: PlaceOptions): Promise<Place | 'superseded' | 'complete' | 'failed'> {
  const turn = await ledger.take(place, run);
  if (turn.status !== 'taken') return turn.status;
  const { fence } = turn;
  const takenOver = () =>
    new BatchError(
      `${label} was taken over by another worker, or its export was submitted again or removed: nothing more is saved here.`,
      'ERR_LOCKED',
    );
  return {
    label,
    fence,
    checkpoints: {
      name: `of ${label}`,
      load: () => ledger.load(place),
      async save(text) {
        if (!(await ledger.save(place, fence, text))) throw takenOver();
      },
    },
    async note(name, value) {
      if (!(await ledger.note({ place, fence, run }, name, JSON.stringify(value)))) throw takenOver();
    },
  };
}
