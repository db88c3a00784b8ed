import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOMS } from '../../.ci/rooms.mjs';
import { TRANSITIONS } from '../../src/token/token-state.ts';

const root = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');

/** Returns the text between two lines of the page. */
function between(start: RegExp, end: RegExp): string {
  return text.split(start)[1]?.split(end)[0] ?? '';
}

function sorted(lines: readonly string[]): string[] {
  return [...lines].sort();
}

describe('docs/architecture.md', () => {
  it('names only files that exist', () => {
    const files = text.match(/(?<![\w/])(src|\.ci)\/[\w/-]+\.(ts|mjs)\b/g) ?? [];
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('draws arrows that reach exactly the rooms that a room may import', () => {
    const arrows = between(/^flowchart TD$/m, /^```$/m).matchAll(/^ *(\w+) --> (.+)$/gm);
    const drawn = new Map([...arrows].map(([, from = '', to = '']) => [from, to.split(' & ')]));
    const reached = (from: string): string[] =>
      (drawn.get(from) ?? []).flatMap((room) => [room, ...reached(room)]);
    for (const [room, below] of Object.entries(ROOMS)) {
      expect(sorted([...new Set(reached(room))]), room).toEqual(sorted(below));
    }
  });

  it('shows the transitions of the token state in its diagram, except from a state to itself, and in its table', () => {
    const expected = Object.entries(TRANSITIONS).flatMap(([from, events]) =>
      Object.entries(events).map(([event, to]) => `${from} ${event} ${to}`),
    );
    const arrows = between(/^stateDiagram-v2$/m, /^```$/m).matchAll(/^ *(\w+) --> (\w+): (\w+)$/gm);
    expect(sorted([...arrows].map(([, from, to, event]) => `${from} ${event} ${to}`))).toEqual(
      sorted(expected.filter((line) => line !== 'fresh received fresh')),
    );

    const [header = [], , ...rows] = between(/^<!-- Token states: .*$/m, /^<!-- End of token states. -->$/m)
      .trim()
      .split('\n')
      .map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')));
    const cells = rows.flatMap((row) =>
      row.slice(2).flatMap((to, n) => (to ? `${row[1]} ${header[n + 2]} ${to}` : [])),
    );
    expect(sorted(cells)).toEqual(sorted(expected));
  });
});
