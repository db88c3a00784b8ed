/** Words that mark the name of a secret wherever they stand in the name. */
const SECRET_WORDS: ReadonlySet<string> = new Set(
  (
    'key token secret password passwd passphrase passcode pwd pass signature sig hmac authorization auth bearer ' +
    'jwt session sid jsessionid phpsessid credential credentials creds otp pin assertion'
  ).split(' '),
);

/** Compounds that many APIs write as one word, such as `apikey` and `X-Access-Token`. */
const SECRET_COMPOUNDS =
  /(api|app|access|secret|private|shared|subscription|account|auth|client|user|license)key|(access|auth|refresh|id|api|bearer|session|security|user)token|clientsecret|sessionid|userpass|(auth|authorization|access|verification)code/;

/** Words before `key` or `token` that make a name harmless, such as `sortKey` or `pageToken`. */
const HARMLESS_BEFORE: ReadonlySet<string> = new Set(
  (
    'sort order group partition range row primary foreign page next previous prev start end last first from ' +
    'cursor continuation continue sync skip delta change resume scroll list'
  ).split(' '),
);

/**
 * Returns whether the name of a parameter looks like the name of a secret: `api_key`, `accessToken`, `X-Signature`.
 * Parts of words do not count: `keyword` and `author` are not secrets.
 *
 * @param more further names of secrets, in any case.
 */
export function isSecretName(name: string, more: readonly string[] = []): boolean {
  const lower = name.toLowerCase();
  // Alone, the name `code` is an authorization code or the key of an Azure function; in `countryCode` the word is harmless.
  if (lower === 'code' || more.some((other) => other.toLowerCase() === lower)) return true;
  const words = wordsOf(name);
  if (SECRET_COMPOUNDS.test(words.join(''))) return true;
  return words.some((word, at) => SECRET_WORDS.has(word) && !isHarmless(word, words[at - 1]));
}

function isHarmless(word: string, before: string | undefined): boolean {
  return (word === 'key' || word === 'token') && before !== undefined && HARMLESS_BEFORE.has(before);
}

/** Splits a name at every character that is not a letter, and at the humps of camelCase. Plurals count as singulars. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '')
    .map((word) => word.replace(/^(key|token|secret|password)s$/, '$1'));
}
