/** A number that JavaScript cannot represent, such as an integer over 2^53 or `1e400`, with the digits of its JSON text. */
export class ExactNumber {
  /** The number as it stands in the JSON text. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  /** Returns the nearest number of JavaScript. */
  valueOf(): number {
    return Number(this.text);
  }

  /** Throws, as for a bigint, because `JSON.stringify` cannot write the digits: use `toJson`. */
  toJSON(): never {
    throw new TypeError(`JSON.stringify cannot write the exact number ${this.text}: use toJson`);
  }
}
