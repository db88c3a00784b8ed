/** Parses a URL. Returns undefined if the URL is invalid. jsdom, React Native and browsers before 2023 have no `URL.canParse`. */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
