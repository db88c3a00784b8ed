import type { Fed } from './fed-log.ts';
import type { ScannedRecord } from './list-scan.ts';

// Begins the keys in the log of a list that stand for records of other imports.
const OF = 'of ';

type Identity = Pick<ScannedRecord, 'importId' | 'key'>;

/** Returns the key, in the log of a list, of a record that another import read first. */
export function toOriginKey({ importId, key }: Identity): string {
  return `${OF}${importId} ${key}`;
}

/**
 * Finds the records of a list that the user has unwrapped: lines without an identity whose record was imported from this list with one.
 * Otherwise, unwrapping a list would send its accepted records again.
 *
 * @param list the id of the list, which records without an identity have.
 * @param fed the log of the list.
 */
export function withOrigins(
  records: readonly ScannedRecord[],
  list: string,
  fed: ReadonlyMap<string, Fed>,
): readonly ScannedRecord[] {
  const present = new Set(records.map(toOriginKey));
  const missing = new Map<string, Identity[]>();
  for (const [originKey, { digest }] of fed) {
    if (!originKey.startsWith(OF) || present.has(originKey)) continue;
    const [importId = '', ...key] = originKey.slice(OF.length).split(' ');
    missing.set(digest, [...(missing.get(digest) ?? []), { importId, key: key.join(' ') }]);
  }
  return records.map((record) => {
    if (record.importId !== list || fed.has(record.key)) return record;
    const origin = missing.get(record.digest)?.shift();
    return origin ? { ...record, ...origin } : record;
  });
}
