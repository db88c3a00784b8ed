import { isRepresentable } from './exact-number.ts';

/**
 * Whether a JSON text can contain a number that JavaScript cannot represent. Never returns false for such a text. Can return true for
 * digits inside a string.
 *
 * A number with fewer than 16 digits and an exponent of at most two digits is always representable. Therefore the scan tests only
 * numbers with 16 digits and numbers with an exponent.
 */
export function mayHaveExactNumber(text: string): boolean {
  const words = new Int32Array(2 * (text.length >> 3) + 2);
  const bytes = Buffer.from(words.buffer);
  // Latin-1 changes characters over U+00FF, which JSON allows only in strings.
  bytes.write(text, 'latin1');
  let before = 0;
  let runEnd = 0;
  // Eight characters at once: a regular expression, or a loop over the characters, takes at least twice as long.
  for (let index = 0; index < words.length; index += 2) {
    const first = words[index] as number;
    const second = words[index + 1] as number;
    const marks = markExponents(first, before) | markExponents(second, first);
    if ((marks & 0x80808080) !== 0 && hasExponentAt(text, bytes, 4 * index)) return true;
    // A run of 16 digits fills two words, of which no byte is a letter.
    if (
      ((first | second) & 0xc0c0c0c0) === 0 &&
      4 * index >= runEnd &&
      isDigitOrDot(bytes[4 * index] as number)
    ) {
      runEnd = 4 * index;
      while (isDigitOrDot(bytes[runEnd] as number)) runEnd++;
      if (runEnd - 4 * index >= 8 && hasNumberBefore(text, bytes, runEnd, 16)) return true;
    }
    before = second;
  }
  return false;
}

/**
 * Sets the highest bit of each byte that is an `e` or `E`, if the byte before is not a letter. Can also set the bit after such a byte,
 * or of a byte over 0x80. Sets the other bits at random.
 *
 * On a processor with the other byte order, the byte before cannot be compared.
 */
const markExponents = (word: number, before: number) =>
  (((word | 0x20202020) ^ 0x65656565) - 0x01010101) & (LITTLE_ENDIAN ? ~((word << 9) | (before >>> 23)) : -1);

const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function hasExponentAt(text: string, bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < from + 8; at++) {
    if (((bytes[at] as number) | 0x20) !== 0x65) continue;
    if (hasNumberBefore(text, bytes, at, 1)) return true;
  }
  return false;
}

/** Whether the digits before a position start a number that JavaScript cannot represent. */
function hasNumberBefore(text: string, bytes: Uint8Array, end: number, minLength: number): boolean {
  let start = end;
  while (start > 0 && isDigitOrDot(bytes[start - 1] as number)) start--;
  return end - start >= minLength && startsValue(bytes, start) && isExact(text, start);
}

/** Whether white space, a colon, a comma or a bracket stands before a number and its sign. */
function startsValue(bytes: Uint8Array, start: number): boolean {
  const signed = bytes[start - 1] === 0x2d ? start - 1 : start;
  const before = bytes[signed - 1] ?? 0x20;
  return before <= 0x20 || before === 0x3a || before === 0x2c || before === 0x5b;
}

const isDigitOrDot = (byte: number) => byte <= 0x39 && (byte >= 0x30 || byte === 0x2e);

/** Whether JavaScript cannot represent the number that starts here. */
function isExact(text: string, start: number): boolean {
  NUMBER.lastIndex = start;
  const number = NUMBER.exec(text)?.[0];
  return number !== undefined && !isRepresentable(number);
}

const NUMBER = /(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
