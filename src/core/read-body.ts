import { isA } from './realm.ts';

const MAX_BYTES = 65_536;

/** Returns the JSON value of a text, or the text if it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Returns a response body that axios has not parsed yet. Returns undefined for streams and Blobs, which are not read. */
export function readBody(data: unknown): unknown {
  if (typeof data === 'string') return parseJson(data);
  if ((isA(data, 'ArrayBuffer') || ArrayBuffer.isView(data)) && data.byteLength <= MAX_BYTES) {
    // jsdom has no `TextDecoder`.
    return globalThis.TextDecoder && parseJson(new TextDecoder().decode(data));
  }
  // Mock adapters return objects.
  return data?.constructor === Object ? data : undefined;
}
