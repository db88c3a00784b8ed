export { bearerError, isScopeRefusal } from './bearer-challenge.ts';
export {
  type OptionTable,
  ownValue,
  type Problem,
  prefixed,
  readOptions,
  refuse,
} from './check-options.ts';
export { monotonicOf, sleep, systemClock, withDeadline } from './clock.ts';
export { duration } from './duration.ts';
export { callbackFailed, messageOf } from './errors.ts';
export { createEmitter, type Emitter, notify } from './events.ts';
export { isIncomplete } from './incomplete-response.ts';
export { isWhole } from './is-whole.ts';
export { linkSignals, throwIfAborted, unlessAborted } from './link-signals.ts';
export { nearestName } from './nearest-name.ts';
export { isNewerFormat, newerFormat } from './newer-format.ts';
export { parseUrl } from './parse-url.ts';
export { printable } from './printable.ts';
export { RATE_INTERVAL, rateProblems } from './rate.ts';
export { readBody } from './read-body.ts';
export { isA, isError } from './realm.ts';
export { redactUrl, removeUserInfo } from './redact-url.ts';
export { parseRedisUrl, type RedisTarget, redisAddress } from './redis-url.ts';
export {
  createResourceOrigins,
  httpOrigins,
  isLoopback,
  lacksBase,
  originProblems,
  type ResourceOrigins,
  requestUrl,
  urlProblem,
} from './resource-origins.ts';
export { backoff } from './retry-after.ts';
export { retryLoop, waitForRetry } from './retry-loop.ts';
export { formEncode, readSecret, redact } from './secret.ts';
export { isSecretName } from './secret-names.ts';
export { sha256 } from './sha256.ts';
export { RESERVE_SLOT, rateKey, slotLimiter } from './slot-limiter.ts';
export { throttleDelay } from './throttle-delay.ts';
export { isAccessToken, toStoredTokenSet, toTokenSet, YEAR } from './token-set.ts';
export { toUtf8 } from './utf8.ts';
export { uuid } from './uuid.ts';
export { warn } from './warn.ts';
