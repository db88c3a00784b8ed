import type { Counter } from './counts.ts';
import type { Settings } from './options.ts';
import type { Hash } from './random.ts';
import type { Dataset } from './records.ts';
import type { TokenStore } from './tokens.ts';

/** What every endpoint of one simulator shares. */
export interface World {
  readonly settings: Settings;
  readonly counter: Counter;
  readonly dataset: Dataset;
  readonly tokens: TokenStore;
  /** For what is left to chance in answers; faults have their own. */
  readonly hash: Hash;
  /** Base URLs without a slash at the end; known once the servers listen. */
  url: string;
  filesUrl: string;
}
