/**
 * Returns the most similar name if it is similar enough to be a misspelling (Levenshtein distance), ignoring case.
 *
 * @param differences the distance of the most similar name must be lower.
 */
export function nearestName(
  name: string,
  names: readonly string[],
  differences = name.length / 2 + 1,
): string | undefined {
  let nearest: string | undefined;
  let limit = differences;
  for (const other of names) {
    const distance = distanceOf(name.toLowerCase(), other.toLowerCase());
    if (distance < limit) {
      limit = distance;
      nearest = other;
    }
  }
  return nearest;
}

function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const letter of from) {
    const next = [(row[0] ?? 0) + 1];
    for (let i = 0; i < to.length; i++) {
      const replaced = (row[i] ?? 0) + (letter === to[i] ? 0 : 1);
      next.push(Math.min(replaced, (row[i + 1] ?? 0) + 1, (next[i] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
