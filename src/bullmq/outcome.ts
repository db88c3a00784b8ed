import { NO_RECORDS, warningsOf } from '../batch/internal.ts';
import { isWhole } from '../core/internal.ts';

/** What an export, or a part of one, returned compared with what the API stated. */
export interface Outcome {
  /** Number of records that the API stated; undefined if it stated none. */
  readonly stated?: number | undefined;
  /** Number of stated records that did not arrive, and that the tolerance of the source allows. */
  readonly missing: number;
  /** What was tolerated, in sentences without a full stop. */
  readonly warnings: readonly string[];
}

interface Saved extends Outcome {
  /** How many further warnings were left out. */
  readonly moreWarnings: number;
}

// Bounds the summary in Redis, because an export can have thousands of parts.
const MAX_WARNINGS = 100;

/** Validates the values of a checkpoint or a summary. Workers of versions up to 0.3 save no warnings. */
export function readOutcome(saved: object): Outcome | undefined {
  const { stated, missing, warnings, moreWarnings } = saved as { [name in keyof Saved]?: unknown };
  if (!Array.isArray(warnings)) return undefined;
  return {
    ...(isWhole(stated) && { stated }),
    missing: isWhole(missing) ? missing : 0,
    warnings: warningsOf({
      warnings: warnings.filter((warning) => typeof warning === 'string'),
      moreWarnings: isWhole(moreWarnings) ? moreWarnings : 0,
    }),
  };
}

/** Adds up the outcomes of parts. Each warning begins with the number of its part. A part without records gets no warning. */
export function sumOutcomes(parts: readonly (Outcome | undefined)[]): Outcome {
  const known = parts.filter((outcome) => outcome !== undefined);
  const stated = known.flatMap((outcome) => outcome.stated ?? []);
  return {
    ...(stated.length > 0 && { stated: sum(stated) }),
    missing: sum(known.map(({ missing }) => missing)),
    warnings: parts.flatMap((outcome, part) =>
      (outcome?.warnings ?? [olderWorker('exported', 'this part')])
        .filter((text) => text !== NO_RECORDS)
        .map((text) => `part ${part}: ${text}`),
    ),
  };
}

/** Returns the first warnings, and the number of further ones. */
export function boundWarnings(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= MAX_WARNINGS) return warnings;
  const kept = warnings.slice(0, MAX_WARNINGS - 1);
  return warningsOf({ warnings: kept, moreWarnings: warnings.length - kept.length });
}

/** Describes that the warnings of an older worker are unknown. */
export function olderWorker(action: string, object: string): string {
  return (
    `an older version of axios-oauth-refresh ${action} ${object} and reported no warnings. Run the same version on all hosts, and export ` +
    'again to compare the records with the totals of the API'
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
