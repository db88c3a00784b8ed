import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BatchError, type CsvOptions, type Progress } from '../batch/index.ts';
import { fileError, NO_RECORDS, refuseExisting, replaceFile, runExport, START } from '../batch/internal.ts';
import { isError } from '../core/internal.ts';
import { syncDirectory } from '../core/node/index.ts';
import type { ExportDescription } from './description.ts';
import { removeMarker } from './directory-marker.ts';
import type { JobProgress } from './job-progress.ts';
import type { JobContext, JobOfExport } from './jobs.ts';
import { mergedSink } from './merged-sink.ts';
import { mergedSource } from './merged-source.ts';
import { FOREIGN_OUTPUT } from './names.ts';
import { boundWarnings, sumOutcomes } from './outcome.ts';
import type { PartClaim } from './part-claim.ts';
import { folderOf } from './part-folder.ts';
import { removeJournals } from './part-journal.ts';
import { type PartState, readStates } from './part-state.ts';
import { isSameOutput, type MergeResult, publishOutput, readMerged } from './publish-output.ts';

/**
 * Merges the parts into one output, or writes a manifest of the parts. Each worker that tries writes a file of its own, which gets
 * the name of the output when the merge is complete. A merge that was killed starts again.
 */
export async function mergeParts(
  context: JobContext,
  job: JobOfExport,
  description: ExportDescription,
  claim: PartClaim,
  onProgress: (progress: JobProgress) => void = () => {},
): Promise<MergeResult> {
  const states = await completeStates(job, description);
  const summary =
    description.output === undefined
      ? await writeManifest(context, job, description, states)
      : await writeOutput(context, job, description, states, claim, description.output, onProgress);
  await claim.note('summary', summary, description.keepSummary);
  await cleanUp(context, job, description);
  return summary;
}

/** Removes what a complete export no longer needs. */
export async function cleanUp(
  { directory, parts }: JobContext,
  { name, keys, ledger }: JobOfExport,
  { output, keepParts, parts: list }: ExportDescription,
): Promise<void> {
  if (output !== undefined) {
    await removeUnfinished(join(directory, output));
    if (!keepParts) await parts.remove(name);
  }
  await removeMarker(directory, name);
  await removeJournals(directory, name);
  await ledger.remove([keys.failures, ...keys.parts(list.length)]);
}

async function completeStates(job: JobOfExport, { parts }: ExportDescription): Promise<PartState[]> {
  const states = await readStates(job, parts.length);
  const missing = states.findIndex(({ complete }) => !complete);
  if (missing === -1) return states;
  throw new BatchError(
    `the merge of ${job.name} has started, but part ${missing} is not complete: Redis has lost data. Configure Redis to be durable ` +
      '(appendonly yes) and to evict nothing (maxmemory-policy noeviction), then submit the export again.',
    'ERR_QUEUE',
  );
}

async function writeManifest(
  { directory, parts }: JobContext,
  { name }: JobOfExport,
  description: ExportDescription,
  states: readonly PartState[],
): Promise<MergeResult> {
  const manifest = join(folderOf('', name), 'manifest.json');
  const sums = sumsOf(states);
  const none = sums.records === 0 ? [NO_RECORDS] : [];
  const result = { ...sums, warnings: boundWarnings([...none, ...sums.warnings]) };
  const list = states.map(({ records, repeated, outside, outcome, position = [] }, part) => {
    const where = { name, part, position };
    return {
      part: description.parts[part],
      records,
      repeated,
      outside,
      ...outcome,
      segments: parts.locate ? parts.locate(where) : position,
    };
  });
  // A part store of another kind has not created the folder.
  await mkdir(folderOf(directory, name), { recursive: true });
  const text = JSON.stringify(
    { version: 1, name, common: description.common, ...result, parts: list },
    null,
    2,
  );
  await replaceFile(join(directory, manifest), `${text}\n`);
  return { ...result, parts: states.length, manifest };
}

async function writeOutput(
  context: JobContext,
  { name, signal, ledger }: JobOfExport,
  description: ExportDescription,
  states: readonly PartState[],
  claim: PartClaim,
  output: string,
  onProgress: (progress: JobProgress) => void,
): Promise<MergeResult> {
  const { api, directory, parts, source } = context;
  const path = join(directory, output);
  const merged = readMerged((await ledger.read()).merged);
  // The previous merge was killed after it had published the output and before it noted its summary.
  if (merged && (await isSameOutput(path, merged))) return merged.result;
  if (!description.replace) await refuseExisting(path, FOREIGN_OUTPUT);
  if (dirname(output) !== '.') await mkdir(dirname(path), { recursive: true });

  const first = await source(description.parts[0] ?? null, description.common);
  const list = states.map(({ records, position = [] }, part) => ({
    label: `part ${part} of ${name}`,
    records,
    read: () => parts.read({ name, part, position }),
  }));
  const total = sumsOf(states).records;
  const unfinished = `${path}.merging.${claim.fence}`;
  const options = {
    api,
    source: mergedSource(list, first.identify?.bind(first)),
    sink: mergedSink(unfinished, description.format, csvOf(description, states)),
    // A merge does not resume, so only its end must be durable.
    checkpointInterval: Number.POSITIVE_INFINITY,
    signal,
    onProgress: ({ records, repeated, pages }: Progress) =>
      onProgress({ records: records + repeated, pages, total }),
  };
  try {
    const progress = await runExport(options, START, undefined, async () => {});
    const { warnings, ...sums } = sumsOf(states);
    const result = {
      ...sums,
      records: progress.records,
      repeated: sums.repeated + progress.repeated,
      warnings: boundWarnings([...progress.warnings, ...warnings]),
      parts: states.length,
      output,
    };
    const { size, mtimeMs } = await stat(unfinished);
    await claim.note('merged', { bytes: size, changed: mtimeMs, result });
    if (description.replace) await rename(unfinished, path);
    else await publishOutput(unfinished, path, merged);
    await syncDirectory(dirname(path));
    return result;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw isError(error) && 'syscall' in error ? fileError(path, error) : error;
  }
}

/** Returns the options of the CSV output. The pages of the merge are not the pages of the API, so columns are not checked twice. */
function csvOf({ csv }: ExportDescription, [first]: readonly PartState[]): CsvOptions {
  const areChecked = first?.outcome !== undefined && first.records > 0;
  return csv.columns && areChecked ? { ...csv, allowEmptyColumns: true } : csv;
}

function sumsOf(states: readonly PartState[]) {
  return {
    records: states.reduce((sum, { records }) => sum + records, 0),
    repeated: states.reduce((sum, { repeated }) => sum + repeated, 0),
    outside: states.reduce((sum, { outside }) => sum + outside, 0),
    ...sumOutcomes(states.map(({ outcome }) => outcome)),
  };
}

/** Removes unfinished outputs of merges that were killed or lost their claim. */
async function removeUnfinished(path: string): Promise<void> {
  const start = `${basename(path)}.merging.`;
  const names = await readdir(dirname(path)).catch((): string[] => []);
  for (const name of names) {
    if (name.startsWith(start) && /^\d+$/.test(name.slice(start.length))) {
      await rm(join(dirname(path), name), { force: true });
    }
  }
}
