/** Returns whether stored data has a format that only a newer version of this package reads. */
export function isNewerFormat(version: unknown, known: number): boolean {
  return Number.isInteger(version) && Number(version) > known;
}

/** Describes data of a newer format, which this process leaves as it is. */
export function newerFormat(what: string, version: unknown, known: number): string {
  return (
    `${what} has version ${version}, which a newer version of axios-oauth-refresh wrote; this process reads version ${known} and leaves it ` +
    'unchanged. Upgrade this process'
  );
}
