import type { AuthRefreshEvent, Clock } from '../../core/index.ts';
import { duration, monotonicOf } from '../../core/internal.ts';
import { type Outages, watchOutages } from './outages.ts';
import type { Reporter } from './types.ts';
import { describeEvent, waitingText } from './words.ts';
import { wrapWords } from './wrap-words.ts';

interface TextOutput {
  /** Writes a text and a newline. */
  write(text: string): void;
  /** Returns the width of the terminal; undefined if the output is not a terminal. */
  columns(): number | undefined;
  /** Prepares for a message after Ctrl-C: the terminal has written `^C` at the cursor. */
  leaveCtrlC(): void;
  stop(): void;
  clock: Clock;
}

/** The methods that all text reporters share. */
interface TextMessages extends Omit<Reporter, 'progress'> {
  outages: Outages;
}

/** Creates the methods that all text reporters share. */
export function textMessages({ write, columns, leaveCtrlC, stop, clock }: TextOutput): TextMessages {
  const say = (text: string) => write(wrapWords(text, columns()));
  const now = monotonicOf(clock);
  let quietUntil = Number.NEGATIVE_INFINITY;

  function report(event: AuthRefreshEvent): void {
    const text = describeEvent(event);
    if (text === undefined) return;
    if (event.type === 'retry') {
      // Parallel requests fail together. Their retries would fill the screen with the same line.
      const time = now();
      if (outages.isWaiting || time < quietUntil) return;
      quietUntil = time + event.delay;
    }
    say(text);
  }

  const outages = watchOutages(clock, {
    began: (waiting) => say(waitingText(waiting, clock.now())),
    ended: (time) => say(`the API answered again after ${duration(time)}`),
  });
  return {
    outages,
    started: (command, file) => say(file === undefined ? command : `${command}: ${file}`),
    event: report,
    warning: (message) => say(`warning: ${message}`),
    interrupted(message) {
      leaveCtrlC();
      say(`warning: ${message}`);
    },
    note: (_, message) => say(message),
    problem(_, message, { hint }) {
      say(message);
      if (hint !== undefined) say(`hint: ${hint}`);
    },
    completed({ message, hint }) {
      stop();
      say(message);
      if (hint !== undefined) say(`hint: ${hint}`);
    },
    failed({ message, hint, resume }) {
      stop();
      say(`error: ${message}`);
      if (hint !== undefined) say(`hint: ${hint}`);
      // A newline within the command would end it when it is pasted into a shell.
      if (resume !== undefined) write(`resume: ${resume}`);
    },
    stop,
  };
}
