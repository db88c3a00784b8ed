import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOfId, digestOfPage, digestOfRecord } from '../../../src/batch/digest.ts';
import { createIdTable, type IdTable } from '../../../src/batch/export/id-table.ts';
import { ExactNumber } from '../../../src/batch/index.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const last = fc.constantFrom('A', 'Q', 'g', 'w');

/** Digests of which many share their first characters, so that they compete for the same entries. */
const clustered = fc
  .tuple(
    fc.constantFrom('AAAAAAAAAA', '__________', 'AAAAA_____', '_____AAAAA'),
    fc.constantFrom('AAAAAAAAA', '_________', 'AAAABAAAA'),
    fc.constantFrom(...ALPHABET),
    fc.constantFrom(...ALPHABET),
    last,
  )
  .map((parts) => parts.join(''));
const spread = fc.nat(3000).map((id) => digestOfId(id));

describe('createIdTable', () => {
  it.each([
    ['spread', spread, 3000, 5],
    ['clustered', clustered, 1500, 20],
  ] as const)('returns the same windows as a Map for %s digests', (_, digest, length, numRuns) => {
    const calls = fc.array(fc.tuple(digest, fc.integer({ min: 1, max: 2 ** 32 - 1 })), {
      minLength: length,
      maxLength: length,
    });
    fc.assert(
      fc.property(calls, (sequence) => {
        const table = createIdTable();
        const model = new Map<string, number>();
        for (const [id, window] of sequence) {
          expect(table.see(id, window)).toBe(model.get(id) ?? 0);
          model.set(id, window);
        }
        expect(table.size).toBe(model.size);
        for (const [id, window] of model) expect(table.see(id, 1)).toBe(window);
      }),
      { numRuns },
    );
  });

  it('distinguishes digests that differ in any of their 128 bits', () => {
    const table = createIdTable();
    const digests = Array.from({ length: 128 }, (_, bit) => {
      const bytes = Buffer.alloc(16);
      bytes[bit >> 3] = 1 << (bit & 7);
      return bytes.toString('base64url');
    });
    for (const digest of ['AAAAAAAAAAAAAAAAAAAAAA', ...digests]) expect(table.see(digest, 1)).toBe(0);
    expect(table.size).toBe(129);
  });

  it.each([5_000, 100_000, 300_000])('uses at most 24 bytes for each of %i digests', (count) => {
    const fill = (table: IdTable) => {
      for (let id = 0; id < count; id++) table.see(digestOfId(id), 1);
    };
    // The first run loads code.
    fill(createIdTable());
    const table = createIdTable();
    const allocated = bytesOfArrays(() => fill(table));
    expect(table.size).toBe(count);
    expect(allocated / count).toBeLessThanOrEqual(24);
  });
});

describe('the digest', () => {
  it('differs for ids of different types, records and pages with the same text', () => {
    const digests = [
      digestOfId('1'),
      digestOfId(1),
      digestOfId('"1"'),
      digestOfId(new ExactNumber('1e400')),
      digestOfId('1e400'),
      digestOfId('record 1'),
      digestOfRecord(1),
      digestOfRecord('1'),
      digestOfPage(1),
      digestOfPage('1'),
    ];
    expect(new Set(digests).size).toBe(digests.length);
    for (const digest of digests) expect(digest).toMatch(/^[\w-]{22}$/);
  });

  it('is equal for equal ids, whatever represents their digits', () => {
    expect(digestOfId(9007199254740993n)).toBe(digestOfId(new ExactNumber('9007199254740993')));
    expect(digestOfId(7)).toBe(digestOfId(7n));
    expect(digestOfId('\ud800')).not.toBe(digestOfId('\ufffd'));
  });
});

/** Returns how many bytes of array buffers the work has left. */
function bytesOfArrays(work: () => void): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  // V8 frees array buffers in the background. The second collection waits for the first.
  const gc = () => {
    collect();
    collect();
  };
  gc();
  const before = process.memoryUsage().arrayBuffers;
  work();
  gc();
  return process.memoryUsage().arrayBuffers - before;
}
