import type { Command } from 'commander';
import { genesysConversationsTutorial } from '../../batch/index.ts';
import {
  CONVERSATION_JOBS_DEFAULTS,
  CONVERSATIONS_DEFAULTS,
  type JsonMembers,
} from '../../batch/internal.ts';
import { refuse } from '../../core/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { runExportJob } from '../export.ts';
import { addExportFlags, type ExportFlags } from '../flags/export-flags.ts';
import { addSplitFlags } from '../flags/queue-flags.ts';
import { intervalFlag, pageSizeFlag, totalToleranceFlag } from '../flags/source-flags.ts';
import { type Interval, readJsonObject } from '../parse.ts';
import type { SourceDescription } from '../sources.ts';
import { VENDOR_VARIABLES } from '../variables.ts';

interface ConversationFlags extends ExportFlags {
  interval: Interval;
  pageSize?: number;
  filter?: string;
  totalTolerance?: number;
}

/** Exports conversations of Genesys Cloud by its details query, and by details jobs. */
export function addExportGenesys(parent: Command, { io, args, end }: CommandContext): void {
  const query = parent
    .command('genesys-conversations')
    .description('Export conversations of Genesys Cloud by the details query.')
    .option('--tutorial-form', 'ask with dateFrom, dateTo and size, for a gateway that speaks this form')
    .addOption(totalToleranceFlag(CONVERSATIONS_DEFAULTS.totalTolerance));
  addConversationFlags(query, CONVERSATIONS_DEFAULTS.pageSize)
    .addHelpText(
      'after',
      `
Examples:
  $ axios-oauth-refresh export genesys-conversations --interval 2026-01-01T00:00Z/2026-02-01T00:00Z \\
      --out january.jsonl.gz
  $ axios-oauth-refresh export genesys-conversations --interval 2026-01-01/2026-01-02 --out day.csv \\
      --columns conversationId,conversationStart,conversationEnd --filter voice.json

voice.json, for example: {"segmentFilters": [{"type": "and", "predicates": [{"dimension": "mediaType", "value": "voice"}]}]}
`,
    )
    .action(async (flags: ConversationFlags & { tutorialForm?: true }) => {
      const name = 'export genesys-conversations';
      const source = () => (flags.tutorialForm ? tutorialSource(flags) : querySource(flags));
      end(await runExportJob(io, { name, args, flags, vendor: 'genesys', source }));
    });

  const jobs = parent
    .command('genesys-conversation-jobs')
    .description(
      'Export conversations of Genesys Cloud by a details job: any number of them, up to a day old.',
    )
    .option('--start-of-day', 'only those that began on a UTC day of the interval')
    .option(
      '--partial',
      'take what is there where the data of jobs does not reach to the end of the interval',
    );
  addConversationFlags(jobs, CONVERSATION_JOBS_DEFAULTS.pageSize)
    .addHelpText(
      'after',
      `
Examples:
  $ axios-oauth-refresh export genesys-conversation-jobs --interval 2025-01-01/2026-01-01 --out 2025.jsonl.gz
`,
    )
    .action(async (flags: ConversationFlags & { startOfDay?: true; partial?: true }) => {
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
      end(await runExportJob(io, { name, args, flags, vendor: 'genesys', source }));
    });
}

function addConversationFlags(command: Command, pageSize: number): Command {
  command
    .addOption(intervalFlag())
    .addOption(pageSizeFlag(`conversations in a page (default: ${pageSize})`))
    .option('--filter <file>', 'JSON with further members of the query, such as segmentFilters');
  return addSplitFlags(addExportFlags(command, VENDOR_VARIABLES.genesys.rate));
}

function querySource(flags: ConversationFlags): SourceDescription {
  const { pageSize, totalTolerance } = flags;
  return { source: 'genesys-conversations', options: { query: filterOf(flags), pageSize, totalTolerance } };
}

function tutorialSource({ interval, pageSize: size, filter, totalTolerance }: ConversationFlags) {
  refuse('--tutorial-form', [
    filter !== undefined && 'it goes without --filter',
    totalTolerance !== undefined && 'it goes without --total-tolerance',
  ]);
  return genesysConversationsTutorial({ dateFrom: interval.start, dateTo: interval.end, size });
}

function filterOf({ filter }: ConversationFlags): JsonMembers | undefined {
  return filter === undefined ? undefined : (readJsonObject('--filter', filter) as JsonMembers);
}
