import { unexpected } from './answer.ts';
import { type CsvRow, readCsvRows } from './csv-rows.ts';
import type { ExtractionResult } from './data-extraction-job.ts';
import { openForeignFile } from './foreign-file.ts';
import type { SourceContext } from './source.ts';

/** For messages. */
export const EXTRACTION_FILE = "the data extraction job's file";

interface ExtractionFileOptions {
  /** How many rows to skip. */
  skip: number;
  /** The column with a unique value in each row. */
  id: string | undefined;
  /** The longest time without a byte, in milliseconds. */
  idleTimeout: number;
}

/** An open file. */
export interface ExtractionFile {
  /** Reads the next rows, at most `count`. */
  read(count: number): Promise<{ rows: readonly CsvRow[]; isLast: boolean }>;
  close(): Promise<void>;
}

/**
 * Downloads a file, and skips the rows that were read before.
 *
 * @throws BatchError `ERR_UNEXPECTED_ANSWER` for an invalid file; any other error if the download breaks off.
 */
export async function openExtractionFile(
  context: SourceContext,
  result: ExtractionResult,
  { skip, id, idleTimeout }: ExtractionFileOptions,
): Promise<ExtractionFile> {
  const { data: stream, headers } = await openForeignFile(context, result, EXTRACTION_FILE);
  const all = readCsvRows(stream, {
    label: EXTRACTION_FILE,
    idleTimeout,
    endsUnmarked: !('content-length' in headers || 'transfer-encoding' in headers),
    clock: context.clock,
    onHeader: (names) => {
      if (id === undefined || names.includes(id)) return;
      // The first row of an HTML page is not a header.
      const isForeign = names[0]?.trimStart().startsWith('<');
      const what = `has no column ${JSON.stringify(id)}, which the option id names`;
      throw unexpected(EXTRACTION_FILE, what, isForeign);
    },
  });
  let count = 0;

  async function nextRow(): Promise<CsvRow | undefined> {
    const { done, value } = await all.next();
    if (done) return undefined;
    count++;
    if (id === undefined || value[id]) return value;
    await all.return();
    throw unexpected(EXTRACTION_FILE, `has no ${id}, which the option id names, in row ${count + 1}`);
  }

  while (count < skip) {
    if (!(await nextRow()))
      throw unexpected(EXTRACTION_FILE, `has ${count} rows, but had at least ${skip} before`);
  }
  let ahead = await nextRow();
  return {
    async read(most) {
      const rows: CsvRow[] = [];
      // Read one row more than the page has, because only the last page has no next page.
      for (; ahead && rows.length < most; ahead = await nextRow()) rows.push(ahead);
      return { rows, isLast: ahead === undefined };
    },
    close: async () => void (await all.return()),
  };
}
