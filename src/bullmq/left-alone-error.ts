import { BatchError } from '../batch/index.ts';
import type { ExportOwner } from './worker-warnings.ts';

/** An export that this process leaves unchanged, because it belongs to another account or to a newer version of this package. */
export class LeftAloneError extends BatchError {
  /** What a worker must match to process the export; undefined if that is unknown. */
  readonly owner: ExportOwner | undefined;

  constructor(message: string, owner?: ExportOwner) {
    super(message, 'ERR_QUEUE', { resumable: false });
    this.owner = owner;
  }
}
