import { join } from 'node:path';
import axios from 'axios';
import { type ExportSummary, exportRecords, jsonLinesFile, type PageSource } from '../../src/batch/index.ts';
import { temporaryDirectory } from './batch.ts';

/** How an export ends: complete, complete with warnings, or with the code of its error. */
interface Outcome {
  result: string;
  /** The different records that were written. */
  records: number;
  warnings: readonly string[];
}

interface OutcomeOptions {
  /** Interrupts the export after this number of pages, and resumes it, again and again. */
  restartAfter?: number;
}

/** Exports a source to its end. */
export async function outcomeOf<Item>(
  source: PageSource<Item>,
  url: string,
  { restartAfter = Number.POSITIVE_INFINITY }: OutcomeOptions = {},
): Promise<Outcome> {
  const sink = jsonLinesFile(join(await temporaryDirectory(), 'out.jsonl'));
  const api = axios.create({ baseURL: url, proxy: false });
  let records = 0;
  let pages = 0;
  for (;;) {
    const abort = new AbortController();
    const before = pages;
    const onProgress = (progress: { records: number; pages: number }) => {
      ({ records } = progress);
      ({ pages } = progress);
      if (pages >= before + restartAfter) abort.abort(new Error('enough'));
    };
    const options = { api, source, sink, signal: abort.signal, onProgress, checkpointInterval: 0 };
    const end: ExportSummary | { code: string } = await exportRecords<Item>({
      ...options,
      readAhead: 3,
    }).catch((error) => error);
    if ('status' in end) {
      const { warnings } = end;
      return { result: warnings.length > 0 ? 'warning' : 'complete', records: end.records, warnings };
    }
    if (end.code !== 'ERR_INTERRUPTED') return { result: end.code, records, warnings: [] };
  }
}
