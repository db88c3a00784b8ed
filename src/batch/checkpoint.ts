import { createHash } from 'node:crypto';
import { redactUrl } from '../core/internal.ts';
import { type CheckpointStore, checkpointFile } from './checkpoint-store.ts';
import { BatchError } from './errors.ts';
import type { Json } from './sources/source.ts';

/** Raised when what a checkpoint holds changes its meaning. */
const VERSION = 1;

/** The file or the store of a checkpoint. */
type CheckpointLocation = string | CheckpointStore;

/** What a checkpoint belongs to: with any of it changed, it is that of another run. */
export type Subject = { readonly [name: string]: Json };

interface SavedCheckpoint<State> {
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
 * Reads a checkpoint and holds it against what is to be done now.
 *
 * @param isStart tells a state in which nothing was done yet: of another run's, nothing is lost.
 * @returns undefined when there is none.
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`, `ERR_CHECKPOINT_MISMATCH`
 */
export async function loadCheckpoint<State>(
  location: CheckpointLocation,
  subject: Subject,
  isStart: (state: State) => boolean,
): Promise<State | undefined> {
  const store = storeOf(location);
  const { name = 'in its store' } = store;
  const text = await store.load();
  if (text === undefined) return undefined;
  const saved = parseCheckpoint<State>(name, text);
  const different = differences(saved.subject, subject);
  if (different.length > 0) {
    if (isStart(saved.state)) return undefined;
    throw new BatchError(
      `the checkpoint ${name} belongs to something else: ${different.join('; ')}. ` +
        'Ask for the same as before, choose another output, or begin anew (restart), which keeps what is there under other names.',
      'ERR_CHECKPOINT_MISMATCH',
    );
  }
  return saved.state;
}

function storeOf(location: CheckpointLocation): CheckpointStore {
  return typeof location === 'string' ? checkpointFile(location) : location;
}

/**
 * What the text of a checkpoint says.
 *
 * @param path its name, for messages.
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`
 */
export function parseCheckpoint<State>(path: string, text: string): SavedCheckpoint<State> {
  let value: Partial<SavedCheckpoint<State>> & { version?: unknown; checksum?: unknown };
  try {
    value = Object(JSON.parse(text));
  } catch {
    throw damaged(path, 'it is no JSON');
  }
  const { version, checksum, subject, state } = value;
  if (typeof version !== 'number') throw damaged(path, 'it is no checkpoint');
  if (version !== VERSION) throw damaged(path, `it is of version ${version}, this is version ${VERSION}`);
  if (!subject || !state || digest({ subject, state }) !== checksum) {
    throw damaged(path, 'its checksum is wrong');
  }
  return { subject, state };
}

function damaged(path: string, why: string): BatchError {
  return new BatchError(
    `the checkpoint ${path} cannot be used: ${why}. Put it back from a backup, or begin anew (restart), ` +
      'which keeps it and the output under other names.',
    'ERR_CHECKPOINT_DAMAGED',
  );
}

/** Which members differ, in words. */
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

/** JSON with the names of objects in order, so that equal values have equal texts. */
export function canonical(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
  return text ?? 'undefined';
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}
