export type { OutputFormat } from '../batch/internal.ts';
export type { QueueConnection } from './connection.ts';
export type { DescriptionOptions } from './description.ts';
export { directoryParts } from './directory-parts.ts';
export type { ExportHandle, FinishedOptions } from './handle.ts';
export {
  type ListedExport,
  listExports,
  type ShownExport,
  showExport,
  type UnfinishedPart,
} from './list-exports.ts';
export type { NamedExportOptions } from './open-queue.ts';
export type { PartName, PartStore } from './part-store.ts';
export { removeExport } from './remove-export.ts';
export { type SharedRate, type SharedRateOptions, sharedRate } from './shared-rate.ts';
export { splitInterval } from './split-interval.ts';
export { cancelExport, pauseQueue, resumeQueue } from './steer.ts';
export { type SubmitOptions, submitExport } from './submit.ts';
export type { WholeSummary } from './summary.ts';
export type { WholeProgress } from './whole-progress.ts';
export { type ExportWorker, startExportWorker } from './worker.ts';
export type { ExportWorkerEvent, ExportWorkerOptions, QueueOptions } from './worker-options.ts';
export type { WorkerInfo } from './worker-registry.ts';
