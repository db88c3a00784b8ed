import { compareNumber, isInteger, isNumber } from 'lossless-json';

/**
 * A number of a JSON text that JavaScript cannot represent, such as an integer over 2^53 or `1e400`. It keeps the digits of the text.
 * {@link toJson} writes the same digits.
 */
export class ExactNumber {
  /** The number as it stands in the JSON text. */
  readonly text: string;

  /** @throws TypeError if the text is not a JSON number. */
  constructor(text: string) {
    if (!isNumber(text)) throw new TypeError(`${JSON.stringify(text)} is not a JSON number`);
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  /** Returns the nearest number of JavaScript. */
  valueOf(): number {
    return Number(this.text);
  }

  /** Throws, as for a bigint, because `JSON.stringify` cannot write the digits: use {@link toJson}. */
  toJSON(): never {
    throw new ExactNumberError(`JSON.stringify cannot write the exact number ${this.text}: use toJson`);
  }
}

/** `JSON.stringify` was called for a value with an exact number. */
export class ExactNumberError extends TypeError {
  override readonly name = 'ExactNumberError';
}

/**
 * Returns whether a number of JavaScript has the value of a JSON number. An integer without an exponent must also keep its digits: JavaScript
 * would write `10000000000000000000000` as `1e+22`.
 */
export function isRepresentable(text: string): boolean {
  const number = Number(text);
  const shortest = String(number);
  if (shortest === text) return true;
  if (isInteger(text)) return Number.isSafeInteger(number);
  return Number.isFinite(number) && compareNumber(shortest, text) === 0;
}
