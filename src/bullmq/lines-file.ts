import type { Sink } from '../batch/index.ts';
import { linesFile } from '../batch/internal.ts';

/** A record as JSON text, without the line feed. */
export type Line = string;

/** Writes lines as they are. */
export function rawLinesFile(path: string): Sink<Line> {
  return linesFile(path, (lines: readonly Line[]) => (lines.length > 0 ? `${lines.join('\n')}\n` : ''));
}
