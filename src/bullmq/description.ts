import { BatchError, type CsvOptions, csvFile, type Json } from '../batch/index.ts';
import { canonical, endingProblem, formatOf, OUTPUT_FORMATS, type OutputFormat } from '../batch/internal.ts';
import { ConfigurationError } from '../core/index.ts';
import { messageOf, type OptionTable, readOptions, refuse } from '../core/internal.ts';
import { outputProblem } from './names.ts';

/** Description of an export, as workers read it from Redis. */
export interface ExportDescription {
  /** Value of each part, for the worker's `source`. */
  readonly parts: readonly Json[];
  /** Value that all parts share, for the worker's `source`. */
  readonly common: Json;
  /** File below the workers' directory. Undefined: the parts are not merged. */
  readonly output?: string | undefined;
  readonly format: OutputFormat;
  readonly csv: CsvOptions;
  readonly keepParts: boolean;
  /** Absent in descriptions of version 0.5 and earlier. */
  readonly replace?: boolean | undefined;
  readonly keepSummary?: boolean | undefined;
}

/** Options that describe an export. */
export interface DescriptionOptions {
  /**
   * Values that identify the parts, such as the intervals of `splitInterval`, in the order of the output. Workers receive each value
   * unchanged. Redis stores the values in plain text: never include credentials, or an address that workers connect to.
   */
  parts: readonly Json[];
  /** Value that all parts share, such as the kind of the export and its filters. Stored like `parts`. @default null */
  common?: Json | undefined;
  /**
   * File into which the parts are merged: a path below the workers' `directory`. `false` keeps the parts and writes a manifest that
   * lists them.
   */
  output: string | false;
  /**
   * @default by the ending of `output`: `.csv` is CSV; `.jsonl`, `.json`, `.ndjson` and no ending are JSON Lines; `.gz` after any of
   * these endings compresses the file
   */
  format?: OutputFormat | undefined;
  /** Options of CSV output. */
  csv?: CsvOptions | undefined;
  /** Keep the parts in addition to the merged output. @default false */
  keepParts?: boolean | undefined;
  /**
   * Replace the output if it exists, in one step, when the new output is complete. Until then the previous output stays in place. Requires
   * an `output`. @default false: an existing output fails the export
   */
  replace?: boolean | undefined;
  /**
   * Keep the summary of the complete export in Redis until `removeExport`, so that a later submission of the same export returns it
   * without a new export. @default false: Redis keeps the summary for 7 days
   */
  keepSummary?: boolean | undefined;
}

export const DESCRIPTION_OPTIONS: OptionTable<DescriptionOptions> = {
  parts: 'any',
  common: 'any',
  output: 'any',
  format: 'any',
  csv: 'any',
  keepParts: 'boolean',
  replace: 'boolean',
  keepSummary: 'boolean',
};

const MEMBERS: OptionTable<ExportDescription> = DESCRIPTION_OPTIONS;

// All jobs of an export are added in one transaction.
const MAX_PARTS = 5000;

/** Returns the text of a description; equal descriptions have equal texts. @throws ConfigurationError */
export function writeDescription(options: DescriptionOptions): string {
  const { parts, common = null, output, csv = {}, keepParts = false, replace, keepSummary } = options;
  refuse('submitExport', problemsOf(options));
  const merged = output === false ? {} : { output };
  const format = options.format ?? formatOf(output || '') ?? 'jsonl';
  // Left out if false, so that an earlier version reads the description, and so that its text stays the same.
  const further = { ...(replace && { replace }), ...(keepSummary && { keepSummary }) };
  return canonical({ parts, common, ...merged, format, csv, keepParts, ...further });
}

/**
 * Reads a text of {@link writeDescription}, with the same checks as options, because other programs can write to Redis.
 *
 * @throws BatchError `ERR_QUEUE`
 */
export function readDescription(text: string): ExportDescription {
  try {
    const given: ExportDescription = Object(JSON.parse(text));
    const [{ output, ...members }, problems] = readOptions(given, MEMBERS);
    const absent = { keepParts: false, replace: false, keepSummary: false };
    const read = { ...absent, ...members, csv: { ...members.csv } };
    refuse('export in Redis', [...problemsOf({ ...read, output: output ?? false }), ...problems]);
    return { ...read, ...(output !== undefined && { output }) };
  } catch (error) {
    throw new BatchError(
      'the description of this export in Redis is invalid, perhaps because another version of axios-oauth-refresh or another program wrote ' +
        `it: ${messageOf(error)} Run the same version on all hosts.`,
      'ERR_QUEUE',
      { resumable: false },
    );
  }
}

/** Returns the number of parts; 0 if the description is invalid, because also such an export must be removable. */
export function partsOf(description: string): number {
  try {
    return readDescription(description).parts.length;
  } catch (error) {
    if (error instanceof BatchError) return 0;
    throw error;
  }
}

function problemsOf({ parts, common, output, format, csv, replace }: DescriptionOptions) {
  const isList = Array.isArray(parts);
  return [
    !(isList && parts.length > 0) && 'parts must be an array of at least one part',
    isList && parts.length > MAX_PARTS && `parts must be at most ${MAX_PARTS}, not ${parts.length}`,
    isList && !parts.every(isJson) && 'parts must contain only JSON values',
    common !== undefined && !isJson(common) && 'common must be a JSON value',
    output !== false && outputProblem(output),
    output === false && replace && 'replace requires an output',
    typeof output === 'string' && format === undefined && endingProblem(output, 'format'),
    format !== undefined &&
      !OUTPUT_FORMATS.includes(format) &&
      `format must be one of ${OUTPUT_FORMATS.join(', ')}, not ${JSON.stringify(format)}`,
    ...csvProblems(csv),
  ];
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

/** Checks the CSV options now, because the merge that uses them runs only after the whole export. */
function csvProblems(csv: CsvOptions = {}): readonly string[] {
  const { columns = [] } = { ...csv };
  if (typeof csv !== 'object' || csv === null || !Array.isArray(columns)) {
    return ['csv must be an object with options of csvFile'];
  }
  try {
    csvFile('', csv);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map((problem) => `csv.${problem}`);
    throw error;
  }
}
