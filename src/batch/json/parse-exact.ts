import { parse } from 'lossless-json';
import { ExactNumber, isRepresentable } from './exact-number.ts';
import { mayHaveExactNumber } from './number-scan.ts';

/**
 * Parses a JSON text as `JSON.parse` does, but returns an {@link ExactNumber} for each number that JavaScript cannot represent.
 *
 * @throws SyntaxError if the text is not JSON.
 * @throws RangeError if the text has such a number, and is nested too deeply.
 */
export function parseExact(text: string): unknown {
  return mayHaveExactNumber(text) ? parseEachNumber(text) : JSON.parse(text);
}

/** Parses a text as {@link parseExact} does, without the scan that avoids this slower parser. */
export function parseEachNumber(text: string): unknown {
  try {
    return parse(text, undefined, { parseNumber: toNumber, onDuplicateKey: ({ newValue }) => newValue });
  } catch (error) {
    // The message for invalid JSON must not depend on the numbers.
    if (error instanceof SyntaxError) JSON.parse(text);
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError('the JSON text is nested too deeply to keep the digits of its numbers');
  }
}

const toNumber = (text: string) => (isRepresentable(text) ? Number(text) : new ExactNumber(text));
