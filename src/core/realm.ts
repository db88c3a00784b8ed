// In Jest, Node creates errors and Buffers in another realm than the test, and `instanceof` is false for them.

interface Classes {
  ArrayBuffer: ArrayBuffer;
  RegExp: RegExp;
  Uint8Array: Uint8Array;
  URLSearchParams: URLSearchParams;
}

/** Returns whether a value is an object of a class, also of another realm. */
export function isA<Name extends keyof Classes>(value: unknown, name: Name): value is Classes[Name] {
  return Object.prototype.toString.call(value) === `[object ${name}]`;
}

/** Returns whether a value is an Error, also of another realm. */
export function isError(value: unknown): value is Error {
  return typeof (value as Error | undefined)?.message === 'string';
}
