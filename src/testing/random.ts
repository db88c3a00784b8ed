/** Scrambles a 32-bit integer. The function is a bijection, so that different inputs never collide. */
function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A stateless source of numbers: the same seed, stream and index always return the same number. */
export interface Hash {
  /** Returns an integer in [0, 2^32), unique per stream for indexes below 2^32. */
  int(stream: number, index: number): number;
  /** Returns a fraction in [0, 1). */
  fraction(stream: number, index: number): number;
  /** Returns a string in the form of a version 4 UUID, unique per stream for indexes below 2^32. */
  uuid(stream: number, index: number): string;
}

/** The stream of each kind of value, so that the values are independent. Faults have a hash of their own. */
export const STREAMS = {
  conversation: 0,
  customer: 1,
  agent: 2,
  session: 3,
  phone: 4,
  entity: 5,
  queue: 6,
  user: 7,
  long: 8,
  contact: 9,
  detailsJob: 10,
  importedContact: 11,
  bulkFailure: 12,
  extractionJob: 13,
  change: 14,
  arrival: 15,
  resource: 20,
} as const;

// Four hexadecimal digits per entry, because identifiers take most of the time of a record.
const HEX = Array.from({ length: 0x1_0000 }, (_, n) => n.toString(16).padStart(4, '0'));

/** Creates the hash of one seed, with four keys per stream, because a UUID needs four words. */
export function createHash(seed: number): Hash {
  const keyOf = (stream: number, word: number) => mix32(seed + Math.imul(stream * 4 + word + 1, 0x9e3779b9));
  const keys: number[] = [];
  for (let stream = 0; stream < 16; stream++) {
    for (let word = 0; word < 4; word++) keys.push(keyOf(stream, word));
  }
  const word = (stream: number, index: number, n: number) =>
    mix32((keys[stream * 4 + n] ?? keyOf(stream, n)) ^ index);
  return {
    int: (stream, index) => word(stream, index, 0),
    fraction: (stream, index) => word(stream, index, 0) / 0x1_0000_0000,
    uuid(stream, index) {
      const a = word(stream, index, 0);
      const b = word(stream, index, 1);
      const c = word(stream, index, 2);
      const d = word(stream, index, 3);
      return `${HEX[a >>> 16]}${HEX[a & 0xffff]}-${HEX[b >>> 16]}-${HEX[0x4000 | (b & 0x0fff)]}-${HEX[0x8000 | (c >>> 18)]}-${HEX[c & 0xffff]}${HEX[d >>> 16]}${HEX[d & 0xffff]}`;
    },
  };
}
