import { messageOf, TokenRequestError } from './errors.ts';

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

/**
 * Takes secrets and control characters out of text that came from elsewhere, and shortens it.
 *
 * @param secrets each is looked for as it is, percent-encoded and form-encoded; a longer one first, because it may
 * hold a shorter one.
 */
export function redact(text: string, secrets: readonly (string | undefined)[]): string {
  const forms = secrets.flatMap((secret = '') => [secret, encodeURIComponent(secret), formEncode(secret)]);
  let safe = text;
  for (const form of forms.sort((a, b) => b.length - a.length)) {
    // What is shorter stands in any text by chance, and taking it out there would tell it.
    if (form.length > 3) safe = safe.replaceAll(form, '[redacted]');
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return safe.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 500);
}

/** Encodes text as `application/x-www-form-urlencoded` does. */
export function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
