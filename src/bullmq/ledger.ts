import type { Redis } from 'ioredis';
import { describeAccount, IS_SAME_ACCOUNT } from './account.ts';
import { askRedis } from './ask-redis.ts';
import { refuseNewer, VERSION } from './format-version.ts';
import type { ExportKeys } from './keys.ts';
import { LeftAloneError } from './left-alone-error.ts';
import { queueError } from './queue-error.ts';
import { PRIORITY } from './turns.ts';

/** State of one export in Redis, apart from its jobs. */
export interface Ledger {
  // Each function that reads an export throws LeftAloneError for an export of a newer version.
  /** @param failedRun a run whose jobs failed without a note here. */
  claimExport(
    description: string,
    account: string,
    failedRun?: string,
    priority?: number,
  ): Promise<ExportClaim>;
  read(): Promise<Notes>;
  /**
   * Claims a part or the merge for the caller.
   *
   * @param key of the part or the merge.
   * @throws LeftAloneError if the export belongs to another account.
   */
  claimPart(key: string, run: string, claimant: Claimant): Promise<PartClaimReply>;
  load(key: string): Promise<string | undefined>;
  /** Returns false if another worker has claimed the part since. */
  save(key: string, fence: string, text: string): Promise<boolean>;
  /**
   * Returns false if another worker has claimed the part, or the export was submitted again.
   *
   * @param keep a summary does not expire.
   */
  note(
    claim: { key: string; fence: string; run: string },
    name: NoteName,
    text: string,
    keep?: boolean,
  ): Promise<boolean>;
  /** Returns the checkpoints of several parts, in their order. */
  checkpoints(keys: readonly string[]): Promise<(string | undefined)[]>;
  remove(keys: readonly string[]): Promise<void>;
}

interface ExportClaim {
  readonly state: 'new' | 'joined' | 'resumed' | 'complete' | 'other' | 'foreign';
  readonly run: string;
  /** Account of the export; only for `foreign`. */
  readonly owner?: string | undefined;
}

/** The worker that claims a part. */
interface Claimant {
  /** As {@link storedAccount} returns it. */
  readonly account: string;
  readonly host: string;
  /** The marker of the directory; `none` if it has no marker, the empty string if the directory need not be shared. */
  readonly marker: string;
}

/** `merged`: the output is about to get its name. `summary`: the export is complete. */
type NoteName = 'failure' | 'merged' | 'summary';

/** `account`: of the submitter or of the first worker. `directory`: the marker and the host of the first part. */
type Notes = {
  readonly [name in NoteName | 'description' | 'run' | 'version' | 'account' | 'directory' | 'priority']?:
    | string
    | undefined;
};

type PartClaimReply =
  | {
      readonly status: 'claimed';
      readonly fence: string;
      /** Fence of the worker that saved the checkpoint; undefined if there is none, or if the worker is of an older version. */
      readonly savedBy?: string | undefined;
    }
  | { readonly status: 'superseded' | 'complete' | 'failed' }
  /** The directory of the worker has not the marker of the first part. `host`: of the first part; undefined before the first part. */
  | { readonly status: 'elsewhere'; readonly host: string | undefined };

/** Seconds for which Redis keeps a complete export and its jobs. */
export const RETENTION = 7 * 86_400;

/**
 * Creates or finds an export.
 *
 * KEYS: the export. ARGV: its description; a run whose jobs failed without a note in the export, or ''; the version of the format; the
 * account, or ''; the priority. Replies with the state of the export (`new`, `joined`, `resumed`, `complete`, `other`) and its run, or the other
 * description; with `foreign` and the other account; or with `newer` and a version.
 *
 * A named account replaces the account '' of a worker without an account, because the submitter decides whose records the export has.
 */
const CLAIM_EXPORT = /* lua */ `
${IS_SAME_ACCOUNT}
local saved = redis.call('HMGET', KEYS[1], 'description', 'run', 'failure', 'summary', 'version', 'account')
if (tonumber(saved[5]) or 0) > tonumber(ARGV[3]) then return { 'newer', saved[5] } end
if saved[1] and saved[1] ~= ARGV[1] then return { 'other', saved[1] } end
local owner = saved[6] ~= '' and saved[6]
local account = ARGV[4]
if owner and account ~= '' and not isSameAccount(owner, account) and not isSameAccount(account, owner) then
  return { 'foreign', owner }
end
if saved[4] then return { 'complete', saved[2] } end
if account ~= '' and isSameAccount(owner, account) then redis.call('HSET', KEYS[1], 'account', account) end
if saved[1] and not saved[3] and saved[2] ~= ARGV[2] then return { 'joined', saved[2] } end
local time = redis.call('TIME')
local run = string.format('%.0f', math.max(time[1] * 1000000 + time[2], (tonumber(saved[2]) or 0) + 1))
redis.call('HDEL', KEYS[1], 'failure')
redis.call('HSET', KEYS[1], 'description', ARGV[1], 'run', run, 'version', ARGV[3], 'priority', ARGV[5])
return { saved[1] and 'resumed' or 'new', run }
`;

/**
 * Claims a part or the merge, and records the account and the directory of the first claim. From then on the script refuses what the
 * previous holder saves. The fence is the time, or more than the previous fence, so that it also grows after Redis has lost its data.
 *
 * KEYS: the part, the export. ARGV: the run of the export; the version of the format; the account; the marker and the host.
 * Replies with `claimed`, the fence and the fence of the worker that saved the checkpoint ('' without a checkpoint); or with the reason for
 * the refusal: `superseded`, `failed`, `foreign` and the account of the export, `complete`, `elsewhere` and the host of the first part, if any; or with
 * `newer` and a version.
 *
 * `complete` comes after `foreign`, because it makes the worker clean up its directory.
 */
const CLAIM_PART = /* lua */ `
${IS_SAME_ACCOUNT}
local export = redis.call('HMGET', KEYS[2], 'run', 'failure', 'summary', 'version', 'account', 'directory')
if (tonumber(export[4]) or 0) > tonumber(ARGV[2]) then return { 'newer', export[4] } end
if export[1] ~= ARGV[1] then return { 'superseded' } end
if export[2] and not export[3] then return { 'failed' } end
if not isSameAccount(export[5], ARGV[3]) then return { 'foreign', export[5] } end
if export[3] then return { 'complete' } end
local marker, host = ARGV[4], ARGV[5]
if marker ~= '' then
  local first, firstHost = (export[6] or ''):match('^(%S+) (.*)$')
  if first and first ~= marker then return { 'elsewhere', firstHost } end
  if marker == 'none' then return { 'elsewhere' } end
  redis.call('HSET', KEYS[2], 'directory', export[6] or marker .. ' ' .. host)
end
redis.call('HSET', KEYS[2], 'account', ARGV[3])
local time = redis.call('TIME')
local before = tonumber(redis.call('HGET', KEYS[1], 'fence')) or 0
local fence = string.format('%.0f', math.max(time[1] * 1000000 + time[2], before + 1))
redis.call('HSET', KEYS[1], 'fence', fence, 'host', host)
return { 'claimed', fence, redis.call('HGET', KEYS[1], 'savedBy') or '' }
`;

/** Saves a checkpoint unless the part was claimed again. KEYS: the part. ARGV: the fence, the checkpoint. Replies 1, or 0 if refused. */
const SAVE_CHECKPOINT = /* lua */ `
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'checkpoint', ARGV[2], 'savedBy', ARGV[1])
return 1
`;

/**
 * Notes a result in an export, unless the part or the merge was claimed again or the export was submitted again.
 *
 * KEYS: the export, the part. ARGV: the fence, the run, the name of the note, the note, the seconds until both expire (0: never), 1 if only the
 * part expires.
 * Replies 1, or 0 if refused.
 */
const NOTE_RESULT = /* lua */ `
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
if ARGV[5] ~= '0' then
  if ARGV[6] ~= '1' then redis.call('EXPIRE', KEYS[1], ARGV[5]) end
  redis.call('EXPIRE', KEYS[2], ARGV[5])
end
return 1
`;

/** @param timeout of a command, in milliseconds. */
export function createLedger(client: Redis, keys: ExportKeys, timeout: number): Ledger {
  const ask = <T>(command: () => Promise<T>) => askRedis(client, timeout, command);
  const run = (script: string, scriptKeys: string[], ...args: string[]) =>
    ask(() => client.eval(script, scriptKeys.length, ...scriptKeys, ...args));

  return {
    async claimExport(description, account, failedRun = '', priority: number = PRIORITY.default) {
      const args = [description, failedRun, String(VERSION), account, String(priority)];
      const [state, found] = (await run(CLAIM_EXPORT, [keys.whole], ...args)) as string[];
      if (state === 'newer') refuseNewer(keys.whole, found);
      if (state === 'foreign') return { state, run: '', owner: found };
      return { state: state as ExportClaim['state'], run: found ?? '' };
    },
    async read() {
      const names = [
        'description',
        'run',
        'failure',
        'merged',
        'summary',
        'version',
        'account',
        'directory',
        'priority',
      ] as const;
      const values = await ask(() => client.hmget(keys.whole, ...names));
      const notes: Notes = Object.fromEntries(names.map((name, index) => [name, values[index] ?? undefined]));
      refuseNewer(keys.whole, notes.version);
      return notes;
    },
    async claimPart(key, exportRun, { account, marker, host }) {
      const args = [exportRun, String(VERSION), account, marker, host];
      const [status, found, savedBy] = (await run(CLAIM_PART, [key, keys.whole], ...args)) as string[];
      if (status === 'newer') refuseNewer(keys.whole, found);
      if (status === 'foreign') throw otherAccount(found ?? '', account);
      if (status === 'elsewhere') return { status, host: found };
      return { status, fence: found, savedBy: savedBy || undefined } as PartClaimReply;
    },
    async load(key) {
      return (await ask(() => client.hget(key, 'checkpoint'))) ?? undefined;
    },
    async save(key, fence, text) {
      return (await run(SAVE_CHECKPOINT, [key], fence, text)) === 1;
    },
    async note({ key, fence, run: exportRun }, name, text, keep = false) {
      const expiry = String(name === 'summary' ? RETENTION : 0);
      const args = [fence, exportRun, name, text, expiry, keep ? '1' : '0'];
      return (await run(NOTE_RESULT, [keys.whole, key], ...args)) === 1;
    },
    async checkpoints(partKeys) {
      const pipeline = client.pipeline();
      for (const key of partKeys) pipeline.hget(key, 'checkpoint');
      const answers = (await ask(() => pipeline.exec())) ?? [];
      return answers.map(([error, text]) => {
        if (error) throw queueError(error);
        return typeof text === 'string' ? text : undefined;
      });
    },
    async remove(partKeys) {
      if (partKeys.length > 0) await ask(() => client.del(...partKeys));
    },
  };
}

function otherAccount(owner: string, account: string): LeftAloneError {
  return new LeftAloneError(
    `the export has ${describeAccount(owner)}, and this worker has ${describeAccount(account)}, so this worker leaves the export to others. ` +
      'Start a worker with credentials of the account of the export. If this worker is the right one, remove the export and submit it ' +
      'again with the account of this worker.',
    { version: VERSION, account: owner },
  );
}
