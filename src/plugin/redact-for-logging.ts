const INSPECT = Symbol.for('nodejs.util.inspect.custom');

// Shared by all objects: otherwise V8 creates a hidden class for each object and discards optimized code.
const LABEL = {
  value(this: object): string {
    return `[${this.constructor?.name ?? 'Object'}]`;
  },
  configurable: true,
};
const LABELS = { toJSON: LABEL, [INSPECT]: LABEL };

/** Makes loggers and serializers show a short label instead of an object that leads to a request. The object works as before. */
export function redactForLogging(object: unknown): void {
  if (typeof object !== 'object' || !object || Object.hasOwn(object, INSPECT)) return;
  if (Object.isExtensible(object)) Object.defineProperties(object, LABELS);
}

/**
 * Redacts an agent or a socket. Both refer to requests in flight, which still need their token, and `console.dir` and deep copies ignore
 * labels. Therefore the properties are hidden as well. They stay hidden when Node assigns them.
 *
 * @param keys the properties that lead to requests. @default all properties
 */
export function redactShared(object: unknown, keys?: readonly PropertyKey[]): void {
  if (typeof object !== 'object' || !object || Object.hasOwn(object, INSPECT)) return;
  redactForLogging(object);
  for (const key of keys ?? Reflect.ownKeys(object)) {
    // Reflect does not throw for a frozen object.
    if (Object.hasOwn(object, key)) Reflect.defineProperty(object, key, { enumerable: false });
  }
}
