/** Encodes a text as UTF-8, with one character for each byte, as `btoa` expects it. jsdom has no `TextEncoder`. */
export function toUtf8(text: string): string {
  // `encodeURIComponent` rejects lone surrogates, and `TextEncoder` replaces them.
  const valid = text.replace(/\p{Surrogate}/gu, '\ufffd');
  return encodeURIComponent(valid).replace(/%(..)/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Decodes UTF-8. jsdom has no `TextDecoder`. */
export function fromUtf8(data: ArrayBuffer | ArrayBufferView): string {
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  const encoded = Array.from(bytes, (byte) => `%${(byte + 256).toString(16).slice(1)}`);
  // Unlike `decodeURIComponent`, it replaces invalid bytes.
  return `${new URLSearchParams(`=${encoded.join('')}`).get('')}`.replace(/^\ufeff/, '');
}
