/** Where in Redis an export is kept. */
export interface ExportKeys {
  /** What it is and what became of it. */
  readonly whole: string;
  /** How far a part is, by its number from 0. */
  part(number: number): string;
  readonly merge: string;
}

/** The keys of one export have one hash tag, so that a script may use several of them on a cluster. */
export function exportKeys(prefix: string, queue: string, name: string): ExportKeys {
  const whole = `${prefix}:export:{${queue}:${name}}`;
  return { whole, part: (number) => `${whole}:part:${number}`, merge: `${whole}:merge` };
}

/** The id of a job. Each run of an export has jobs of its own. */
export function jobId(name: string, run: string, part?: number): string {
  return `${name}.${run}.${part ?? 'merge'}`;
}
