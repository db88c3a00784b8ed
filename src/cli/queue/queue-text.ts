import type { ListedExport, ShownExport } from '../../bullmq/index.ts';
import { printable } from '../../core/internal.ts';
import { counted } from '../reporter/words.ts';

type Row = readonly (string | number | undefined)[];

/** Formats rows as columns, the first row as their heads. */
function table(rows: readonly Row[]): string {
  const texts = rows.map((row) => row.map((value) => printable(String(value ?? '-'))));
  const widths = (texts[0] ?? []).map((_, column) =>
    Math.max(...texts.map((row) => row[column]?.length ?? 0)),
  );
  return texts
    .map(
      (row) =>
        `${row
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

export function listText(exports: readonly ListedExport[]): string {
  const heads = ['name', 'state', 'parts', 'records', 'account', 'priority', 'submitted'];
  return table([
    heads,
    ...exports.map(({ name, state, parts, partsComplete, records, account, priority, submittedAt }) => [
      name,
      state,
      `${partsComplete}/${parts}`,
      records,
      account,
      priority,
      submittedAt,
    ]),
  ]);
}

export function showText(shown: ShownExport): string {
  const { unfinished, workers, output, manifest, warnings, failure } = shown;
  const lines = [
    output !== undefined && `output: ${output}`,
    manifest !== undefined && `manifest: ${manifest}`,
    failure !== undefined && `failure: ${failure}`,
    ...warnings.map((warning) => `warning: ${warning}`),
  ].filter((line) => typeof line === 'string');
  const sections = [listText([shown]) + lines.map((line) => `${printable(line)}\n`).join('')];
  if (unfinished.length > 0) {
    const rows = unfinished.map(({ part, state, records, host, failures, lastError }) => [
      part,
      state,
      records,
      host,
      failures,
      lastError,
    ]);
    sections.push(table([['part', 'state', 'records', 'host', 'failures', 'last error'], ...rows]));
  }
  const rows = workers.map(({ host, pid, account, version, rate, paused }) => [
    host,
    pid,
    account,
    version,
    rate,
    paused,
  ]);
  sections.push(
    rows.length === 0
      ? `${counted(0, 'worker')}\n`
      : table([['worker', 'pid', 'account', 'version', 'rate', 'paused'], ...rows]),
  );
  return sections.join('\n');
}
