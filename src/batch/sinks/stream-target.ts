import type { Writable } from 'node:stream';
import { messageOf } from '../../core/internal.ts';
import { BatchError } from '../errors.ts';
import type { TextTarget } from './text-output.ts';

// Errors of a stream whose reader has closed it.
const CLOSED_CODES = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE'];
const CLOSED = { code: 'ERR_STREAM_DESTROYED' };

/** Returns a stream as the target of text. Nothing can be removed from a stream, so `save` returns no length. */
export function streamTarget(stream: Writable): TextTarget {
  return {
    async open(_, signal) {
      let length = 0;
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
        get length() {
          return length;
        },
        async append(bytes) {
          if (failure) throw streamError(failure);
          if (bytes.length === 0) return;
          length += bytes.length;
          await new Promise<void>((resolve, reject) => {
            fail = reject;
            stream.write(bytes, (error) => (error ? onError(error) : resolve()));
          }).catch((error: unknown) => {
            throw streamError(error);
          });
        },
        save: async () => undefined,
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
