import { link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BatchError } from '../batch/index.ts';
import {
  fileError,
  refuseExisting,
  replaceFile,
  runExport,
  START,
  syncDirectory,
} from '../batch/internal.ts';
import type { ExportDescription } from './description.ts';
import type { JobContext, JobOfExport } from './jobs.ts';
import { mergedSource } from './merged-source.ts';
import { IS_ANOTHERS } from './names.ts';
import { mergedSink } from './output-format.ts';
import type { Place } from './part-claim.ts';
import { type PartState, partState } from './part-state.ts';
import type { WholeSummary } from './summary.ts';
import { removeUnfinished } from './unfinished.ts';

type Result = Omit<WholeSummary, 'status' | 'name' | 'alreadyComplete'>;

/**
 * Makes one output of the parts, or a manifest of them. It is made under a name of its own for each worker that tries, and gets
 * its name at once when it is whole; a merge that was killed is made again.
 */
export async function mergeParts(
  context: JobContext,
  job: JobOfExport,
  description: ExportDescription,
  place: Place,
): Promise<Result> {
  const states = await completeStates(job, description);
  const summary =
    description.output === undefined
      ? await writeManifest(context, job, description, states)
      : await writeOutput(context, job, description, states, place, description.output);
  await place.note('summary', summary);
  await tidy(context, job, description);
  return summary;
}

/** Removes what a complete export needs no longer. */
export async function tidy(
  { directory, parts }: JobContext,
  { name, keys, ledger }: JobOfExport,
  { output, keepParts, parts: list }: ExportDescription,
): Promise<void> {
  if (output !== undefined) {
    await removeUnfinished(join(directory, output));
    if (!keepParts) await parts.remove(name);
  }
  await ledger.remove(list.map((_, part) => keys.part(part)));
}

async function completeStates(
  { name, keys, ledger }: JobOfExport,
  { parts }: ExportDescription,
): Promise<PartState[]> {
  const texts = await ledger.checkpoints(parts.map((_, part) => keys.part(part)));
  const states = texts.map((text, part) => partState(`part ${part} of ${name}`, text));
  const missing = states.findIndex(({ complete }) => !complete);
  if (missing === -1) return states;
  throw new BatchError(
    `part ${missing} of ${name} is to be merged but is not complete: Redis has lost what it was told. See that it is ` +
      'durable (appendonly yes) and evicts nothing (maxmemory-policy noeviction), and submit the export again.',
    'ERR_QUEUE',
  );
}

async function writeManifest(
  { directory, parts }: JobContext,
  { name }: JobOfExport,
  description: ExportDescription,
  states: readonly PartState[],
): Promise<Result> {
  const manifest = join(`${name}.parts`, 'manifest.json');
  const sums = sumsOf(states);
  const list = states.map(({ records, repeated, position = [] }, part) => {
    const where = { name, part, position };
    return {
      part: description.parts[part],
      records,
      repeated,
      segments: parts.locate ? parts.locate(where) : position,
    };
  });
  // With a store of another kind there was nothing to be put there.
  await mkdir(join(directory, `${name}.parts`), { recursive: true });
  const text = JSON.stringify(
    { version: 1, name, common: description.common, ...sums, parts: list },
    null,
    2,
  );
  await replaceFile(join(directory, manifest), `${text}\n`);
  return { ...sums, parts: states.length, manifest };
}

async function writeOutput(
  context: JobContext,
  { name, signal, ledger }: JobOfExport,
  description: ExportDescription,
  states: readonly PartState[],
  place: Place,
  output: string,
): Promise<Result> {
  const { api, directory, parts, source } = context;
  const path = join(directory, output);
  const merged = parseMerged((await ledger.read()).merged);
  // Killed between the renaming and its being noted.
  if (merged && (await isThis(path, merged))) return merged.result;
  await refuseExisting(path, IS_ANOTHERS);
  if (dirname(output) !== '.') await mkdir(dirname(path), { recursive: true });

  const first = await source(description.parts[0] ?? null, description.common);
  const list = states.map(({ position = [] }, part) => ({
    label: `part ${part} of ${name}`,
    read: () => parts.read({ name, part, position }),
  }));
  const unfinished = `${path}.merging.${place.fence}`;
  const options = {
    api,
    source: mergedSource(list, first.identify?.bind(first)),
    sink: mergedSink(unfinished, description.format, description.csv),
    // It is not gone on with: only its end must last.
    checkpointInterval: Number.POSITIVE_INFINITY,
    signal,
  };
  try {
    const progress = await runExport(options, START, undefined, async () => {});
    const result = {
      records: progress.records,
      repeated: sumsOf(states).repeated + progress.repeated,
      parts: states.length,
      output,
    };
    const { size, mtimeMs } = await stat(unfinished);
    await place.note('merged', { bytes: size, changed: mtimeMs, result });
    await giveName(unfinished, path, merged);
    await syncDirectory(dirname(path));
    return result;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw error instanceof Error && 'syscall' in error ? fileError(path, error) : error;
  }
}

/**
 * Gives an output its name. Another export may be about to give the same one to its own: a link, unlike a rename, replaces nothing.
 *
 * @param before what a merge before this one was about to give the name to.
 */
async function giveName(unfinished: string, path: string, before: Merged | undefined): Promise<void> {
  const isLinked = await link(unfinished, path).then(
    () => true,
    () => false,
  );
  if (isLinked) return rm(unfinished, { force: true });
  // A network file system may say of a link that it has made that it was there already, or have none. And a merge that was stopped
  // at this place may have gone on: it has the same bytes.
  const isOurs = (await isOneFile(unfinished, path)) || (before && (await isThis(path, before)));
  if (!isOurs) await refuseExisting(path, IS_ANOTHERS);
  await rename(unfinished, path);
}

async function isOneFile(...paths: [string, string]): Promise<boolean> {
  const [one, other] = await Promise.all(
    paths.map((path) => stat(path, { bigint: true }).catch(() => undefined)),
  );
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

/** An output that got its name, or was about to. */
interface Merged {
  readonly bytes: number;
  /** When it was written last, epoch milliseconds: by this it is known from another file of the name. */
  readonly changed: number;
  readonly result: Result;
}

function parseMerged(text: string | undefined): Merged | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}

async function isThis(path: string, { bytes, changed }: Merged): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.size === bytes && found.mtimeMs === changed;
}

function sumsOf(states: readonly PartState[]) {
  return {
    records: states.reduce((sum, { records }) => sum + records, 0),
    repeated: states.reduce((sum, { repeated }) => sum + repeated, 0),
  };
}
