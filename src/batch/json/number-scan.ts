import { isRepresentable } from './exact-number.ts';

/**
 * Whether a JSON text can contain a number that JavaScript cannot represent. Never returns false for such a text. Can return true for
 * digits inside a string.
 *
 * A number with fewer than 16 digits and an exponent of at most two digits is always representable. Therefore the scan tests only
 * numbers with 16 digits and numbers with an exponent.
 */
export function mayHaveExactNumber(text: string): boolean {
  return hasLongNumber(text) || hasExponent(text);
}

// Every digit is written out, and what stands before the number is compared last. Then V8 skips text that cannot match, instead of
// testing each character.
const LONG_NUMBER = new RegExp(`${'[\\d.]'.repeat(16)}(?<=(?:^|[:,[\\s])-?[\\d.]{16})`, 'g');

function hasLongNumber(text: string): boolean {
  LONG_NUMBER.lastIndex = 0;
  while (LONG_NUMBER.test(text)) {
    const start = LONG_NUMBER.lastIndex - 16;
    if (isExact(text, start)) return true;
  }
  return false;
}

/** Looks for an `e` after a digit, in eight characters at once. A regular expression takes twice as long. */
function hasExponent(text: string): boolean {
  const words = new Int32Array(2 * (text.length >> 3) + 2);
  const bytes = Buffer.from(words.buffer);
  // Latin-1 changes characters over U+00FF, which JSON allows only in strings.
  bytes.write(text, 'latin1');
  let before = 0;
  for (let index = 0; index < words.length; index += 2) {
    const first = words[index] as number;
    const second = words[index + 1] as number;
    const marks = markExponents(first, before) | markExponents(second, first);
    if ((marks & 0x80808080) !== 0 && hasExponentAt(text, bytes, 4 * index)) return true;
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
    let start = at;
    while (start > 0 && isDigitOrDot(bytes[start - 1] as number)) start--;
    if (start < at && startsValue(bytes, start) && isExact(text, start)) return true;
  }
  return false;
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
