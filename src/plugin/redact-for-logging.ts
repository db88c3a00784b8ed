const INSPECT = Symbol.for('nodejs.util.inspect.custom');

// The same for every object: V8 would else make a hidden class for each, and drop what it optimized for the others.
const LABEL = {
  value(this: object): string {
    return `[${this.constructor?.name ?? 'Object'}]`;
  },
  configurable: true,
};
const CONCEALED = { toJSON: LABEL, [INSPECT]: LABEL };

/**
 * Makes an object show as a short label wherever a logger or a serializer meets it: sockets and requests that it leads
 * to hold the `Authorization` field in clear. It works as before.
 */
export function redactForLogging(object: unknown): void {
  if (typeof object !== 'object' || object === null || Object.hasOwn(object, INSPECT)) return;
  if (Object.isExtensible(object)) Object.defineProperties(object, CONCEALED);
}

/** Hides a property from loggers and serializers. It can be read as before. */
export function hide(object: object, property: string): void {
  // Reflect does not throw for a frozen object.
  if (Object.hasOwn(object, property)) Reflect.defineProperty(object, property, { enumerable: false });
}
