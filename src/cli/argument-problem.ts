import type { Command, Option } from 'commander';
import { nearestName } from '../core/internal.ts';

/**
 * Returns the problem with the first unknown command, option or choice of an option, and the nearest name.
 *
 * commander reports missing options first. If a required option is misspelt, its message does not name the misspelt option.
 */
export function argumentProblem(program: Command, args: readonly string[]): string | undefined {
  let command = program;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--' || (command === program && arg === 'help')) return undefined;
    if (!arg.startsWith('-') || arg === '-') {
      // Commands without subcommands have no arguments: commander says so.
      if (command.commands.length === 0) continue;
      const found = command.commands.find((other) => other.name() === arg);
      if (!found) return unknownCommand(command, arg);
      command = found;
      continue;
    }
    const [, flag = arg, inline] = /^(--[^=]+)=(.*)$/s.exec(arg) ?? [];
    if (isHelp(flag)) return undefined;
    const option = command.options.find(({ long, short }) => flag === long || flag === short);
    if (!option) return unknownOption(command, flag);
    const next = args[index + 1];
    // As commander does: a required value can start with a dash, an optional value cannot.
    const takesNext =
      inline === undefined && (option.required || (option.optional && !next?.startsWith('-')));
    const problem = choiceProblem(option, inline ?? (takesNext ? next : undefined));
    if (problem !== undefined) return problem;
    if (takesNext) index++;
  }
  return undefined;
}

function isHelp(flag: string): boolean {
  return ['-h', '--help', '-V', '--version'].includes(flag);
}

function unknownCommand(command: Command, name: string): string {
  const names = command.commands.map((other) => other.name());
  const wrong = `unknown command '${name}'`;
  return withSuggestion(wrong, suggest(name, names), `the commands are ${names.join(', ')}`);
}

/** Never returns the value of the option, which can be a secret. */
function unknownOption(command: Command, flag: string): string {
  const flags = command.options.flatMap(({ long }) => (long ? [long.slice(2)] : []));
  const nearest = suggest(flag.replace(/^-+/, ''), flags);
  return withSuggestion(
    `unknown option '${flag}'`,
    nearest && `--${nearest}`,
    `run ${pathOf(command)} --help for the options`,
  );
}

function choiceProblem({ flags, argChoices }: Option, value: string | undefined): string | undefined {
  if (!argChoices || value === undefined || argChoices.includes(value)) return undefined;
  const nearest = suggest(value, argChoices);
  const what = nearest ? `did you mean ${nearest}? The` : 'the';
  return `option '${flags}' argument '${value}' is invalid; ${what} choices are ${argChoices.join(', ')}`;
}

function withSuggestion(wrong: string, nearest: string | undefined, otherwise: string): string {
  return `${wrong}; ${nearest ? `did you mean ${nearest}?` : otherwise}`;
}

function suggest(name: string, names: readonly string[]): string | undefined {
  return (
    nearestName(name, names) ?? (name.length > 1 ? names.find((other) => other.startsWith(name)) : undefined)
  );
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
