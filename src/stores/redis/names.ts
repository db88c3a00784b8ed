/** The Redis keys and the channel of one token. Braces keep the keys on one node of a cluster. */
export interface Names {
  readonly key: string;
  readonly token: string;
  readonly lock: string;
  readonly channel: string;
}

export function namesOf(prefix: string, key: string): Names {
  const base = `${prefix}:{${key}}`;
  return { key, token: `${base}:token`, lock: `${base}:lock`, channel: base };
}
