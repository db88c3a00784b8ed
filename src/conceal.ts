const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * Makes an object show as a short label wherever a logger or a serializer meets it: sockets and requests that it leads
 * to hold the `Authorization` field in clear. It works as before.
 */
export function conceal(object: unknown): void {
  if (typeof object !== 'object' || object === null || Object.hasOwn(object, INSPECT)) return;
  const label = `[${object.constructor?.name ?? 'Object'}]`;
  const show = { value: () => label, configurable: true };
  if (Object.isExtensible(object)) Object.defineProperties(object, { toJSON: show, [INSPECT]: show });
}

/** Makes a property invisible to loggers and serializers; it can be read as before. */
export function hide(object: object, property: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(object, property);
  if (descriptor?.enumerable && descriptor.configurable) {
    Object.defineProperty(object, property, { enumerable: false });
  }
}
