import { BatchError } from '../batch/index.ts';

/** A failure of the directory of one worker. The part goes back to the queue unchanged, and the worker pauses. */
export class DirectoryError extends BatchError {
  constructor(message: string, cause: Error) {
    super(message, 'ERR_OUTPUT', { cause });
  }
}
