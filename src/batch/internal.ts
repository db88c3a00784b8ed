export { canonical, parseCheckpoint, VERSION as CHECKPOINT_VERSION } from './checkpoint.ts';
export { timeZoneProblem } from './dates/time-zone.ts';
export { pendingDays } from './days/export-days.ts';
export { EXPORT_DEFAULTS } from './export/options.ts';
export { runExport } from './export/run.ts';
export { withoutUserInfo } from './export/saved-export.ts';
export { type ExportState, NO_RECORDS, START, warningsOf } from './export/state.ts';
export { openAppendFile } from './files/append-file.ts';
export { replaceFile } from './files/durable-file.ts';
export { fileError } from './files/file-error.ts';
export { refuseExisting } from './files/set-aside.ts';
export { DEFAULTS as CSV_INPUT_DEFAULTS } from './import/csv-input.ts';
export { IMPORT_DEFAULTS } from './import/options.ts';
export { REQUEST_DEFAULTS } from './import/targets/request-target.ts';
export { isJsonObject, type JsonObject } from './json/json-object.ts';
export { parseExact } from './json/parse-exact.ts';
export { toJsonLine } from './json/to-json.ts';
export { isOutage } from './requests/outage.ts';
export { CXONE_RESOURCES } from './resources/cxone-table.ts';
export { GENESYS_RESOURCES } from './resources/genesys-table.ts';
export { type Resource, type ResourceTable, recordKey } from './resources/resource.ts';
export { resourceProblem } from './resources/resource-options.ts';
export { conversationRows, ROW_LEVELS, type RowLevel } from './rows/conversation-rows.ts';
export type { ColumnType } from './rows/genesys-columns.ts';
export { RUN_DEFAULTS } from './run-options.ts';
export { checkColumns } from './sinks/columns.ts';
export { rowModel } from './sinks/csv-options.ts';
export { csvRecords } from './sinks/csv-records.ts';
export {
  endingProblem,
  fileSink,
  formatOf,
  isCsv,
  isGzip,
  OUTPUT_FORMATS,
  type OutputFormat,
  streamSink,
} from './sinks/formats.ts';
export { linesFile } from './sinks/json-lines.ts';
export { DEFAULTS as CURSOR_DEFAULTS } from './sources/cursor.ts';
export { DEFAULTS as CONTACTS_DEFAULTS } from './sources/cxone-completed-contacts.ts';
export { DEFAULTS as EXTRACTION_DEFAULTS } from './sources/cxone-data-extraction.ts';
export { DEFAULTS as CONVERSATION_JOBS_DEFAULTS } from './sources/genesys-conversation-jobs.ts';
export { DEFAULTS as CONVERSATIONS_DEFAULTS } from './sources/genesys-conversations.ts';
export { checkInterval, type Interval, parseInterval } from './sources/interval.ts';
export { type JsonMembers, pathReader } from './sources/member-path.ts';
export { DEFAULTS as OFFSET_DEFAULTS } from './sources/offset.ts';
export { DEFAULTS as PAGE_NUMBER_DEFAULTS } from './sources/page-number.ts';
export { PAGED_DEFAULTS } from './sources/paged-request.ts';
export { toText } from './sources/windows.ts';
export { toBatchError } from './to-batch-error.ts';
