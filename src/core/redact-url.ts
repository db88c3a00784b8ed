import { parseUrl } from './parse-url.ts';

/** Removes the user information from a URL, and from URLs within the URL. */
export function removeUserInfo(url: string): string {
  // URL parsers drop these characters, so "/\n/" starts an authority too.
  const text = url.replace(/[\t\n\r]/g, '');
  // A password with an unescaped "/", "?" or "#" makes the URL invalid: remove everything before the last "@".
  const userInfo = parseUrl(text, 'http://_') ? /(:[\\/]*|[\\/]{2,})[^\\/?#]*@/g : /(:[\\/]*|[\\/]{2,}).*@/g;
  return text.replace(userInfo, '$1');
}

/** Returns a URL without user information, query and fragment, which may hold secrets. Accepts any value. */
export function redactUrl(url: unknown): string {
  try {
    return removeUserInfo(String(url)).replace(/[?#].*/s, '');
  } catch {
    // The value has no string form.
    return '';
  }
}
