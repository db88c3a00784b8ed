import { BatchError, type CsvOptions, csvFile, type Json } from '../batch/index.ts';
import { canonical, endingProblem, formatOf, OUTPUT_FORMATS, type OutputFormat } from '../batch/internal.ts';
import { ConfigurationError } from '../core/index.ts';
import { refuse } from '../core/internal.ts';
import { outputProblem } from './names.ts';

/** What an export is, as workers read it in Redis. */
export interface ExportDescription {
  /** What each part is, for the worker's `source`. */
  readonly parts: readonly Json[];
  /** What they have in common. */
  readonly common: Json;
  /** The file below the workers' directory; undefined where the parts are left as they are. */
  readonly output?: string | undefined;
  readonly format: OutputFormat;
  readonly csv: CsvOptions;
  readonly keepParts: boolean;
}

/** What of an export's description is chosen when it is submitted. */
export interface DescriptionOptions {
  /**
   * What each part is, in the order of the output, such as the intervals of `splitInterval`. Workers are given it as it is. It
   * is stored in clear: no credentials, and nothing that says where a worker connects to.
   */
  parts: readonly Json[];
  /** What all parts have in common, such as the kind of the export and its filters; stored like `parts`. @default null */
  common?: Json | undefined;
  /**
   * The file that the parts are merged into: a path below the workers' `directory`. `false` leaves the parts, with a manifest of
   * them.
   */
  output: string | false;
  /**
   * @default by the ending of `output`: `.csv` is CSV; `.jsonl`, `.json`, `.ndjson` and no ending are JSON Lines; `.gz` after any of
   * these compresses the file
   */
  format?: OutputFormat | undefined;
  /** Of an output that is CSV. */
  csv?: CsvOptions | undefined;
  /** Keep the parts beside the merged output. @default false */
  keepParts?: boolean | undefined;
}

// A flow is added in one transaction.
const MOST_PARTS = 5000;

/** The text of a description, the same for equal ones. @throws ConfigurationError */
export function writeDescription(options: DescriptionOptions): string {
  const { parts, common = null, output, csv = {}, keepParts = false } = options;
  refuse('submitExport', problemsOf(options));
  const merged = output === false ? {} : { output };
  const format = options.format ?? formatOf(output || '') ?? 'jsonl';
  return canonical({ parts, common, ...merged, format, csv, keepParts });
}

/**
 * Reads what {@link writeDescription} wrote, and trusts it as little as what is given by a caller.
 *
 * @throws BatchError `ERR_QUEUE`
 */
export function readDescription(text: string): ExportDescription {
  try {
    const { parts, common, output, format, csv, keepParts }: ExportDescription = Object(JSON.parse(text));
    const read = { parts, common, format, csv: { ...csv }, keepParts: keepParts === true };
    refuse('the export in Redis', problemsOf({ ...read, output: output ?? false }));
    return { ...read, ...(output !== undefined && { output }) };
  } catch (error) {
    throw new BatchError(
      `what is in Redis for this export is not what was submitted: ${error instanceof Error ? error.message : ''}`,
      'ERR_QUEUE',
      { resumable: false },
    );
  }
}

function problemsOf({ parts, common, output, format, csv }: DescriptionOptions) {
  const isList = Array.isArray(parts);
  return [
    !(isList && parts.length > 0) && 'parts must be a list of at least one part',
    isList && parts.length > MOST_PARTS && `parts must be at most ${MOST_PARTS}`,
    isList && !parts.every(isJson) && 'parts must be JSON',
    common !== undefined && !isJson(common) && 'common must be JSON',
    output !== false && outputProblem(output),
    typeof output === 'string' && format === undefined && endingProblem(output, 'format'),
    format !== undefined &&
      !OUTPUT_FORMATS.includes(format) &&
      `format must be one of ${OUTPUT_FORMATS.join(', ')}`,
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

/** Before the parts are read, not when they are merged. */
function csvProblems(csv: CsvOptions = {}): readonly string[] {
  const { columns = [] } = { ...csv };
  if (typeof csv !== 'object' || csv === null || !Array.isArray(columns)) {
    return ['csv must be the options of csvFile'];
  }
  try {
    csvFile('', csv);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map((problem) => `csv.${problem}`);
    throw error;
  }
}
