import type { Command } from 'commander';
import { namesOf } from '../vendors/internal.ts';
import { EXIT_CODES, type ExitCode } from './exit-code.ts';
import {
  POSTGRES_VARIABLES,
  REDIS_VARIABLES,
  VENDOR_VARIABLES,
  VENDORS,
  type VendorName,
} from './variables.ts';

/** What the help of a command shows after the options. Its lines must fit into 80 columns. */
interface HelpEnd {
  /** Two command lines without the program's name. */
  examples: readonly string[];
  notes?: string;
  /** Vendors whose credentials the command reads. @default all */
  vendors?: readonly VendorName[];
  /** Whether the command reads the credentials of Redis. */
  redis?: boolean;
  /** Whether the command reads the credentials of Postgres. */
  postgres?: boolean;
  /** @default the exit codes of exports */
  exitCodes?: Partial<Record<ExitCode, string>>;
}

/** Adds examples, credentials and exit codes to the help of a command. */
export function addHelpEnd(
  command: Command,
  { examples, notes, vendors = VENDORS, redis = false, postgres = false, exitCodes = EXIT_CODES }: HelpEnd,
): Command {
  const credentials = vendors.map((vendor) => {
    const { label, required, optional, names } = VENDOR_VARIABLES[vendor];
    const files = names.filter((name) => name.endsWith('_FILE')).join(', ');
    return `  ${label}:\n    ${required.join(', and\n    ')}\n    optional: ${optional}\n    secrets in files: ${files}`;
  });
  if (redis) {
    const { sentinelPassword, ...server } = REDIS_VARIABLES;
    const lines = [server, { sentinelPassword }].map((variables) => namesOf(variables).join(', '));
    credentials.push(`  Redis, for --queue:\n    optional: ${lines.join(',\n    ')}`);
  }
  if (postgres) {
    credentials.push(
      `  Postgres, for --out postgres://HOST/DATABASE?table=NAME:\n    optional: ${POSTGRES_VARIABLES.join(', ')}`,
    );
  }
  if (credentials.length > 0) {
    credentials.unshift('Credentials, in the environment or in a file named by --env, never in arguments:');
    credentials.push('  The environment variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY set a proxy.');
  }
  const codes = Object.entries(exitCodes).map(([code, meaning]) => `  ${code.padEnd(3)}  ${meaning}`);
  const sections = [
    ['Examples:', ...examples.map((example) => `  axios-oauth-refresh ${example}`)].join('\n'),
    notes,
    credentials.join('\n'),
    ['Exit codes:', ...codes].join('\n'),
  ];
  return command.addHelpText('after', `\n${sections.filter(Boolean).join('\n\n')}\n`);
}
