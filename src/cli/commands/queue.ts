import { type Command, Option } from 'commander';
import {
  cancelExport,
  listExports,
  pauseQueue,
  type QueueOptions,
  resumeQueue,
  showExport,
} from '../../bullmq/index.ts';
import { systemClock } from '../../core/internal.ts';
import { findArgumentSecrets } from '../argument-secrets.ts';
import type { CommandContext } from '../command-context.ts';
import { readEnvironment } from '../environment.ts';
import { EXIT, EXIT_CODES } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import { type QueueFlags, queueFlag, queueNameFlag } from '../flags/queue-flags.ts';
import { addConnectionFlags, type ConnectionFlags } from '../flags/run-flags.ts';
import { addHelpEnd } from '../help.ts';
import { openReporter } from '../open-reporter.ts';
import { recentText, showText } from '../queue/queue-text.ts';
import { queueUrl } from '../queue/queue-url.ts';
import type { Reporter } from '../reporter/types.ts';

interface SteerFlags extends QueueFlags, ConnectionFlags {
  log: 'text' | 'json';
  json?: true;
}

const SERVER = 'redis://redis.internal:6379';

const EXITS = {
  0: EXIT_CODES[0],
  1: EXIT_CODES[1],
  2: 'wrong arguments, variables or files, or no such export',
  3: 'Redis refuses the password',
  6: 'Redis is unreachable',
};

/** A subcommand. `data` writes to standard output: values for machines, and the same as text. */
interface Steering {
  readonly name: string;
  readonly description: string;
  readonly notes?: string;
  /** Whether the subcommand has the name of an export as its argument. */
  readonly isNamed?: boolean;
  readonly hasData?: boolean;
  run(
    where: QueueOptions,
    name: string,
    out: { data(values: readonly object[], text: () => string): void; say(message: string): void },
  ): Promise<void>;
}

const STEERINGS: readonly Steering[] = [
  {
    name: 'list',
    description: 'List the exports of a queue, with their state, progress, account and priority.',
    notes: `Complete exports are listed for 7 days. With --json, the complete exports of
--since and --days are listed until they are removed.`,
    hasData: true,
    async run(where, _, { data }) {
      const exports = await listExports(where);
      data(exports, () => recentText(exports, systemClock.now()));
    },
  },
  {
    name: 'show',
    description: 'Show an export: its progress, unfinished parts and failure, and the workers of the queue.',
    isNamed: true,
    hasData: true,
    async run(where, name, { data }) {
      const shown = await showExport({ ...where, name });
      data([shown], () => showText(shown));
    },
  },
  {
    name: 'cancel',
    description: 'Cancel an export. Its workers stop at their next checkpoint.',
    notes: `The files of the parts stay. To resume the export, submit the same export again;
to start over, add --restart.`,
    isNamed: true,
    async run(where, name, { say }) {
      await cancelExport({ ...where, name });
      say(
        `cancelled ${name}; its workers stop at their next checkpoint. The files of its parts stay: submit the same export again to resume it, ` +
          'or add --restart to start over',
      );
    },
  },
  {
    name: 'pause',
    description: 'Pause a queue: no part starts. Parts that are running continue.',
    async run(where, _, { say }) {
      await pauseQueue(where);
      say('paused: no part starts until queue resume; running parts continue');
    },
  },
  {
    name: 'resume',
    description: 'Resume a paused queue.',
    async run(where, _, { say }) {
      await resumeQueue(where);
      say('resumed: workers start parts again');
    },
  },
];

/** Adds the commands that show and control the exports of a queue. */
export function addQueue(program: Command, context: CommandContext): void {
  const parent = program
    .command('queue')
    .description('Show and control the exports of a queue (export ... --queue).');
  addHelpEnd(parent, {
    examples: [`queue list --queue ${SERVER}`, `queue show january.csv --queue ${SERVER}`],
    redis: true,
    exitCodes: EXITS,
  });
  for (const steering of STEERINGS) addSteering(parent, steering, context);
}

function addSteering(
  parent: Command,
  { name, description, notes, isNamed = false, hasData = false, run }: Steering,
  { io, args, setExitCode }: CommandContext,
): void {
  const command = parent.command(name).description(description);
  if (isNamed) command.argument('<name>', 'name of the export, see queue list');
  command
    .optionsGroup('Required:')
    .addOption(queueFlag('Redis of the queue').makeOptionMandatory())
    .optionsGroup('Queue:')
    .addOption(queueNameFlag());
  addConnectionFlags(command);
  command.optionsGroup('Logging:');
  if (hasData) command.option('--json', 'write JSON lines instead of a table to standard output');
  const log = new Option(
    '--log <format>',
    `format of messages on standard error${hasData ? '; json implies --json' : ''}`,
  );
  command.addOption(log.choices(['text', 'json']).default('text'));
  const example = isNamed ? `queue ${name} january.csv` : `queue ${name}`;
  addHelpEnd(command, {
    examples: [
      `${example} \\\n    --queue ${SERVER}`,
      `${example} \\\n    --queue ${SERVER} --queue-name exports`,
    ],
    redis: true,
    exitCodes: EXITS,
    ...(notes !== undefined && { notes }),
  }).action(async (...given: unknown[]) => {
    const exportName = isNamed ? String(given[0]) : '';
    const flags = command.opts<SteerFlags>();
    const reporter: Reporter = openReporter(io, { log: flags.log }, findArgumentSecrets(args));
    try {
      const environment = readEnvironment(io, flags.env, (message) => reporter.warning(message));
      const where = { connection: await queueUrl(flags.queue, environment), queue: flags.queueName };
      await run(where, exportName, {
        data(values, text) {
          const isJson = flags.json || flags.log === 'json';
          io.stdout.write(isJson ? values.map((value) => `${JSON.stringify(value)}\n`).join('') : text());
        },
        say: (message) => reporter.note(`queue-${name}`, message, {}),
      });
      setExitCode(EXIT.complete);
    } catch (error) {
      const failure = failureOf(error, { command: `queue ${name}` });
      reporter.failed(failure);
      setExitCode(failure.exitCode);
    } finally {
      reporter.stop();
    }
  });
}
