import { removeUserInfo } from '../../core/internal.ts';
import { loadCheckpoint, type Subject, saveCheckpoint } from '../checkpoint.ts';
import type { CheckpointStore, JournalStore } from '../checkpoint-store.ts';
import { refuseExisting, setAside } from '../files/set-aside.ts';
import type { Sink } from '../sinks/sink.ts';
import type { PageSource } from '../sources/source.ts';
import type { ExportOptions } from './options.ts';
import { readState } from './read-state.ts';
import { type ExportState, START } from './state.ts';

/** Where an export saves its progress. */
export interface SavedExport {
  /** The file or the store of the journal; undefined if the export has none. */
  readonly journal: string | JournalStore | undefined;
  /** The lock file; undefined if the export writes no file, or if a store keeps other runs away. */
  readonly lock: string | undefined;
  /** Returns the state of the earlier run; undefined at the start, which `load` prepares. */
  load(): Promise<ExportState | undefined>;
  save(state: ExportState): Promise<void>;
}

export function savedExport<Item>(options: ExportOptions<Item>): SavedExport {
  const { source, sink, api, restart = false } = options;
  const location = locationOf(options);
  const path = typeof location === 'string' ? location : undefined;
  const journal = typeof location === 'object' ? location.journal : path && `${path}.journal`;
  // A store needs no lock, because it accepts the saves of one run only.
  const locked = typeof location === 'object' ? undefined : (path ?? sink.path);
  const subject = subjectOf(source, sink, options.account ?? api.defaults.baseURL ?? '');
  const save = async (state: ExportState) => {
    if (location !== undefined) await saveCheckpoint(location, subject, state);
  };

  async function find(): Promise<ExportState | undefined> {
    if (restart) await setAside([sink.path, path, journal].filter((file) => typeof file === 'string'));
    // A checkpoint file was renamed above; the checkpoint in a store is overwritten.
    if (location === undefined || (restart && path === undefined)) return undefined;
    return loadState(location, subject);
  }

  return {
    journal,
    lock: locked && `${locked}.lock`,
    async load() {
      const saved = await find();
      if (saved) return saved;
      if (sink.path !== undefined) await refuseExisting(sink.path);
      // Save before the first write, or a crash would leave an output without a checkpoint.
      await save(START);
      return undefined;
    },
    save,
  };
}

/** Returns what a checkpoint of an export must match. @param account undefined: any account. */
export function subjectOf<Item>(
  source: PageSource<Item>,
  sink: Sink<Item>,
  account: string | undefined,
): Subject {
  return {
    source: source.name,
    query: source.query,
    format: sink.format,
    account: account === undefined ? undefined : withoutUserInfo(account),
  };
}

/**
 * Returns the state of a checkpoint; undefined without one, and if an export of another subject has only begun.
 *
 * @throws BatchError `ERR_CHECKPOINT_DAMAGED`, `ERR_CHECKPOINT_MISMATCH`
 */
export function loadState(
  location: string | CheckpointStore,
  subject: Subject,
): Promise<ExportState | undefined> {
  const isStart = ({ pages, cursor }: ExportState) => pages === 0 && cursor === undefined;
  return loadCheckpoint(location, subject, isStart, readState);
}

function locationOf<Item>({ sink, checkpoint }: ExportOptions<Item>): string | CheckpointStore | undefined {
  return (
    (checkpoint ?? sink.checkpoint ?? (sink.path !== undefined && `${sink.path}.checkpoint`)) || undefined
  );
}

/** Removes user information from a URL. An account that is not a URL, such as `genesys:bob@example.com`, stays as it is. */
export function withoutUserInfo(account: string): string {
  return /[\\/]{2}/.test(account) ? removeUserInfo(account) : account;
}
