import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { CommandContext } from './command-context.ts';
import { addExportCxone } from './commands/export-cxone.ts';
import { addExportGenesys } from './commands/export-genesys.ts';
import { addExportPages } from './commands/export-pages.ts';
import { addImport } from './commands/import.ts';
import { addSimulate } from './commands/simulate.ts';
import { addToken } from './commands/token.ts';
import { addWorker } from './commands/worker.ts';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-code.ts';
import { failureOf } from './failure.ts';
import type { Io } from './io.ts';
import { secretFlagProblem } from './secret-flags.ts';
import { VARIABLES_HELP } from './variables.ts';

/** Runs the command that the arguments name. @returns the exit code. */
export async function runCommand(args: readonly string[], io: Io): Promise<number> {
  const problem = secretFlagProblem(args);
  if (problem !== undefined) {
    io.stderr.write(`error: ${problem}\n`);
    return EXIT.usage;
  }
  let exitCode: ExitCode = EXIT.complete;
  const end = (code: ExitCode) => {
    exitCode = code;
  };
  try {
    await createProgram({ io, args, end }).parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Its text is written already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.complete : EXIT.usage;
    const failure = failureOf(error, undefined);
    io.stderr.write(`error: ${failure.message}\n`);
    return failure.exitCode;
  }
}

function createProgram(context: CommandContext): Command {
  const { io } = context;
  const program = new Command('axios-oauth-refresh')
    .description(
      'Exports from and imports into APIs behind OAuth 2.0, for as long as it takes, losing nothing.',
    )
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // What follows the = of an unknown flag can be a secret.
      outputError: (text, write) => write(text.replace(/'(--?[\w-]+)=.*'/s, "'$1'")),
    })
    .showHelpAfterError('(--help tells more)')
    .addHelpText(
      'after',
      `
Credentials come from the environment, or from a file named by --env; never from arguments:
${VARIABLES_HELP}
HTTPS_PROXY and NO_PROXY are obeyed.
${EXIT_CODES_HELP}`,
    );
  const exports = program
    .command('export')
    .description('Write the records of an API into a file, once each.');
  addExportGenesys(exports, context);
  addExportCxone(exports, context);
  addExportPages(exports, context);
  addImport(program, context);
  addWorker(program, context);
  addToken(program, context);
  addSimulate(program, context);
  return program;
}

function version(): string {
  // The same way from the source and from the bundle.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
