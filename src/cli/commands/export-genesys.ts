import type { Command } from 'commander';
import { ExactNumber, genesysConversationsTutorial } from '../../batch/index.ts';
import {
  CONVERSATION_JOBS_DEFAULTS,
  CONVERSATIONS_DEFAULTS,
  type JsonMembers,
} from '../../batch/internal.ts';
import { refuse } from '../../core/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { runExportJob } from '../export.ts';
import { addExportFlags, type ExportFlags, outFlag, rowsFlag } from '../flags/export-flags.ts';
import { addPeriodFlags } from '../flags/period-flags.ts';
import { addSplitFlags } from '../flags/queue-flags.ts';
import { addConnectionFlags, addLogFlags } from '../flags/run-flags.ts';
import { pageSizeFlag, totalToleranceFlag } from '../flags/source-flags.ts';
import { addHelpEnd } from '../help.ts';
import { type Interval, readJsonObject } from '../parse.ts';
import type { SourceDescription } from '../sources.ts';
import { VENDOR_VARIABLES } from '../variables.ts';

interface ConversationFlags extends ExportFlags {
  pageSize?: number;
  filter?: string;
  totalTolerance?: number;
}

/** Adds the exports of Genesys Cloud. */
export function addExportGenesys(parent: Command, { io, args, setExitCode }: CommandContext): void {
  const query = parent
    .command('genesys-conversations')
    .description('Export conversations of Genesys Cloud with the details query.');
  addConversationFlags(query, CONVERSATIONS_DEFAULTS.pageSize)
    .addOption(totalToleranceFlag(CONVERSATIONS_DEFAULTS.totalTolerance))
    .option('--tutorial-form', 'send dateFrom, dateTo and size, for a gateway that requires this form');
  addRunFlags(query);
  addHelpEnd(query, {
    examples: [
      `export genesys-conversations --out 'day-{date}.jsonl.gz' \\
    --since 2026-01-01 --timezone Europe/Berlin`,
      `export genesys-conversations --out day.csv \\
    --interval 2026-01-01/2026-01-02 --filter voice.json \\
    --columns conversationId,conversationStart`,
    ],
    notes: `A voice.json for --filter:
  {"segmentFilters": [{"type": "and", "predicates": [
    {"dimension": "mediaType", "value": "voice"}]}]}`,
    vendors: ['genesys'],
    redis: true,
    postgres: true,
  }).action(async (flags: ConversationFlags & { tutorialForm?: true }) => {
    const name = 'export genesys-conversations';
    const source = (interval: Interval) =>
      flags.tutorialForm ? tutorialSource(flags, interval) : querySource(flags);
    setExitCode(await runExportJob(io, { name, args, flags, vendor: 'genesys', source }));
  });

  const jobs = parent
    .command('genesys-conversation-jobs')
    .description(
      'Export conversations of Genesys Cloud with a details job. ' +
        'Use a job for large numbers of conversations; its data can be up to a day old.',
    );
  addConversationFlags(jobs, CONVERSATION_JOBS_DEFAULTS.pageSize)
    .option('--start-of-day', 'only conversations that started on a UTC day of the interval')
    .option('--partial', 'export the available data if the job data does not reach the end of the interval');
  addRunFlags(jobs);
  addHelpEnd(jobs, {
    examples: [
      `export genesys-conversation-jobs --out 2025.jsonl.gz \\
    --interval 2025-01-01/2026-01-01`,
      `export genesys-conversation-jobs --out december.csv \\
    --interval 2025-12-01/2026-01-01 --start-of-day`,
    ],
    vendors: ['genesys'],
    redis: true,
    postgres: true,
  }).action(async (flags: ConversationFlags & { startOfDay?: true; partial?: true }) => {
    const name = 'export genesys-conversation-jobs';
    const source = (): SourceDescription => ({
      source: 'genesys-conversation-jobs',
      options: {
        query: filterOf(flags),
        pageSize: flags.pageSize,
        startOfDayIntervalMatching: flags.startOfDay,
        allowPartialData: flags.partial,
      },
    });
    setExitCode(await runExportJob(io, { name, args, flags, vendor: 'genesys', source }));
  });
}

function addConversationFlags(command: Command, pageSize: number): Command {
  return addPeriodFlags(command.optionsGroup('Required:').addOption(outFlag()))
    .optionsGroup('Query:')
    .option('--filter <file>', 'JSON file with more fields of the query, such as segmentFilters')
    .addOption(pageSizeFlag(`conversations per page (default: ${pageSize})`));
}

function addRunFlags(command: Command): void {
  const connected = addConnectionFlags(command);
  addLogFlags(addSplitFlags(addExportFlags(connected, VENDOR_VARIABLES.genesys.rate, rowsFlag())));
}

function querySource(flags: ConversationFlags): SourceDescription {
  const { pageSize, totalTolerance } = flags;
  return { source: 'genesys-conversations', options: { query: filterOf(flags), pageSize, totalTolerance } };
}

function tutorialSource({ pageSize: size, filter, totalTolerance }: ConversationFlags, interval: Interval) {
  refuse('--tutorial-form', [
    filter !== undefined && 'cannot be combined with --filter',
    totalTolerance !== undefined && 'cannot be combined with --total-tolerance',
  ]);
  return genesysConversationsTutorial({ dateFrom: interval.start, dateTo: interval.end, size });
}

function filterOf({ filter }: ConversationFlags): JsonMembers | undefined {
  if (filter === undefined) return undefined;
  const query = readJsonObject('--filter', filter) as JsonMembers;
  refuse('--filter', [
    hasExactNumber(query) && `${filter} contains a number with too many digits: write it as a string`,
  ]);
  return query;
}

/** Returns whether a value contains a number that JavaScript cannot represent. Checkpoints and queues store a filter as plain JSON. */
function hasExactNumber(value: unknown): boolean {
  if (value instanceof ExactNumber) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasExactNumber);
}
