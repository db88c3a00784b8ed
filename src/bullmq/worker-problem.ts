import { BatchError, type BatchErrorCode } from '../batch/index.ts';

/**
 * A failure whose cause is the machine of one worker, such as its directory, disk, network or credentials. The part goes back to the queue
 * unchanged, and the worker pauses.
 */
export class WorkerProblem extends BatchError {
  constructor(message: string, code: BatchErrorCode, cause?: Error) {
    super(message, code, { cause });
  }
}
