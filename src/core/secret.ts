import { messageOf, TokenRequestError } from './errors.ts';

/** A secret, or a function that returns it. The function is called for every token fetch, so that a secret can rotate without a restart. */
export type Secret = string | (() => string | Promise<string>);

/**
 * Reads a secret.
 *
 * @throws TokenRequestError (`ERR_CALLBACK`) if its function fails or returns anything but a non-empty string.
 */
export async function readSecret(name: string, secret: Secret): Promise<string> {
  if (typeof secret === 'string') return secret;
  let value: unknown;
  try {
    value = await secret();
  } catch (error) {
    // Without a cause: the error of a secret manager may contain the secret.
    throw new TokenRequestError(`the ${name} function failed: ${messageOf(error)}`, { code: 'ERR_CALLBACK' });
  }
  if (typeof value !== 'string' || value === '') {
    const message = `the ${name} function must return a non-empty string`;
    throw new TokenRequestError(message, { code: 'ERR_CALLBACK' });
  }
  return value;
}

/**
 * Redacts secrets in untrusted text, removes control characters and truncates the text to 500 characters.
 *
 * @param secrets found unencoded, percent-encoded and form-encoded; longer ones first, because they may contain shorter ones.
 */
export function redact(text: string, secrets: readonly (string | undefined)[]): string {
  const forms = secrets.flatMap((secret = '') => [secret, encodeURIComponent(secret), formEncode(secret)]);
  let safe = text;
  for (const form of forms.sort((a, b) => b.length - a.length)) {
    // A shorter secret occurs in any text by chance, and redacting it there would reveal it.
    if (form.length > 3) safe = safe.replaceAll(form, '[redacted]');
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removes control characters
  return safe.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 500);
}

/** Encodes text as `application/x-www-form-urlencoded`. */
export function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
