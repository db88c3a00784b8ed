import type { Redis } from 'ioredis';
import { askRedis } from './ask-redis.ts';
import type { ExportKeys } from './keys.ts';
import { CLAIM_EXPORT } from './lua/claim-export.ts';
import { NOTE_RESULT } from './lua/note-result.ts';
import { SAVE_CHECKPOINT } from './lua/save-checkpoint.ts';
import { TAKE_FENCE } from './lua/take-fence.ts';
import { queueError } from './queue-error.ts';

/** What Redis holds of one export, apart from its jobs: these come and go. */
export interface Ledger {
  /** @param failedRun a run whose jobs have failed without a word here. */
  claim(description: string, failedRun?: string): Promise<Claim>;
  read(): Promise<Notes>;
  /** Takes a part or the merge from whoever had it. */
  take(place: string, run: string): Promise<Turn>;
  load(place: string): Promise<string | undefined>;
  /** @returns false when it was refused: somebody else has taken the place since. */
  save(place: string, fence: string, text: string): Promise<boolean>;
  /** @returns false when it was refused. */
  note(turn: { place: string; fence: string; run: string }, name: NoteName, text: string): Promise<boolean>;
  /** The checkpoints of places, in their order. */
  checkpoints(places: readonly string[]): Promise<(string | undefined)[]>;
  remove(places: readonly string[]): Promise<void>;
}

interface Claim {
  readonly state: 'new' | 'joined' | 'resumed' | 'complete' | 'other';
  readonly run: string;
}

/** `merged`: the output is about to get its name. `summary`: it is done. */
type NoteName = 'failure' | 'merged' | 'summary';

type Notes = { readonly [name in NoteName | 'description' | 'run']?: string | undefined };

type Turn =
  | { readonly status: 'taken'; readonly fence: string }
  | { readonly status: 'superseded' | 'complete' | 'failed' };

/** For how long a complete export, and its jobs, are remembered, in seconds. */
export const REMEMBERED = 7 * 86_400;

/** @param timeout of a command, in milliseconds. */
export function createLedger(client: Redis, keys: ExportKeys, timeout: number): Ledger {
  const ask = <T>(command: () => Promise<T>) => askRedis(client, timeout, command);
  const run = (script: string, scriptKeys: string[], ...args: string[]) =>
    ask(() => client.eval(script, scriptKeys.length, ...scriptKeys, ...args));

  return {
    async claim(description, failedRun = '') {
      const [state, found] = (await run(CLAIM_EXPORT, [keys.whole], description, failedRun)) as string[];
      return { state: state as Claim['state'], run: found ?? '' };
    },
    async read() {
      const names = ['description', 'run', 'failure', 'merged', 'summary'] as const;
      const values = await ask(() => client.hmget(keys.whole, ...names));
      return Object.fromEntries(names.map((name, index) => [name, values[index] ?? undefined]));
    },
    async take(place, exportRun) {
      const [status, fence] = (await run(TAKE_FENCE, [place, keys.whole], exportRun)) as string[];
      return { status, fence } as Turn;
    },
    async load(place) {
      return (await ask(() => client.hget(place, 'checkpoint'))) ?? undefined;
    },
    async save(place, fence, text) {
      return (await run(SAVE_CHECKPOINT, [place], fence, text)) === 1;
    },
    async note({ place, fence, run: exportRun }, name, text) {
      const forget = String(name === 'summary' ? REMEMBERED : 0);
      return (await run(NOTE_RESULT, [keys.whole, place], fence, exportRun, name, text, forget)) === 1;
    },
    async checkpoints(places) {
      const asked = client.pipeline();
      for (const place of places) asked.hget(place, 'checkpoint');
      const answers = (await ask(() => asked.exec())) ?? [];
      return answers.map(([error, text]) => {
        if (error) throw queueError(error);
        return typeof text === 'string' ? text : undefined;
      });
    },
    async remove(places) {
      if (places.length > 0) await ask(() => client.del(...places));
    },
  };
}
