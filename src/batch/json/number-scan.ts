import { isRepresentable } from './exact-number.ts';

/**
 * Whether a JSON text can contain a number that JavaScript cannot represent. Never returns false for such a text. Can return true for
 * digits inside a string.
 *
 * After each number, and white space, follows a comma, a closing bracket, or the end of the text. `indexOf` finds these characters faster
 * than a regular expression or a loop over all characters finds the numbers.
 */
export function mayHaveExactNumber(text: string): boolean {
  return (
    hasExactNumberBefore(text, ',') ||
    hasExactNumberBefore(text, '}') ||
    hasExactNumberBefore(text, ']') ||
    endsWithExactNumber(text, text.length)
  );
}

function hasExactNumberBefore(text: string, mark: string): boolean {
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    if (endsWithExactNumber(text, at)) return true;
  }
  return false;
}

/** Whether a number that JavaScript cannot represent, and white space, stand before a position. */
function endsWithExactNumber(text: string, position: number): boolean {
  let end = position;
  while (end > 0 && text.charCodeAt(end - 1) <= SPACE) end--;
  // Before the start of the text, charCodeAt returns NaN, which no comparison accepts.
  if (!isDigit(text.charCodeAt(end - 1))) return false;
  let start = end - 1;
  let hasExponent = false;
  for (;;) {
    const code = text.charCodeAt(start - 1);
    const isExponent = (code | 0x20) === LETTER_E;
    hasExponent ||= isExponent;
    if (!isExponent && !isDigit(code) && code !== DOT && code !== MINUS && code !== PLUS) break;
    start--;
  }
  // Fewer than 16 characters without an exponent have at most 15 digits, which JavaScript can represent.
  if (!hasExponent && end - start < 16) return false;
  return startsValue(text, start) && isExact(text, start);
}

const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const LETTER_E = 0x65;

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** Whether a value can start here. The digits of a string, such as a UUID or a date, mostly follow another character. */
function startsValue(text: string, start: number): boolean {
  return start === 0 || text.charCodeAt(start - 1) <= SPACE || ':,['.includes(text.charAt(start - 1));
}

/** Whether JavaScript cannot represent the number that starts here. */
function isExact(text: string, start: number): boolean {
  NUMBER.lastIndex = start;
  const number = NUMBER.exec(text)?.[0];
  return number !== undefined && !isRepresentable(number);
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
