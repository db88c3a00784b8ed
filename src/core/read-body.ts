const MAX_BYTES = 65_536;

/** The JSON value in a text, or the text where there is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What an answer's body says before axios has parsed it; undefined for streams and Blobs, which are not read. */
export function readBody(data: unknown): unknown {
  if (typeof data === 'string') return parseJson(data);
  if ((data instanceof ArrayBuffer || ArrayBuffer.isView(data)) && data.byteLength <= MAX_BYTES) {
    return parseJson(new TextDecoder().decode(data));
  }
  // Adapters that stand in for a server give objects.
  return data?.constructor === Object ? data : undefined;
}
