import type { Reporter } from './create-reporter.ts';

/** What text reporters have in common: warnings, and how a run ended, a line each. */
export function lastWords(
  write: (line: string) => void,
  stop: () => void,
): Pick<Reporter, 'warning' | 'note' | 'completed' | 'failed' | 'stop'> {
  return {
    warning: (message) => write(`warning: ${message}`),
    note: (_, message) => write(message),
    completed({ message }) {
      stop();
      write(message);
    },
    failed({ message, hint, resume }) {
      stop();
      write(`error: ${message}`);
      if (hint !== undefined) write(`hint: ${hint}`);
      if (resume !== undefined) write(`resume: ${resume}`);
    },
    stop,
  };
}
