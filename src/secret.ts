import { TokenRequestError } from './errors.ts';

/** A secret, or a function that is asked for it at every token fetch, so that a rotated secret needs no restart. */
export type Secret = string | (() => string | Promise<string>);

/**
 * Reads a secret.
 *
 * @throws TokenRequestError (`ERR_CALLBACK`) when its function fails or returns no text.
 */
export async function readSecret(name: string, secret: Secret): Promise<string> {
  if (typeof secret === 'string') return secret;
  let value: unknown;
  try {
    value = await secret();
  } catch (error) {
    // Not as a cause: what a secret manager throws may hold what was asked for.
    throw new TokenRequestError(`the function given as ${name} failed: ${messageOf(error)}`, {
      code: 'ERR_CALLBACK',
    });
  }
  if (typeof value !== 'string' || value === '') {
    throw new TokenRequestError(`the function given as ${name} returned no text`, { code: 'ERR_CALLBACK' });
  }
  return value;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Takes secrets and control characters out of text that came from a server, and shortens it. */
export function redact(text: string, secrets: readonly string[]): string {
  let safe = text;
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret)]) {
      if (form) safe = safe.replaceAll(form, '[redacted]');
    }
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return safe.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 500);
}
