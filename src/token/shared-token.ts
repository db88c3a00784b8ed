import {
  type Clock,
  isTokenError,
  type StoredToken,
  type TokenLock,
  type TokenSet,
  type TokenStore,
} from '../core/index.ts';
import { type Emitter, toStoredTokenSet } from '../core/internal.ts';
import { type Unwritten, writeLater } from './deferred-write.ts';
import { createCarefulCalls } from './guarded-store.ts';

/** A token as it was had. */
interface Obtained {
  token: TokenSet;
  /** Another process, or another manager, has fetched it. */
  fromStore: boolean;
}

/** Fetches a token. @param context what the store knows. */
type Fetch = (context: FetchContext) => Promise<TokenSet>;

export interface FetchContext {
  /** The refresh token that another process has put into the store since. */
  refreshToken?: string | undefined;
  /** Looks whether another process has put a fresh token there by now; to be returned as it is. */
  lookAgain(): Promise<TokenSet | undefined>;
}

/** The token that all who use one store share. */
export interface SharedToken {
  /**
   * Has it fetched by one process at a time: look in the store, lock, look again, fetch, write. A fresh token that is
   * found on the way takes the place of the fetch. A store that fails or hangs costs sharing: it is fetched without it.
   *
   * @throws what `fetch` throws; with `strict` also TokenStoreError, before anything is fetched.
   */
  obtain(fetch: Fetch): Promise<Obtained>;
}

interface SharedTokenOptions {
  store: TokenStore;
  key: Promise<string>;
  /** Milliseconds that a fetch takes at most. */
  duration: number;
  /** Whether nothing may be fetched without the store. */
  strict: boolean;
  clock: Clock;
  emit: Emitter['emit'];
}

/** How a turn at the store ended. What was thrown is kept in it, so that what a store rejects with is its own. */
type Turn = { fetched: TokenSet } | { found: StoredToken } | { thrown: unknown };

// Stores free a lock whose holder is silent for 5 seconds more than the work may take; this is for one that hangs.
const LOCK_PATIENCE = 10_000;

export function createSharedToken(options: SharedTokenOptions): SharedToken {
  const { store, key, duration, clock, emit } = options;
  const { attempt, report, isReported } = createCarefulCalls(clock, emit);
  // Of the newest token that this manager has had from the store or put there.
  let newestFence = 0;
  let mine: TokenSet | undefined;
  // Whether the store does not know it: then no fence says what is newer.
  let isUnknown = false;
  let unwritten: Unwritten | undefined;

  /** What is there, as far as it is newer than what this manager has: its fence says so, not that it differs. */
  function newsOf(stored: StoredToken | undefined): StoredToken | undefined {
    const token = stored && toStoredTokenSet(stored.token, clock.now());
    if (!token || !(stored.fence > newestFence)) return undefined;
    return mine && isUnknown && token.expiresAt <= mine.expiresAt ? undefined : { ...stored, token };
  }

  function freshOf(news: StoredToken | undefined): { found: StoredToken } | undefined {
    return news && clock.now() < news.token.refreshAt ? { found: news } : undefined;
  }

  async function look(name: string): Promise<StoredToken | undefined> {
    const stored = await attempt('get', () => store.get(name), mine);
    if (stored && !toStoredTokenSet(stored.token, clock.now())) {
      report('get', new Error('what is kept there is no token. Does something else use the same place?'));
    }
    return newsOf(stored);
  }

  /** Waits for the lock and fetches, unless somebody else's token comes first. */
  function takeTurn(name: string, fetch: Fetch): Promise<Turn> {
    const began = clock.now();
    return new Promise<Turn>((resolve, reject) => {
      const waiting = new AbortController();
      const { signal } = waiting;
      const limit = duration + LOCK_PATIENCE;
      const timer = clock.setTimeout(() => {
        waiting.abort(
          new Error(`it was not had within ${limit} ms: whoever holds it hangs, or gets no token`),
        );
        reject(signal.reason);
      }, limit);
      const work = async (lock: TokenLock): Promise<Turn> => {
        clock.clearTimeout(timer);
        // It came too late: the token is fetched without it by now.
        signal.throwIfAborted();
        emit({ type: 'store-lock-acquired', waited: clock.now() - began });
        const turn = await fetchUnder(name, lock, fetch).catch((thrown: unknown) => ({ thrown }));
        // Requests need not wait until the lock is free again.
        resolve(turn);
        await unwritten?.settled;
        return turn;
      };
      const leave = (stored: StoredToken) => freshOf(newsOf(stored));
      // `async` for a store that throws at once.
      (async () => store.withLock<Turn>(name, { duration, signal, leave }, work))()
        .then(resolve, reject)
        .finally(() => clock.clearTimeout(timer));
    });
  }

  async function fetchUnder(name: string, { fence, signal }: TokenLock, fetch: Fetch): Promise<Turn> {
    const onLost = () => emit({ type: 'store-lock-lost' });
    signal.addEventListener('abort', onLost);
    try {
      const news = await look(name);
      const fresh = freshOf(news);
      if (fresh) return fresh;
      let again: StoredToken | undefined;
      const lookAgain = async () => {
        again = freshOf(await look(name).catch(() => undefined))?.found;
        return again?.token;
      };
      const token = await fetch({ refreshToken: news?.token.refreshToken, lookAgain }).catch(
        async (error: unknown) => {
          // Others may have gone on, and have one, when this process was stopped for longer than a fetch may take. What the
          // server has refused is not made up for: its Retry-After holds.
          const isLate = isTokenError(error) && error.code === 'ERR_TOKEN_TIMEOUT';
          const found = isLate && (await lookAgain());
          if (found) return found;
          throw error;
        },
      );
      return again?.token === token ? { found: again } : await write(name, token, fence);
    } finally {
      signal.removeEventListener('abort', onLost);
    }
  }

  /** One that comes too late is not kept there, and the one that is takes its place. */
  async function write(name: string, token: TokenSet, fence: number): Promise<Turn> {
    try {
      const kept = await attempt('set', () => store.set(name, { token, fence }), token);
      if (kept) return { fetched: note(token, fence) };
      emit({ type: 'store-write-refused' });
      const fresh = freshOf(await look(name));
      if (fresh) return fresh;
    } catch {
      // Reported, and the token is good without the store.
      if (options.strict) unwritten = writeLater(clock, duration, () => writeAgain(name, token, fence));
    }
    return { fetched: note(token) };
  }

  async function writeAgain(name: string, token: TokenSet, fence: number): Promise<void> {
    const kept = await attempt('set', () => store.set(name, { token, fence }), token);
    // Refused also when an earlier attempt was late and not in vain.
    const isThere = kept || (await attempt('get', () => store.get(name), token))?.fence === fence;
    if (isThere && mine === token) note(token, fence);
  }

  /** @param fence undefined for a token that the store does not know. */
  function note(token: TokenSet, fence?: number): TokenSet {
    newestFence = fence ?? newestFence;
    isUnknown = fence === undefined;
    mine = token;
    return token;
  }

  return {
    async obtain(fetch) {
      let turn: Turn;
      let news: StoredToken | undefined;
      try {
        // Else it would wait for its own lock.
        await unwritten?.now();
        unwritten = undefined;
        const name = await key;
        news = await look(name);
        turn = freshOf(news) ?? (await takeTurn(name, fetch));
        if ('thrown' in turn && isReported(turn.thrown)) throw turn.thrown;
      } catch (thrown) {
        const error = report('lock', thrown, mine);
        if (options.strict) throw error;
        const alone = { refreshToken: news?.token.refreshToken, lookAgain: async () => undefined };
        return { token: note(await fetch(alone)), fromStore: false };
      }
      if ('thrown' in turn) throw turn.thrown;
      if ('fetched' in turn) return { token: turn.fetched, fromStore: false };
      return { token: note(turn.found.token, turn.found.fence), fromStore: true };
    },
  };
}
