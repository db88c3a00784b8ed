import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';

/** Returns all encodings in which a secret may appear. */
function formsOf(secrets: readonly string[]): string[] {
  const forms = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('base64url'),
  ]);
  return [...new Set(forms)].filter((form) => form.length > 3);
}

/** Returns the output of loggers, serializers and error reporters for a value. */
function renderings(value: unknown): Record<string, string> {
  const error = value as Error & { toJSON?: () => unknown };
  let printed = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      printed += chunk;
      done();
    },
  });
  new Console(sink, sink).error('failed:', value);
  return {
    'JSON.stringify': stringify(value),
    'JSON.stringify of a spread': stringify({ ...(value as object) }),
    'JSON.stringify of a log record': stringify({ level: 50, err: value, error: { ...(value as object) } }),
    toJSON: inspect(error?.toJSON?.(), { depth: Number.POSITIVE_INFINITY }),
    'JSON.stringify of toJSON': stringify(error?.toJSON?.()),
    'inspect, depth 10': inspect(value, { depth: 10, showHidden: false }),
    'inspect, any depth': inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: false }),
    'inspect of a spread': inspect({ ...(value as object) }, { depth: Number.POSITIVE_INFINITY }),
    'console.error': printed,
    format: format('%s %O %j', value, value, ''),
    String: String(value),
    message: String(error?.message),
    stack: String(error?.stack),
    structuredClone: cloned(value),
    walk: walk(value).join('\n'),
  };
}

/** Returns the places where a secret appears, as `rendering: surrounding text`. */
export function leaks(value: unknown, secrets: readonly string[]): string[] {
  const found: string[] = [];
  for (const [name, text] of Object.entries(renderings(value))) {
    for (const form of formsOf(secrets)) {
      const at = text.indexOf(form);
      if (at >= 0) found.push(`${name}: ${text.slice(Math.max(0, at - 60), at + form.length)}`);
    }
  }
  return found;
}

/** Serializes a value like a logger: cuts circular references and calls `toJSON`. */
function stringify(value: unknown): string {
  const path: unknown[] = [];
  return attempt(() =>
    JSON.stringify(value, function (this: unknown, _key, child: unknown) {
      while (path.length > 0 && path.at(-1) !== this) path.pop();
      if (path.includes(child)) return '[circular]';
      if (typeof child === 'object' && child !== null) path.push(child);
      return typeof child === 'bigint' ? String(child) : child;
    }),
  );
}

function cloned(value: unknown): string {
  return attempt(() => inspect(structuredClone(value), { depth: Number.POSITIVE_INFINITY }));
}

/** Returns '' for a value that cannot be serialized, such as a function in a clone or a circular reference of axios. */
function attempt(write: () => unknown): string {
  try {
    return String(write());
  } catch (error) {
    if (error instanceof RangeError || error instanceof DOMException) return '';
    throw error;
  }
}

/**
 * Collects all strings that are reachable through enumerable properties, Maps, Sets and `cause`, like an error reporter. Calls `toJSON`
 * like every serializer, except for errors, whose properties are collected.
 */
function walk(root: unknown): string[] {
  const texts: string[] = [];
  const seen = new Set<unknown>();
  const queue: unknown[] = [root];
  while (queue.length > 0) {
    let value = queue.pop();
    if (typeof value === 'string') texts.push(value);
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (Buffer.isBuffer(value)) {
      texts.push(value.toString('latin1'));
      continue;
    }
    const { toJSON } = value as { toJSON?: () => unknown };
    if (typeof toJSON === 'function' && !(value instanceof Error)) {
      value = toJSON.call(value);
      if (typeof value !== 'object' || value === null) {
        queue.push(value);
        continue;
      }
    }
    const object = value as object;
    if (object instanceof Map || object instanceof Set) queue.push(...[...object].flat());
    if (object instanceof Error) queue.push(object.message, object.stack, object.cause);
    for (const key of Object.keys(object)) queue.push(key, (object as Record<string, unknown>)[key]);
    for (const key of Object.getOwnPropertySymbols(object)) {
      const descriptor = Object.getOwnPropertyDescriptor(object, key);
      if (descriptor?.enumerable) queue.push(descriptor.value);
    }
  }
  return texts;
}
