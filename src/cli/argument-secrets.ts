import { formEncode, isSecretName, refuse, removeUserInfo } from '../core/internal.ts';

/** The secrets that a user passed as arguments, although every user of the machine can see them. */
export interface ArgumentSecrets {
  /** The arguments, each secret replaced. */
  readonly args: readonly string[];
  /** Replaces the secrets in a text. */
  hide(text: string): string;
}

const HIDDEN = '***';

// A shorter value occurs in any text by chance.
const MIN_LENGTH = 5;

/**
 * Finds the secrets in arguments: user information of URLs, and values of `--param` and of query strings whose name looks like the
 * name of a secret or is named by `--secret-param`.
 */
export function findArgumentSecrets(args: readonly string[]): ArgumentSecrets {
  const more = flagValues(args, '--secret-param');
  const values = new Set<string>();
  const isSecret = (name: string) => isSecretName(decode(name), more);
  const hideValue = (value: string) => {
    values.add(value).add(decode(value));
    return HIDDEN;
  };
  const hidden = args.map((arg, index) => {
    const pair = flagValue(args, index, '--param');
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair ?? '') ?? [];
    if (name !== undefined && value !== undefined && isSecret(name)) {
      return arg.slice(0, arg.length - value.length) + hideValue(value);
    }
    const url = arg.includes('//') ? removeUserInfo(arg) : arg;
    return url.replace(/([?&;])([^?&;=#]+)=([^&;#]*)/g, (text, before, key, secret) =>
      isSecret(key) ? `${before}${key}=${hideValue(secret)}` : text,
    );
  });
  const long = [...values].filter(({ length }) => length >= MIN_LENGTH);
  const forms = [
    ...new Set(long.flatMap((value) => [value, formEncode(value), formEncode(value).replaceAll('+', '%20')])),
  ];
  // A longer form can contain a shorter one.
  forms.sort((one, other) => other.length - one.length);
  return {
    args: hidden,
    hide: (text) => forms.reduce((safe, form) => safe.replaceAll(form, HIDDEN), text),
  };
}

/** Refuses user information in URLs, because every user of the machine can see arguments. @throws ConfigurationError */
export function refuseCredentials(urls: Readonly<Record<string, string | undefined>>): void {
  for (const [flag, url] of Object.entries(urls)) {
    refuse(flag, [
      url !== undefined &&
        removeUserInfo(url) !== url.replace(/[\t\n\r]/g, '') &&
        'the URL contains a user name or a password, which every user of this machine can see: change the password, remove it from the ' +
          'URL, and set OAuth credentials in the environment or in a file named by --env',
    ]);
  }
}

function flagValues(args: readonly string[], flag: string): string[] {
  return args.flatMap((_, index) => flagValue(args, index, flag) ?? []);
}

/** Returns the value of a flag if this argument is, or contains, the value. */
function flagValue(args: readonly string[], index: number, flag: string): string | undefined {
  const arg = args[index] ?? '';
  if (args[index - 1] === flag) return arg;
  return arg.startsWith(`${flag}=`) ? arg.slice(flag.length + 1) : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // A text with a lone "%" is not encoded.
    return text;
  }
}
