const INSPECT = Symbol.for('nodejs.util.inspect.custom');

// Shared by all objects: otherwise V8 creates a hidden class for each object and discards optimized code.
const LABEL = {
  value(this: object): string {
    return `[${this.constructor?.name ?? 'Object'}]`;
  },
  configurable: true,
};
const LABELS = { toJSON: LABEL, [INSPECT]: LABEL };

/**
 * Makes loggers and serializers show a short label instead of an object, which may refer to sockets and requests that contain the
 * `Authorization` field. The object works as before.
 */
export function redactForLogging(object: unknown): void {
  if (typeof object !== 'object' || !object || Object.hasOwn(object, INSPECT)) return;
  if (Object.isExtensible(object)) Object.defineProperties(object, LABELS);
}

/** Hides the request of a response or an error from loggers and serializers. Code can still read it. */
export function hideRequest(object: object): void {
  // Reflect does not throw for a frozen object.
  if (Object.hasOwn(object, 'request')) Reflect.defineProperty(object, 'request', { enumerable: false });
}
