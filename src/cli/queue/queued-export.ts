import { splitInterval, type WholeSummary } from '../../bullmq/index.ts';
import { duration, monotonicOf, systemClock } from '../../core/internal.ts';
import { completionOf, describeRecords } from '../completion.ts';
import { DEFAULT_PARTS } from '../flags/queue-flags.ts';
import type { Completion } from '../reporter/types.ts';
import { counted } from '../reporter/words.ts';
import { sourceOf } from '../sources.ts';
import type { Described } from './describe-queued.ts';
import type { QueueRun } from './queue-run.ts';

/** Submits one export and waits until the workers complete it. */
export async function runQueuedExport(
  { job, reporter, submit }: QueueRun,
  { name, description }: Described,
): Promise<Completion> {
  const { flags } = job;
  const { interval, out, merge, parts = DEFAULT_PARTS } = flags;
  const whole = `${interval?.start}/${interval?.end}`;
  const now = monotonicOf(systemClock);
  const began = now();
  // Refuse wrong options before the export is submitted.
  sourceOf(description, whole);
  const output = merge === false ? false : out;
  const submitted = await submit({ name, description, parts: splitInterval(whole, parts), output });
  try {
    reporter.started(job.name, out);
    const summary = await submitted.finished();
    return completionOf(summary, flags, describeResult(summary, now() - began));
  } finally {
    await submitted.close();
  }
}

function describeResult(summary: WholeSummary, elapsed: number) {
  const { repeated, parts, output, manifest, alreadyComplete } = summary;
  const where = describeRecords(summary, ` in ${output ?? manifest} in the directory of the workers`);
  if (alreadyComplete)
    return `already complete: ${where}; to export again, remove the file and add --restart`;
  return [
    `complete: ${where}`,
    counted(parts, 'part'),
    duration(elapsed),
    repeated > 0 && `${counted(repeated, 'duplicate')} dropped`,
  ]
    .filter(Boolean)
    .join(', ');
}
