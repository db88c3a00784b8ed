import type { Counter } from './counts.ts';
import type { Hash } from './random.ts';
import type { Dataset } from './records.ts';
import type { Settings } from './settings.ts';
import type { TokenStore } from './tokens.ts';

/** The state that all endpoints of one simulator share. */
export interface World {
  readonly settings: Settings;
  readonly counter: Counter;
  readonly dataset: Dataset;
  readonly tokens: TokenStore;
  /** The source of random values in responses. Faults have a source of their own. */
  readonly hash: Hash;
  /** Base URLs without a trailing slash, set when the servers listen. */
  url: string;
  filesUrl: string;
}
