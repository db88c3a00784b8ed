import { type Command, Option } from 'commander';
import { type Day, type DaysText, listDays, resolveInterval } from '../../batch/index.ts';
import { checkInterval } from '../../batch/internal.ts';
import { ConfigurationError } from '../../core/index.ts';
import { systemClock } from '../../core/internal.ts';
import { asSentence, type Interval, parseCount, parseTimeZone } from '../parse.ts';

/** The dates of a command, after `addPeriodFlags` has resolved their texts. */
export interface PeriodFlags {
  timezone?: string;
  interval?: Interval;
  /** Set if the command exports a file for each day. */
  days?: ChosenDays;
  reread?: number;
  /** Set if the dates have another meaning on another day, such as `yesterday`. */
  relative?: RelativePeriod;
}

/** The days of `--since` or `--days`. */
export interface ChosenDays {
  readonly flag: '--since' | '--days';
  /** The same days at any time, so that the days do not change if the command starts before midnight. */
  readonly text: DaysText;
  readonly list: readonly Day[];
}

/** Dates that depend on the current day. */
export interface RelativePeriod {
  readonly flag: '--interval' | '--days';
  /** As it was typed. */
  readonly text: string;
  /** The same dates, on any day. */
  readonly absolute: string;
}

type Texts = Partial<Record<'interval' | 'since' | 'days' | 'timezone', string>> &
  Pick<PeriodFlags, 'reread'>;

const INTERVAL =
  'ISO 8601 interval in the past, such as 2026-01-01/2026-02-01 or 2026-01-01/P1D, or a period: 2026-01, 2026-01-31, yesterday, last-week, last-month';

function intervalFlag(description = INTERVAL): Option {
  return new Option('--interval <start/end>', description);
}

function timezoneFlag(): Option {
  const description = 'time zone of dates and of times without a zone, such as Europe/Berlin (default: UTC)';
  return new Option('--timezone <zone>', description).argParser(parseTimeZone);
}

/** How a command uses dates. */
interface PeriodUse {
  /** The title of the group of the flags. */
  title: string;
  /** Returns whether the command, with its arguments, needs dates. */
  isRequired(command: Command): boolean;
}

const ALWAYS: PeriodUse = {
  title: 'Dates (one of --interval, --since and --days is required):',
  isRequired: () => true,
};

/** Adds the dates of an export. Before the command runs, their texts are resolved: see {@link PeriodFlags}. */
export function addPeriodFlags(command: Command, { title, isRequired }: PeriodUse = ALWAYS): Command {
  return command
    .optionsGroup(title)
    .addOption(intervalFlag())
    .option(
      '--since <date>',
      'a file for each day from this date to yesterday, with {date} in --out; complete days are skipped',
    )
    .option(
      '--days <days>',
      'a file for each of these days, with {date} in --out: 2026-01-01/2026-01-31 (both included), 2026-01, 2026-01-31, yesterday, last-week, last-month',
    )
    .option(
      '--reread <n>',
      'export the last n complete days again, and replace their files (default: 0)',
      parseCount,
    )
    .addOption(timezoneFlag())
    .hook('preAction', (_, action) => {
      const texts = action.opts<Texts>();
      checkChoice(action, texts, isRequired(action));
      resolvePeriod(action, texts);
    });
}

/** Adds `--interval`, which is optional and may end in the future, and its time zone. @param description of the interval. */
export function addIntervalFlags(command: Command, description: string): Command {
  return command
    .addOption(intervalFlag(description))
    .addOption(timezoneFlag())
    .hook('preAction', (_, action) => resolvePeriod(action, action.opts<Texts>(), LAST_MOMENT));
}

function checkChoice(command: Command, { interval, since, days, reread }: Texts, isRequired: boolean): void {
  const chosen = Object.entries({ '--interval': interval, '--since': since, '--days': days })
    .filter(([, text]) => text !== undefined)
    .map(([flag]) => flag);
  if (isRequired && chosen.length === 0)
    command.error(
      'error: one of --interval, --since and --days is required: --interval 2026-01-01/2026-02-01 exports one file, ' +
        "--since 2026-01-01 --out 'NAME-{date}.jsonl' a file for each day",
    );
  if (chosen.length > 1) command.error(`error: ${chosen.join(' and ')} cannot be combined: choose one`);
  if (reread !== undefined && interval !== undefined)
    command.error('error: --reread requires --since or --days');
}

/** Replaces the texts by what they mean now. Reports a wrong text as commander reports a wrong argument. */
function resolvePeriod(command: Command, texts: Texts, latest = Date.now()): void {
  const { interval, since, days, timezone: timeZone } = texts;
  const set = (flags: PeriodFlags) => {
    for (const [name, value] of Object.entries(flags)) command.setOptionValue(name, value);
  };
  const resolve = <T>(flag: string, text: string, resolved: () => T): T => {
    try {
      return resolved();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      return command.error(invalid(command, flag, text, error.problems));
    }
  };
  if (timeZone !== undefined && !needsZone(texts)) {
    command.error(
      `error: --timezone ${timeZone} has no effect: ${interval === undefined ? 'no dates are set' : `${interval} has its own zones`}. Remove it`,
    );
  }
  if (interval !== undefined) {
    const whole = resolve('--interval', interval, () => intervalOf(interval, timeZone, latest));
    const [start = '', end = ''] = whole.split('/');
    set({ interval: { start, end }, ...relative('--interval', interval, whole) });
  }
  const text = since === undefined ? days : { since };
  if (text === undefined) return;
  const flag = since === undefined ? '--days' : '--since';
  const list = resolve(flag, since ?? days ?? '', () => listDays(text, { timeZone }));
  const [first, last] = [list[0]?.date, list.at(-1)?.date];
  const absolute = first === last ? `${first}` : `${first}/${last}`;
  const fixed = first === undefined ? text : absolute;
  set({
    days: { flag, text: fixed, list },
    ...(typeof text === 'string' && relative('--days', text, absolute)),
  });
}

// The last day that JavaScript and ISO 8601 can both express.
const LAST_MOMENT = Date.parse('9999-12-31');

/** @param latest when the interval must end, in milliseconds since the epoch. */
function intervalOf(text: string, timeZone: string | undefined, latest: number): string {
  // The text itself, so that checkpoints of earlier versions stay valid: a data extraction sends it unchanged.
  if (timeZone === undefined && checkInterval(text, latest) === undefined) return text;
  // Words such as `yesterday` count from now.
  const clock = isRelative(text) ? systemClock : { ...systemClock, now: () => latest };
  return resolveInterval(text, { timeZone, clock });
}

function isRelative(text: string): boolean {
  return /^[a-z]/i.test(text) && !text.startsWith('P');
}

// Two times, each with its zone.
const MOMENTS = /^\S+T\S+(Z|[+-]\d\d:?\d\d)\/\S+T\S+(Z|[+-]\d\d:?\d\d)$/;

function needsZone({ interval, since, days }: Texts): boolean {
  return (since ?? days) !== undefined || (interval !== undefined && !MOMENTS.test(interval));
}

function relative(
  flag: RelativePeriod['flag'],
  text: string,
  absolute: string,
): Pick<PeriodFlags, 'relative'> {
  return isRelative(text) ? { relative: { flag, text, absolute } } : {};
}

function invalid(command: Command, flag: string, text: string, problems: readonly string[]): string {
  const { flags = flag } = command.options.find(({ long }) => long === flag) ?? {};
  // The library names the option, such as `days`.
  const sentences = problems.map((problem) => asSentence(problem.replace(flag.slice('--'.length), flag)));
  return `error: option '${flags}' argument '${text}' is invalid. ${sentences.join(' ')}`;
}
