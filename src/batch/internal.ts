export { canonical, parseCheckpoint } from './checkpoint.ts';
export { type ExportState, runExport, START } from './export/run.ts';
export { openAppendFile } from './files/append-file.ts';
export { replaceFile, syncDirectory } from './files/durable-file.ts';
export { fileError } from './files/file-error.ts';
export { refuseExisting } from './files/set-aside.ts';
export { rateProblems } from './requests.ts';
export {
  endingProblem,
  fileSink,
  formatOf,
  isCsv,
  OUTPUT_FORMATS,
  type OutputFormat,
} from './sinks/formats.ts';
export { linesFile, toJsonLine } from './sinks/json-lines.ts';
export { checkInterval, type Interval, parseInterval } from './sources/interval.ts';
export type { JsonMembers } from './sources/member-path.ts';
export { toText } from './sources/windows.ts';
export { interrupted, toBatchError } from './to-batch-error.ts';
