import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { printable } from '../core/internal.ts';
import { argumentProblem } from './argument-problem.ts';
import type { CommandContext } from './command-context.ts';
import { addExportCxone } from './commands/export-cxone.ts';
import { addExportGenesys } from './commands/export-genesys.ts';
import { addExportPages } from './commands/export-pages.ts';
import { addExportResources } from './commands/export-resource.ts';
import { addImport } from './commands/import.ts';
import { addQueue } from './commands/queue.ts';
import { addSimulate } from './commands/simulate.ts';
import { addToken } from './commands/token.ts';
import { addWorker } from './commands/worker.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { failureOf } from './failure.ts';
import { addHelpEnd } from './help.ts';
import type { Io } from './io.ts';
import { secretFlagProblem } from './secret-flags.ts';

/** Runs the command in the arguments. @returns the exit code. */
export async function runCommand(args: readonly string[], io: Io): Promise<number> {
  const problem = secretFlagProblem(args);
  if (problem !== undefined) {
    io.stderr.write(`error: ${problem}\n`);
    return EXIT.usage;
  }
  let exitCode: ExitCode = EXIT.complete;
  const setExitCode = (code: ExitCode) => {
    exitCode = code;
  };
  try {
    const program = createProgram({ io, args, setExitCode });
    const misspelt = argumentProblem(program, args);
    if (misspelt !== undefined) {
      io.stderr.write(`error: ${printable(misspelt)}\n`);
      return EXIT.usage;
    }
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has already printed the error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.complete : EXIT.usage;
    const failure = failureOf(error);
    io.stderr.write(`error: ${failure.message}\n`);
    if (failure.hint !== undefined) io.stderr.write(`hint: ${failure.hint}\n`);
    return failure.exitCode;
  }
}

function createProgram(context: CommandContext): Command {
  const { io } = context;
  const program = new Command('axios-oauth-refresh')
    .description(
      'Export records from APIs behind OAuth 2.0 to files, and import records from files. ' +
        'Exports and imports survive expired tokens, rate limits and crashes: to resume, run the same command again.',
    )
    .optionsGroup('Help:')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .version(version(), '-V, --version', 'show the version number')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // A parameter without a name can be a secret.
      outputError: (text, write) =>
        write(text.replace(/^(error: option '--param [^']*' argument) '.*' is/s, '$1 is')),
    });
  addHelpEnd(program, {
    examples: [
      'token',
      `export genesys-conversations --out day.csv \\
    --interval 2026-01-01/2026-01-02`,
    ],
    redis: true,
    postgres: true,
  });
  const exports = program
    .command('export')
    .description('Export records of an API to a file, a file for each day, or a table of Postgres.');
  addHelpEnd(exports, {
    examples: [
      `export genesys-conversations --out 'day-{date}.csv' \\
    --since 2026-01-01 --timezone Europe/Berlin`,
      `export pages --url /api/v2/users --items entities \\
    --next nextUri --out users.jsonl`,
    ],
    redis: true,
    postgres: true,
  });
  addExportGenesys(exports, context);
  addExportCxone(exports, context);
  addExportResources(exports, context);
  addExportPages(exports, context);
  addImport(program, context);
  addWorker(program, context);
  addQueue(program, context);
  addToken(program, context);
  addSimulate(program, context);
  return program;
}

function version(): string {
  // The path is the same from the source and from the bundle.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
