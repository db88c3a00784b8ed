import type { Writable } from 'node:stream';
import { messageOf } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { toJsonLine } from './json-lines.ts';
import type { Sink } from './sink.ts';

// What a stream says when whoever read it went away.
const GONE_CODES = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE'];
const GONE = { code: 'ERR_STREAM_DESTROYED' };

/**
 * Writes records as JSON Lines to a stream, such as `process.stdout`. A page is fetched no sooner than the stream has taken those
 * before it, less the pages that are read ahead.
 *
 * What a stream was given cannot be taken back: an export into one begins at the beginning each time. The stream is not
 * ended; that is for whoever made it.
 *
 * Writing ends with a BatchError `ERR_OUTPUT` when its reader goes away, as `head` does.
 */
export function jsonLinesStream(stream: Writable): Sink {
  return {
    format: 'jsonl',
    async open(_, signal) {
      let fail: (error: unknown) => void = () => {};
      // A stream that is closed already says so to nobody.
      let failure: unknown = stream.destroyed ? GONE : undefined;
      const onError = (error: unknown) => {
        failure ??= error;
        fail(error);
      };
      const onClose = () => onError(GONE);
      // Whoever reads may never go on, and the run is not to wait for that.
      const onAbort = () => onError(signal?.reason);
      stream.on('error', onError);
      stream.on('close', onClose);
      signal?.addEventListener('abort', onAbort);

      return {
        async write(items) {
          if (failure) throw streamError(failure);
          const lines = items.map(toJsonLine).join('');
          if (lines === '') return;
          await new Promise<void>((resolve, reject) => {
            fail = reject;
            stream.write(lines, (error) => (error ? onError(error) : resolve()));
          }).catch((error: unknown) => {
            throw streamError(error);
          });
        },
        save: async () => undefined,
        finish: async () => {},
        async close() {
          stream.off('close', onClose);
          signal?.removeEventListener('abort', onAbort);
          // A stream tells its error to a write first and to everybody later; unheard, that would end the process.
          if (!failure) stream.off('error', onError);
        },
      };
    },
  };
}

function streamError(thrown: unknown): BatchError {
  const { code = '' } = Object(thrown) as { code?: string };
  const what = GONE_CODES.includes(code)
    ? 'whoever read the output closed it'
    : `the output cannot be written: ${messageOf(thrown)}`;
  return new BatchError(
    `${what}. It cannot be gone on with: run the same again for the whole of it.`,
    'ERR_OUTPUT',
    {
      cause: thrown,
      resumable: false,
    },
  );
}
