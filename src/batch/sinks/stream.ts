import type { Writable } from 'node:stream';
import { messageOf } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import { toJsonLine } from '../json/to-json.ts';
import type { Sink } from './sink.ts';

// Errors of a stream whose reader has closed it.
const CLOSED_CODES = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE'];
const CLOSED = { code: 'ERR_STREAM_DESTROYED' };

/**
 * Returns a sink that writes records as JSON Lines to a stream, such as `process.stdout`. Apart from the pages that are read ahead, the
 * export fetches a page only after the stream has accepted the previous pages.
 *
 * Output cannot be removed from a stream, so an export to a stream always starts at the beginning. The sink does not end the stream.
 *
 * Writing fails with a BatchError `ERR_OUTPUT` if the reader closes the stream, as `head` does.
 */
export function jsonLinesStream(stream: Writable): Sink {
  return {
    format: 'jsonl',
    async open(_, signal) {
      let fail: (error: unknown) => void = () => {};
      // A destroyed stream has already emitted its 'close' event.
      let failure: unknown = stream.destroyed ? CLOSED : undefined;
      const onError = (error: unknown) => {
        failure ??= error;
        fail(error);
      };
      const onClose = () => onError(CLOSED);
      // The reader may never continue, and the export must not wait for it.
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
          // A stream emits 'error' after it has rejected the write. Without a listener, the event would end the process.
          if (!failure) stream.off('error', onError);
        },
      };
    },
  };
}

function streamError(thrown: unknown): BatchError {
  const { code = '' } = Object(thrown) as { code?: string };
  const what = CLOSED_CODES.includes(code)
    ? 'the reader closed the output'
    : `the output cannot be written: ${messageOf(thrown)}`;
  const message = `${what}. An export to a stream cannot resume: run it again from the start.`;
  return new BatchError(message, 'ERR_OUTPUT', { cause: thrown, resumable: false });
}
