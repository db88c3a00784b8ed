import { openAppendFile } from '../batch/append-file.ts';
import type { Sink } from '../batch/sinks/sink.ts';

/** A record as JSON text, without the line feed. */
export type Line = string;

/** Writes lines as they are. */
export function linesFile(path: string): Sink<Line> {
  return {
    format: 'jsonl',
    path,
    async open(position) {
      const file = await openAppendFile(path, Number(position ?? 0));
      return {
        async write(lines) {
          if (lines.length > 0) await file.append(`${lines.join('\n')}\n`);
        },
        async save() {
          await file.sync();
          return file.length;
        },
        finish: async () => {},
        close: () => file.close(),
      };
    },
  };
}
