import type { CsvOptions, OpenSink, Sink } from '../batch/index.ts';
import { checkColumns, csvRecords, rowModel } from '../batch/internal.ts';
import type { PartState } from './part-state.ts';

/**
 * Returns a sink that checks the chosen columns of a CSV output with the first page of a part. A misspelt column fails the part, because
 * the merge would fail only after all parts.
 *
 * The records of later parts can lack a column that the first records of the output have, so the check counts only for the part whose
 * records begin the output. If that is not known yet, the sink asks again at each checkpoint.
 *
 * @param earlier returns the states of the parts before this part.
 */
export function checkedColumns(
  sink: Sink,
  csv: CsvOptions,
  earlier: () => Promise<readonly PartState[]>,
): Sink {
  const { columns, allowEmptyColumns } = csv;
  if (!columns) return sink;
  return {
    format: sink.format,
    async open(position, signal): Promise<OpenSink> {
      const output = await sink.open(position, signal);
      let isFirstPage = true;
      let misspelt: unknown;

      async function refuseMisspelt(): Promise<void> {
        if (misspelt === undefined) return;
        const states = await earlier();
        if (states.every(({ complete, records }) => complete && records === 0)) throw misspelt;
        if (states.some(({ records }) => records > 0)) misspelt = undefined;
      }

      return {
        async write(items) {
          if (isFirstPage && items.length > 0) {
            isFirstPage = false;
            try {
              checkColumns(columns, csvRecords(items, rowModel(csv)), { allowEmptyColumns });
            } catch (error) {
              misspelt = error;
            }
            await refuseMisspelt();
          }
          await output.write(items);
        },
        async save() {
          await refuseMisspelt();
          return output.save();
        },
        finish: () => output.finish(),
        warnings: () => output.warnings?.() ?? [],
        close: () => output.close(),
      };
    },
  };
}
