/** Redis keys of an export. */
export interface ExportKeys {
  /** Description, run and result of the export. */
  readonly whole: string;
  /** Checkpoint of a part. @param number from 0. */
  part(number: number): string;
  /** Checkpoints of the first parts, in their order. */
  parts(count: number): string[];
  readonly merge: string;
  /** The key of a part, or of the merge without a part. */
  job(part: number | undefined): string;
  /** Which workers have failed which parts. */
  readonly failures: string;
}

/** Returns the keys of an export. They share a hash tag, so that a script can use several of them on a Redis cluster. */
export function exportKeys(prefix: string, queue: string, name: string): ExportKeys {
  const whole = `${prefix}:export:{${queue}:${name}}`;
  const merge = `${whole}:merge`;
  const part = (number: number) => `${whole}:part:${number}`;
  return {
    whole,
    part,
    parts: (count) => Array.from({ length: count }, (_, number) => part(number)),
    merge,
    job: (number) => (number === undefined ? merge : part(number)),
    failures: `${whole}:failures`,
  };
}

/** Returns the ID of a job. Each run of an export has its own jobs. */
export function jobId(name: string, run: string, part?: number): string {
  return `${name}.${run}.${part ?? 'merge'}`;
}
