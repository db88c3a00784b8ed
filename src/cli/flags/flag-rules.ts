import { refuse } from '../../core/internal.ts';
import { isPostgresUrl } from '../../postgres/internal.ts';
import type { ExportFlags } from './export-flags.ts';

/** Flags that have no effect in some exports. A flag without an effect is an error. */
interface FlagRule {
  readonly flags: readonly string[];
  /** Returns whether the flags have no effect in this export. */
  isRefused(flags: ExportFlags): boolean;
  /** What the message begins with. @default the passed flags */
  readonly subject?: string;
  /** @param passed the flags of the rule that were passed. */
  problem(passed: string, flags: ExportFlags): string;
}

const RULES: readonly FlagRule[] = [
  {
    flags: ['--queue-name', '--parts', '--name', '--priority', '--keep-parts', '--no-merge'],
    isRefused: ({ queue }) => queue === undefined,
    subject: '--queue',
    problem: (passed) => `missing; ${passed} can be used only with --queue`,
  },
  {
    flags: ['--share', '--share-directory'],
    isRefused: ({ queue }) => queue !== undefined,
    subject: '--queue',
    problem: (passed) => `not allowed with ${passed}: the workers share one token and one rate in Redis`,
  },
  {
    flags: [
      ...['--rate', '--retries', '--timeout', '--max-outage', '--read-ahead'],
      ...['--checkpoint-interval', '--checkpoint'],
    ],
    isRefused: ({ queue }) => queue !== undefined,
    subject: '--queue',
    problem: (passed) => `not allowed with ${passed}: pass these flags to axios-oauth-refresh worker`,
  },
  {
    // Only a file or a table can be resumed. Days refuse standard output themselves.
    flags: ['--checkpoint', '--checkpoint-interval', '--restart'],
    isRefused: ({ queue, days, out }) => queue === undefined && !days && out === '-',
    problem: () => 'requires a file as output, not --out -',
  },
  {
    flags: ['--checkpoint'],
    isRefused: ({ queue, out }) => queue === undefined && isPostgresUrl(out),
    problem: () =>
      'cannot be combined with Postgres, which stores the checkpoint together with the records: remove it',
  },
  {
    flags: ['--checkpoint'],
    isRefused: ({ queue, days }) => queue === undefined && days !== undefined,
    problem: (_, { days }) =>
      `cannot be combined with ${days?.flag}: each day has a checkpoint beside its file`,
  },
];

/**
 * Refuses the flags that have no effect in an export.
 *
 * @param args the arguments. The value of a flag with a default cannot tell whether the flag was passed.
 * @throws ConfigurationError
 */
export function refuseUnusedFlags(args: readonly string[], flags: ExportFlags): void {
  const problems = new Map<string, string[]>();
  for (const rule of RULES) {
    const passed = rule.flags.filter((flag) =>
      args.some((arg) => arg === flag || arg.startsWith(`${flag}=`)),
    );
    if (passed.length === 0 || !rule.isRefused(flags)) continue;
    const subject = rule.subject ?? passed.join(', ');
    problems.set(subject, [...(problems.get(subject) ?? []), rule.problem(passed.join(', '), flags)]);
  }
  for (const [subject, found] of problems) refuse(subject, found);
}
