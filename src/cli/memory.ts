import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { AxiosInstance } from 'axios';
import { BatchError } from '../batch/index.ts';
import { isError } from '../core/internal.ts';

/** Ends a run before the heap is full. When the heap is full, V8 ends the process with exit code 134 and without a checkpoint. */
export interface MemoryWatch {
  /** Aborts with the error when the heap is almost full. */
  readonly signal: AbortSignal;
  /** Refuses responses that the rest of the heap cannot hold. */
  limitResponses(api: AxiosInstance): void;
  stop(): void;
}

const MEGABYTE = 2 ** 20;

// The heap limit of V8 includes this reserve for new objects: three semi-spaces of 16 MB.
const YOUNG_GENERATION = 48 * MEGABYTE;

// The heap is almost full if less than a tenth is free, or less than the next larger hash table needs.
const RESERVE = { share: 0.1, bytes: 5 * MEGABYTE };
// A large page can fill the heap for a moment.
const COLLECTIONS = 2;
// The text of a page, the parsed page, and the records that are written meanwhile.
const COPIES = 2.5;

const ADVICE =
  'Allow more memory, such as NODE_OPTIONS=--max-old-space-size=512, or hold fewer records at once: ' +
  'add --read-ahead 1, or a smaller --page-size if the command has this flag';

/** Returns the bytes of objects that survived a garbage collection. */
function oldGeneration(): number {
  return getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !name.startsWith('new_'))
    .reduce((sum, { space_used_size: size }) => sum + size, 0);
}

/** Starts to watch the heap. */
export function watchMemory(): MemoryWatch {
  const controller = new AbortController();
  const limit = getHeapStatistics().heap_size_limit - YOUNG_GENERATION;
  const reserve = Math.max(RESERVE.bytes, limit * RESERVE.share);
  const megabytes = (bytes: number) => Math.round(bytes / MEGABYTE);
  let live = oldGeneration();
  let fullCollections = 0;
  const observer = new PerformanceObserver((list) => {
    if (!list.getEntries().some(isFullCollection)) return;
    live = oldGeneration();
    fullCollections = limit - live < reserve ? fullCollections + 1 : 0;
    if (fullCollections < COLLECTIONS) return;
    const used = `${megabytes(live)} of ${megabytes(limit)} MB`;
    controller.abort(new BatchError(`too little memory: ${used} are in use. ${ADVICE}.`, 'ERR_MEMORY'));
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    signal: controller.signal,
    limitResponses(api) {
      api.interceptors.request.use(
        (config) => {
          // A stream is not held in memory.
          if (config.responseType !== 'stream') {
            config.maxContentLength = Math.max(MEGABYTE, Math.floor((limit - live) / COPIES));
          }
          return config;
        },
        null,
        { synchronous: true },
      );
    },
    stop: () => observer.disconnect(),
  };
}

/** The types of Node lack the details of a collection. */
function isFullCollection(entry: PerformanceEntry & { detail?: { kind?: number } }): boolean {
  return entry.detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

const TOO_LONG = /^(Invalid string length|Cannot create a string longer)/;
const NO_MEMORY = /^(Array buffer allocation failed|Cannot create a Buffer larger)/;
const TOO_LARGE = /^maxContentLength size of (\d+) exceeded/;

/** Returns the error for a failed allocation or a response that is too large for the memory; undefined for other errors. */
export function memoryErrorOf(thrown: unknown): BatchError | undefined {
  for (let error = thrown; isError(error); error = error.cause) {
    const { message } = error;
    const code = (error as NodeJS.ErrnoException).code;
    const limit = TOO_LARGE.exec(message)?.[1];
    if (limit !== undefined) {
      const size = Math.ceil(Number(limit) / MEGABYTE);
      return new BatchError(
        `too little memory: a response of the API is larger than ${size} MB. ${ADVICE}.`,
        'ERR_MEMORY',
        { cause: thrown },
      );
    }
    if (TOO_LONG.test(message)) {
      return new BatchError(
        'a response or a record is longer than 512 MB, the maximum of Node.js. Set a smaller --page-size if the command has this flag.',
        'ERR_MEMORY',
        { cause: thrown, permanent: true },
      );
    }
    if (NO_MEMORY.test(message) || code === 'ENOMEM') {
      return new BatchError(`too little memory: ${message}. ${ADVICE}.`, 'ERR_MEMORY', { cause: thrown });
    }
  }
  return undefined;
}
