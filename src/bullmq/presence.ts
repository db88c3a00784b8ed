import { ANNOUNCE_INTERVAL, type WorkerInfo, type WorkerRegistry } from './worker-registry.ts';

/** Keeps the entry of a worker in the registry up to date. */
export interface Presence {
  readonly worker: WorkerInfo;
  /** Changes the state of the worker, and announces it. */
  update(change: Pick<WorkerInfo, 'paused'>): void;
  /** Removes the worker from the registry. */
  stop(): Promise<void>;
}

/** Announces a worker now and then regularly. An unreachable Redis is ignored, because the worker waits for it anyway. */
export async function announceWorker(registry: WorkerRegistry, worker: WorkerInfo): Promise<Presence> {
  let current = worker;
  const announce = () => registry.announce(current).catch(() => {});
  await announce();
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
