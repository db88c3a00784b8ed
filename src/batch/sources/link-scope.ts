import { parseUrl } from '../../core/internal.ts';

// Stands for the unknown base URL of a relative URL.
const NOWHERE = 'http://relative.invalid';

// The same test as in axios.
const ABSOLUTE = /^([a-z][a-z\d+\-.]*:)?\/\//i;

/**
 * The links that a source follows: those on the origin of its URL, and at or below the path of its URL or of `nextPath`.
 *
 * A lead is such a link in the form of the source's URL: absolute, or relative to the base URL. A relative lead leads nowhere
 * else, even if someone changes the checkpoint, because the base URL comes from the instance or the vendor.
 */
export interface LinkScope {
  /** The paths, for messages. */
  readonly paths: readonly string[];
  /**
   * Returns a link as lead, or undefined if the source does not follow the link.
   *
   * @param baseURL of the request whose response names the link.
   */
  toLead(link: URL, baseURL: string | undefined): string | undefined;
  /** Returns whether a value is a lead. */
  includes(lead: unknown): lead is string;
  /** Returns a lead after a change of its URL. */
  change(lead: string, edit: (url: URL) => void): string;
}

export function linkScope(url: string, nextPath: string | undefined): LinkScope {
  const isAbsolute = ABSOLUTE.test(url);
  const own = parseUrl(url, NOWHERE);
  const paths = [url, ...(nextPath === undefined ? [] : [nextPath])].map(
    (text) => parseUrl(text, NOWHERE)?.pathname ?? '/',
  );

  const toText = (link: URL) => (isAbsolute ? link.href : link.pathname + link.search);

  function includes(lead: unknown): lead is string {
    const link = typeof lead === 'string' ? parseUrl(lead, NOWHERE) : undefined;
    return (
      link !== undefined &&
      link.origin === own?.origin &&
      link.username === '' &&
      link.password === '' &&
      link.hash === '' &&
      // Refuses `//host`, dots in paths, and whatever else another parser could read differently.
      lead === toText(link) &&
      paths.some((path) => isWithin(link.pathname, path))
    );
  }

  return {
    paths,
    includes,
    toLead(link, baseURL) {
      const base = isAbsolute ? '' : basePath(baseURL);
      const found = pathWithin(
        link.pathname,
        paths.map((path) => base + path),
      );
      if (found === undefined) return undefined;
      const path = found.slice(base.length);
      const lead = (isAbsolute ? link.origin : '') + path + link.search;
      return includes(lead) ? lead : undefined;
    },
    change(lead, edit) {
      const link = new URL(lead, NOWHERE);
      edit(link);
      return toText(link);
    },
  };
}

/** Returns the path to which axios appends relative URLs. */
function basePath(baseURL: string | undefined): string {
  return (baseURL === undefined ? undefined : parseUrl(baseURL))?.pathname.replace(/\/+$/, '') ?? '';
}

/**
 * Returns the path of a link if it is at or below one of the paths. An API behind a gateway does not know the path of the
 * gateway: `/api/v2/users` is `/gateway/api/v2/users` if that is at or below one of the paths.
 */
function pathWithin(path: string, paths: readonly string[]): string | undefined {
  const prefixes = ['', ...paths.flatMap(parentsOf)];
  return prefixes.map((prefix) => prefix + path).find((whole) => paths.some((one) => isWithin(whole, one)));
}

/** Returns `/a` and `/a/b` for `/a/b/c`. */
function parentsOf(path: string): string[] {
  const names = path.split('/').slice(1, -1);
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}

/** Compares paths without case, because some servers return links in another case. */
function isWithin(path: string, parent: string): boolean {
  const [inner, outer] = [path.toLowerCase(), parent.toLowerCase().replace(/\/+$/, '')];
  return inner === outer || inner.startsWith(`${outer}/`);
}
