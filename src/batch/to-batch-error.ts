import { type AxiosError, isAxiosError } from 'axios';
import { ConfigurationError, isAuthRefreshError } from '../core/index.ts';
import { duration, messageOf } from '../core/internal.ts';
import { describeFailure, describeRequest, retriesOf } from './describe-failure.ts';
import { BatchError } from './errors.ts';

/** Returns the error of a run whose signal was aborted. */
export function interrupted(reason: unknown): BatchError {
  const message = 'interrupted: run the same export or import again to resume from the checkpoint.';
  return new BatchError(message, 'ERR_INTERRUPTED', { cause: reason });
}

/**
 * Converts a thrown value into a {@link BatchError}. A ConfigurationError is returned unchanged.
 *
 * @param hasCursor whether the run had begun, so that the failed request can contain a cursor that the API no longer accepts.
 */
export function toBatchError(thrown: unknown, hasCursor = false): BatchError | ConfigurationError {
  if (thrown instanceof BatchError || thrown instanceof ConfigurationError) return thrown;
  if (!isAxiosError(thrown)) return new BatchError(messageOf(thrown), 'ERR_CALLBACK', { cause: thrown });
  const message = describeFailure(thrown, hasCursor);
  return new BatchError(message, 'ERR_REQUEST', { cause: thrown, permanent: isPermanent(thrown) });
}

// The client must change something for every other status of 400 to 499. 401 and 403 have exit codes of their own.
const CURABLE = [401, 403, 408, 409, 423, 425, 429];

function isPermanent(error: AxiosError): boolean {
  const { status = 0 } = error.response ?? {};
  return !isAuthRefreshError(error) && status >= 400 && status < 500 && !CURABLE.includes(status);
}

/**
 * Returns the error of a run that waited for the end of an outage.
 *
 * @param waited in milliseconds.
 * @param repeats how often the request was repeated in the outage.
 */
export function outageTooLong(error: AxiosError, waited: number, repeats: number): BatchError {
  const failure = describeFailure(error, false, Math.max(repeats, retriesOf(error)));
  return new BatchError(
    `${failure} Gave up after ${duration(waited)} without a successful response (maxOutage, --max-outage).`,
    'ERR_REQUEST',
    { cause: error },
  );
}

// The last time that a Date can represent.
const LAST_TIME = 8.64e15;

/** Returns the error of a run whose API asks to wait for too long. Durations are in milliseconds. */
export function throttledTooLong(
  error: AxiosError,
  asked: number,
  now: number,
  maxOutage: number,
): BatchError {
  const until = new Date(Math.min(LAST_TIME, now + asked)).toISOString().replace(/\.\d+Z$/, 'Z');
  const seconds = Math.ceil(asked / 1000);
  const wait = seconds < 60 ? `${seconds} s` : `${seconds} s (${duration(asked)})`;
  const server = isAuthRefreshError(error) ? 'the token endpoint' : 'the API';
  const limit =
    maxOutage > 0 && asked > maxOutage
      ? `the outage limit of ${duration(maxOutage)} (maxOutage, --max-outage)`
      : 'the retries of the request and the outage limit (maxOutage, --max-outage) allow';
  return new BatchError(
    `${describeRequest(error)}: ${server} asks to wait for ${wait}, until ${until}, longer than ${limit}.`,
    'ERR_THROTTLED',
    { cause: error },
  );
}
