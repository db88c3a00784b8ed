/** Returns an identifier for a statement. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Returns identifiers for a statement, separated by commas. */
export function quotedList(names: readonly string[]): string {
  return names.map(quoted).join(', ');
}

// Postgres cuts longer names off, and two long names could then become one.
export const MAX_NAME_BYTES = 63;

/** Returns the name of a column for a member of the API: `conversation_id` for `conversationId`. */
export function snakeCase(member: string): string {
  const words = member
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
  // Code points, because half of a surrogate pair is not a character.
  const characters = [...(words || 'value')];
  while (Buffer.byteLength(characters.join('')) > MAX_NAME_BYTES) characters.pop();
  return characters.join('');
}
