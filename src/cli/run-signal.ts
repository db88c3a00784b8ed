import { abortOnSignal } from './interrupt.ts';
import type { Io } from './io.ts';
import { type MemoryWatch, watchMemory } from './memory.ts';
import type { Reporter } from './reporter/types.ts';

/** What can end a run early. */
interface RunSignal {
  /** Aborts at Ctrl-C, SIGTERM, and when the memory is almost full. */
  readonly signal: AbortSignal;
  readonly memory: MemoryWatch;
  release(): void;
}

/** Watches the signals of the process and its memory during a run. @param warning after Ctrl-C or SIGTERM. */
export function watchRun(io: Io, reporter: Reporter, warning: string): RunSignal {
  const memory = watchMemory();
  const interrupt = abortOnSignal(io, () => reporter.interrupted(warning), reporter.stop);
  return {
    signal: AbortSignal.any([interrupt.signal, memory.signal]),
    memory,
    release() {
      memory.stop();
      interrupt.release();
    },
  };
}
