/** Redis keys of an export. */
export interface ExportKeys {
  /** Description, run and result of the export. */
  readonly whole: string;
  /** Checkpoint of a part. @param number from 0. */
  part(number: number): string;
  readonly merge: string;
  /** Which workers have failed which parts. */
  readonly failures: string;
}

/** Returns the keys of an export. They share a hash tag, so that a script can use several of them on a Redis cluster. */
export function exportKeys(prefix: string, queue: string, name: string): ExportKeys {
  const whole = `${prefix}:export:{${queue}:${name}}`;
  return {
    whole,
    part: (number) => `${whole}:part:${number}`,
    merge: `${whole}:merge`,
    failures: `${whole}:failures`,
  };
}

/** Returns the ID of a job. Each run of an export has its own jobs. */
export function jobId(name: string, run: string, part?: number): string {
  return `${name}.${run}.${part ?? 'merge'}`;
}
