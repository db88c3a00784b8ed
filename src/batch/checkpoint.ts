import { createHash } from 'node:crypto';
import { isNewerFormat, newerFormat, redactUrl } from '../core/internal.ts';
import { type CheckpointStore, checkpointFile } from './checkpoint-store.ts';
import { BatchError } from './errors.ts';
import type { Json } from './sources/source.ts';

/** Increase it if the meaning of a checkpoint's content changes. Version 2 counts the different records of windows. */
export const VERSION = 2;

/** The file or the store of a checkpoint. */
type CheckpointLocation = string | CheckpointStore;

/** Identifies the run of a checkpoint. If a member differs, the checkpoint belongs to another run. An undefined member is not compared. */
export type Subject = { readonly [name: string]: Json | undefined };

interface SavedCheckpoint<State> {
  /** Not above {@link VERSION}. */
  version: number;
  subject: Subject;
  state: State;
}

/**
 * Writes a checkpoint.
 *
 * @throws BatchError `ERR_OUTPUT`, or what the store throws.
 */
export function saveCheckpoint(location: CheckpointLocation, subject: Subject, state: object): Promise<void> {
  const content = { subject, state };
  const text = { version: VERSION, fingerprint: digest(subject), checksum: digest(content), ...content };
  return storeOf(location).save(`${JSON.stringify(text)}\n`);
}

/**
 * Reads a checkpoint and compares its subject with the current one.
 *
 * @param isStart returns whether nothing was done in a state. Such a checkpoint of another run may be overwritten.
 * @param read returns the state of a format version, or the reason why it cannot be used.
 * @returns undefined without a checkpoint.
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`, `ERR_CHECKPOINT_MISMATCH`
 */
export async function loadCheckpoint<State>(
  location: CheckpointLocation,
  subject: Subject,
  isStart: (state: State) => boolean,
  read: (state: State, version: number) => State | string = (state) => state,
): Promise<State | undefined> {
  const store = storeOf(location);
  const { name = 'in its store' } = store;
  const text = await store.load();
  if (text === undefined) return undefined;
  const saved = parseCheckpoint<State>(name, text);
  const unknown = Object.keys(subject).filter((name) => subject[name] === undefined);
  const same = Object.fromEntries(unknown.map((name) => [name, saved.subject[name]]));
  const different = differences(saved.subject, { ...subject, ...same });
  if (different.length > 0) {
    if (isStart(saved.state)) return undefined;
    throw new BatchError(
      `the checkpoint ${name} belongs to a different run: ${different.join('; ')}. ` +
        'Use the same options as before, choose another output, or set restart (--restart) to start over; the existing files are renamed.',
      'ERR_CHECKPOINT_MISMATCH',
    );
  }
  const state = read(saved.state, saved.version);
  if (typeof state === 'string') throw unusable(name, state);
  return state;
}

function storeOf(location: CheckpointLocation): CheckpointStore {
  return typeof location === 'string' ? checkpointFile(location) : location;
}

/**
 * Parses the text of a checkpoint.
 *
 * @param path the name of the checkpoint, for messages.
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`
 */
export function parseCheckpoint<State>(path: string, text: string): SavedCheckpoint<State> {
  let value: Partial<SavedCheckpoint<State>> & { version?: unknown; checksum?: unknown };
  try {
    value = Object(JSON.parse(text));
  } catch {
    throw damaged(path, 'it is not JSON');
  }
  const { version, checksum, subject, state } = value;
  if (typeof version !== 'number') throw damaged(path, 'it is not a checkpoint');
  if (isNewerFormat(version, VERSION)) {
    throw new BatchError(
      `${newerFormat(`the checkpoint ${path}`, version, VERSION)}, or set restart (--restart) to start over; the existing files are renamed.`,
      'ERR_CHECKPOINT_DAMAGED',
    );
  }
  if (!subject || !state || digest({ subject, state }) !== checksum) {
    throw damaged(path, 'its checksum does not match');
  }
  return { version, subject, state };
}

function damaged(path: string, why: string): BatchError {
  const advice =
    'Restore it from a backup, or set restart (--restart) to start over; the existing files are renamed';
  return unusable(path, `${why}. ${advice}`);
}

function unusable(path: string, why: string): BatchError {
  return new BatchError(`the checkpoint ${path} cannot be used: ${why}.`, 'ERR_CHECKPOINT_DAMAGED');
}

/** Describes the members that differ. */
function differences(saved: Subject, now: Subject, prefix = ''): string[] {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const [before, after] = [saved[name], now[name]];
    if (canonical(before) === canonical(after)) return [];
    if (isObject(before) && isObject(after)) return differences(before, after, `${prefix}${name}.`);
    const [was, is] = [shown(name, before), shown(name, after)];
    return [
      `${prefix}${name} ${was === is ? `changed, but still begins with ${is}` : `was ${was} and is now ${is}`}`,
    ];
  });
}

/** Returns a value as JSON. URLs are redacted, because a message may be logged. */
function shown(name: string, value: Json | undefined): string {
  const text =
    JSON.stringify(value, (key, inner: unknown) =>
      typeof inner === 'string' && ((key || name) === 'url' || inner.includes('//'))
        ? redactUrl(inner)
        : inner,
    ) ?? 'not given';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function isObject(value: unknown): value is Subject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns JSON with sorted member names, so that equal values have equal texts. */
export function canonical(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
  return text ?? 'undefined';
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}
