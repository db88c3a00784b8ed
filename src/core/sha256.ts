import { toUtf8 } from './utf8.ts';

/** Returns the SHA-256 of a text, with one character for each byte. jsdom, React Native and pages without https have no `crypto.subtle`. */
export async function sha256(text: string): Promise<string> {
  const message = toUtf8(text);
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return digest(message);
  const bytes = Uint8Array.from(message, (byte) => byte.charCodeAt(0));
  return String.fromCharCode(...new Uint8Array(await subtle.digest('SHA-256', bytes)));
}

/** FIPS 180-4 section 6.2. */
function digest(message: string): string {
  const bytes = Array.from(`${message}\x80`, (byte) => byte.charCodeAt(0));
  while (bytes.length % 64 !== 56) bytes.push(0);
  const bits = new DataView(new ArrayBuffer(8));
  bits.setBigUint64(0, BigInt(message.length * 8));
  const data = new DataView(Uint8Array.from([...bytes, ...new Uint8Array(bits.buffer)]).buffer);

  const primes = firstPrimes(64);
  const constants = primes.map((prime) => fraction(Math.cbrt(prime)));
  const hash = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
  for (let block = 0; block < data.byteLength; block += 64) {
    const words = new Int32Array(64);
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
    for (let i = 0; i < 64; i++) {
      const at = (back: number) => words[i - back] ?? 0;
      const [w2, w15] = [at(2), at(15)];
      words[i] =
        i < 16
          ? data.getInt32(block + i * 4)
          : (rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10)) +
            at(7) +
            (rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3)) +
            at(16);
      const choice = (e & f) ^ (~e & g);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      const first =
        h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + (constants[i] ?? 0) + (words[i] ?? 0);
      const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => {
      hash[i] = (hash[i] ?? 0) + value;
    });
  }
  return Array.from(hash, (word) =>
    String.fromCharCode(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255),
  ).join('');
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

/** Returns the first 32 bits of the fractional part. */
function fraction(root: number): number {
  return ((root % 1) * 2 ** 32) | 0;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime)) primes.push(n);
  return primes;
}
