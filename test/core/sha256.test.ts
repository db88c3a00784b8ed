import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../../src/core/sha256.ts';
import { toUtf8 } from '../../src/core/utf8.ts';

const expected = (text: string) => createHash('sha256').update(text).digest('hex');
const actual = async (text: string) => Buffer.from(await sha256(text), 'latin1').toString('hex');

const ANY_TEXT = fc.string({ unit: 'binary', maxLength: 300 });

/** Hides `crypto.subtle` until the test ends, as in jsdom. */
function withoutSubtle(): void {
  const saved = Object.getOwnPropertyDescriptor(globalThis, 'crypto') as PropertyDescriptor;
  Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });
  onTestFinished(() => void Object.defineProperty(globalThis, 'crypto', saved));
}

describe('sha256', () => {
  it.each([
    ['with crypto.subtle', () => {}],
    ['without crypto.subtle', withoutSubtle],
  ])('returns the same digest as Node %s', async (_, prepare) => {
    prepare();
    for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 1000]) {
      const text = 'ä'.repeat(length);
      expect(await actual(text)).toBe(expected(text));
    }
    await fc.assert(
      fc.asyncProperty(ANY_TEXT, async (text) => {
        expect(await actual(text)).toBe(expected(text));
      }),
    );
  });
});

describe('toUtf8', () => {
  it.each(['', 'a:b', 'größe', '€', '👍', 'lone \ud800 surrogate', '\udfff\ud800'])(
    'encodes %j as TextEncoder does',
    (text) =>
      expect(Buffer.from(toUtf8(text), 'latin1')).toEqual(Buffer.from(new TextEncoder().encode(text))),
  );
});
