import { refuse } from '../core/internal.ts';
import {
  ANNOUNCE_INTERVAL,
  PRESENCE_LIFETIME,
  type WorkerInfo,
  type WorkerRegistry,
} from './worker-registry.ts';

/** Keeps the entry of a worker in the registry up to date. */
export interface Presence {
  readonly worker: WorkerInfo;
  /** Changes the state of the worker, and announces it. */
  update(change: Pick<WorkerInfo, 'paused'>): void;
  /** Removes the worker from the registry. */
  stop(): Promise<void>;
}

/**
 * Announces a worker now and then regularly. Later, an unreachable Redis is ignored, because the worker waits for it anyway.
 *
 * @throws ConfigurationError if a live worker has another rate. BatchError `ERR_QUEUE` if Redis is unreachable now.
 */
export async function announceWorker(registry: WorkerRegistry, worker: WorkerInfo): Promise<Presence> {
  let current = worker;
  const other = await registry.join(worker);
  refuse('startExportWorker', [
    other &&
      `rate: this worker on ${worker.host} has the rate ${describeRate(worker.rate)}, but a worker on ${other.host} has ` +
        `${describeRate(other.rate)}. ` +
        `All workers of a queue share one rate: set the same rate, or stop the other workers first. A worker that was killed counts for ` +
        `another ${PRESENCE_LIFETIME / 1000} s`,
  ]);
  const announce = () => registry.announce(current).catch(() => {});
  const timer = setInterval(announce, ANNOUNCE_INTERVAL);
  timer.unref();
  return {
    get worker() {
      return current;
    },
    update(change) {
      current = { ...current, ...change };
      announce();
    },
    async stop() {
      clearInterval(timer);
      await registry.remove(current.id).catch(() => {});
    },
  };
}

const UNITS: Readonly<Record<string, string>> = { 1000: 's', 60000: 'min', 3600000: 'h' };

/** Describes a {@link WorkerInfo.rate} for messages. */
function describeRate(rate: string): string {
  const [requests, interval = ''] = rate.split('/');
  return interval === '' ? rate : `${requests}/${UNITS[interval] ?? `${interval} ms`}`;
}
