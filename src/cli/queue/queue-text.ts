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

/** Days for which the table lists complete exports. Redis keeps the complete exports of `--since` and `--days` for longer. */
const LISTED_FOR = 7;

/** Formats the exports of a queue, without old complete ones: an export of each day would hide the others. */
export function recentText(exports: readonly ListedExport[], now: number): string {
  const since = now - LISTED_FOR * 86_400_000;
  const isOld = ({ state, submittedAt = '' }: ListedExport) =>
    state === 'complete' && Date.parse(submittedAt) < since;
  const old = exports.filter(isOld).length;
  const note = `${counted(old, 'complete export')} of more than ${LISTED_FOR} days ago left out; --json lists all\n`;
  return listText(exports.filter((listed) => !isOld(listed))) + (old > 0 ? note : '');
}

function listText(exports: readonly ListedExport[]): string {
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
