import { messageOf, TokenRequestError } from './errors.ts';
import { toUtf8 } from './utf8.ts';

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
 * Finds a secret also if it is percent-encoded, form-encoded, escaped for HTML or JSON, or part of base64 or base64url, also if several
 * encodings follow each other. If only a decoded form of the text contains a secret, returns the decoded form.
 */
export function redact(text: string, secrets: readonly (string | undefined)[]): string {
  let safe = text;
  let layer = text;
  let forms = secrets.map((secret = '') => secret);
  // The last step is not part of `decode`: in base64, "+" is not a space.
  for (const decodeStep of [decode, decode, decode, spaceOfPlus, (last: string) => last]) {
    const redacted = redactForms(layer, forms);
    if (redacted !== layer) safe = redacted;
    layer = decodeStep(redacted);
    // A secret can contain escapes itself, so it is compared as it is and decoded as often as the text.
    forms = [...new Set([...forms, ...forms.map(decodeStep)])];
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removes control characters
  return safe.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 500);
}

function redactForms(text: string, forms: readonly string[]): string {
  // A shorter secret occurs in any text by chance, and redacting it there would reveal it. Longer ones first, because they may contain
  // shorter ones.
  const long = forms.filter(({ length }) => length > 3).sort((a, b) => b.length - a.length);
  let safe = text;
  for (const form of long) safe = safe.replaceAll(form, REDACTED);
  const once = long.flatMap((form) => [form, formEncode(form), percentEncode(form)]).flatMap(base64Cores);
  const cores = [...once, ...once.flatMap(base64Cores)];
  return safe.replace(/[\w+/-]{4,}=*/g, (run) => {
    const base64 = run.replaceAll('-', '+').replaceAll('_', '/');
    return cores.some((core) => base64.includes(core)) ? REDACTED : run;
  });
}

const REDACTED = '[redacted]';

/** Returns the base64 characters that a text determines where it starts at the first, second or third byte of a group. */
function base64Cores(text: string): string[] {
  const bytes = toUtf8(text);
  return [0, 1, 2].map((offset) =>
    btoa('\0'.repeat(offset) + bytes).slice(offset && offset + 1, ((offset + bytes.length) * 8) / 6),
  );
}

const spaceOfPlus = (text: string) => text.replaceAll('+', ' ');

/** Decodes each percent-encoded character, character reference of HTML and escape of JSON once. */
function decode(text: string): string {
  return text.replace(
    /%[0-7][\da-f]|%[c-f][\da-f](%[89ab][\da-f]){1,3}|&(#x?[\da-f]+|\w+);|\\(u[\da-f]{4}|["\\/bfnrt])/gi,
    (escaped) => {
      try {
        if (escaped.startsWith('%')) return decodeURIComponent(escaped);
        if (escaped.startsWith('\\')) return JSON.parse(`"${escaped}"`);
        const name = escaped.slice(1, -1);
        if (!name.startsWith('#')) return new RegExp(` (.)${name} `).exec(NAMED_CHARACTERS)?.[1] ?? escaped;
        return String.fromCodePoint(Number(name.slice(1).replace(/^x/i, '0x')));
      } catch {
        return escaped;
      }
    },
  );
}

/** The characters of ASCII that have a name in HTML, each before its name. */
const NAMED_CHARACTERS =
  ' !excl "quot #num $dollar %percnt &amp \'apos (lpar )rpar *ast +plus ,comma .period /sol :colon ;semi <lt =equals >gt ?quest ' +
  '@commat [lsqb [lbrack \\bsol ]rsqb ]rbrack ^Hat _lowbar _UnderBar `grave {lcub {lbrace |verbar |vert }rcub }rbrace ';

/** Encodes text as `encodeURIComponent` does, which throws for half a surrogate pair. */
function percentEncode(text: string): string {
  return formEncode(text)
    .replaceAll('+', '%20')
    .replace(/%(2[1789]|7E)/g, decodeURIComponent);
}

/** Encodes text as `application/x-www-form-urlencoded`. */
export function formEncode(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
