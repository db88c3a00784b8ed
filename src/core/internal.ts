export {
  type OptionTable,
  ownValue,
  type Problem,
  prefixed,
  readOptions,
  refuse,
} from './check-options.ts';
export { sleep, systemClock, withDeadline } from './clock.ts';
export { callbackFailed, messageOf } from './errors.ts';
export { createEmitter, type Emitter, notify } from './events.ts';
export { linkSignals, unlessAborted } from './link-signals.ts';
export { loadPeer, PeerError } from './load-peer.ts';
export { nearestName } from './nearest-name.ts';
export { isNewerFormat, newerFormat } from './newer-format.ts';
export { RATE_INTERVAL, rateProblems } from './rate.ts';
export { readBody } from './read-body.ts';
export { redactUrl, removeUserInfo } from './redact-url.ts';
export {
  createResourceOrigins,
  httpOrigins,
  lacksBase,
  originProblems,
  type ResourceOrigins,
  requestUrl,
  urlProblem,
} from './resource-origins.ts';
export { backoff, parseRetryAfter } from './retry-after.ts';
export { retryLoop, waitForRetry } from './retry-loop.ts';
export { formEncode, readSecret, redact } from './secret.ts';
export { RESERVE_SLOT, rateKey, slotLimiter } from './slot-limiter.ts';
export { isAccessToken, toStoredTokenSet, toTokenSet, YEAR } from './token-set.ts';
export { uuid } from './uuid.ts';
