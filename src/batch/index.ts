export type { Clock, Rate, RateLimiter } from '../core/index.ts';
export type { CheckpointStore, JournalStore } from './checkpoint-store.ts';
export { type Day, type DaysText, listDays } from './dates/list-days.ts';
export { resolveInterval } from './dates/resolve-interval.ts';
export type { DateOptions } from './dates/time-zone.ts';
export { DaysError } from './days/days-error.ts';
export { exportDays } from './days/export-days.ts';
export type { ExportDaysOptions } from './days/options.ts';
export type { DayOutcome, DaysSummary } from './days/outcome.ts';
export { startedWithin } from './days/started-within.ts';
export { BatchError, type BatchErrorCode } from './errors.ts';
export { type ExportSummary, exportRecords } from './export/export.ts';
export type { ExportOptions } from './export/options.ts';
export {
  type CheckImportOptions,
  checkImport,
  type ImportCheck,
  type LineProblem,
  type LineProblems,
} from './import/check-import.ts';
export { type CsvInputOptions, csvInput } from './import/csv-input.ts';
export { type ImportSummary, importRecords } from './import/import.ts';
export type { InputPosition, InputRecord, RecordInput } from './import/input.ts';
export { type JsonLinesInputOptions, jsonLinesInput } from './import/json-lines-input.ts';
export type { FedOutcome, FedRecord, ListName, Origin } from './import/list-record.ts';
export { type FieldMap, mapFields } from './import/map-fields.ts';
export type { ImportOptions, ImportProgress } from './import/options.ts';
export type { MaxRejects } from './import/reject-limit.ts';
export {
  type CheckRecords,
  type ImportTarget,
  type RecordResult,
  type SendRequest,
  unexpectedResults,
} from './import/target.ts';
export { type GenesysContactListOptions, genesysContactList } from './import/targets/genesys-contact-list.ts';
export {
  type GenesysExternalContactsOptions,
  genesysExternalContacts,
} from './import/targets/genesys-external-contacts.ts';
export { type RequestTargetOptions, requestTarget } from './import/targets/request-target.ts';
export type { ResultOptions } from './import/targets/response-results.ts';
export { ExactNumber } from './json/exact-number.ts';
export { toJson } from './json/to-json.ts';
export type { Progress, Waiting } from './progress.ts';
export { type CxoneResourceOptions, cxoneResource } from './resources/cxone-resource.ts';
export type { CxoneResourceName } from './resources/cxone-table.ts';
export { genesysResource } from './resources/genesys-resource.ts';
export type { GenesysResourceName } from './resources/genesys-table.ts';
export type { ResourceOptions } from './resources/resource-options.ts';
export type { RowLevel } from './rows/conversation-rows.ts';
export type { RunOptions } from './run-options.ts';
export { csvFile, csvStream, gzipCsvFile, gzipCsvStream } from './sinks/csv.ts';
export type { CsvOptions } from './sinks/csv-options.ts';
export {
  gzipJsonLinesFile,
  gzipJsonLinesStream,
  jsonLinesFile,
  jsonLinesStream,
} from './sinks/json-lines.ts';
export type { OpenSink, Sink } from './sinks/sink.ts';
export type { GzipOptions } from './sinks/text-output.ts';
export { childrenSource } from './sources/children.ts';
export type { ChildrenOptions } from './sources/children-options.ts';
export type { CxoneContact } from './sources/completed-contacts-answer.ts';
export type { GenesysConversation } from './sources/conversation-answer.ts';
export type { CsvRow } from './sources/csv-rows.ts';
export { type CursorOptions, cursorSource } from './sources/cursor.ts';
export {
  type CxoneCompletedContactsOptions,
  cxoneCompletedContacts,
} from './sources/cxone-completed-contacts.ts';
export { type CxoneDataExtractionOptions, cxoneDataExtraction } from './sources/cxone-data-extraction.ts';
export {
  type GenesysConversationJobsOptions,
  genesysConversationJobs,
} from './sources/genesys-conversation-jobs.ts';
export { type GenesysConversationsOptions, genesysConversations } from './sources/genesys-conversations.ts';
export {
  type GenesysConversationsTutorialOptions,
  genesysConversationsTutorial,
} from './sources/genesys-conversations-tutorial.ts';
export { jobSource } from './sources/job.ts';
export type { CreateJobOptions, JobOptions, JobStatusOptions } from './sources/job-options.ts';
export { type LinkOptions, linkSource } from './sources/link.ts';
export { type OffsetOptions, offsetSource } from './sources/offset.ts';
export { type PageNumberOptions, pageNumberSource } from './sources/page-number.ts';
export type { PollOptions } from './sources/poll.ts';
export { inOrder, readAhead } from './sources/read-ahead.ts';
export { type Slice, type SliceOptions, sliceSource } from './sources/slices.ts';
export type {
  Json,
  Page,
  PageSource,
  RecordId,
  SourceContext,
  SourceRequestOptions,
  WindowEnd,
} from './sources/source.ts';
