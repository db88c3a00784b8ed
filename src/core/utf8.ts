/** Encodes a text as UTF-8, with one character for each byte, as `btoa` expects it. jsdom has no `TextEncoder`. */
export function toUtf8(text: string): string {
  // `encodeURIComponent` rejects lone surrogates, and `TextEncoder` replaces them.
  const valid = text.replace(/\p{Surrogate}/gu, '\ufffd');
  return encodeURIComponent(valid).replace(/%(..)/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
