import { describe, expect, it } from 'vitest';
import { endingProblem, fileSink, formatOf, OUTPUT_FORMATS } from '../../../src/batch/sinks/formats.ts';

describe('formatOf', () => {
  it.each([
    ['out', 'jsonl'],
    ['out.jsonl', 'jsonl'],
    ['out.json', 'jsonl'],
    ['out.ndjson', 'jsonl'],
    ['out.csv', 'csv'],
    ['OUT.CSV', 'csv'],
    ['out.gz', 'jsonl.gz'],
    ['out.jsonl.gz', 'jsonl.gz'],
    ['out.json.gz', 'jsonl.gz'],
    ['out.ndjson.gz', 'jsonl.gz'],
    ['out.csv.gz', 'csv.gz'],
    ['Out.Csv.GZ', 'csv.gz'],
    // Only the last ending counts.
    ['people.csv.rejects.jsonl', 'jsonl'],
    ['a.parquet.csv', 'csv'],
    // Directories and leading dots have no ending.
    ['exports.parquet/out', 'jsonl'],
    ['./exports.v2/out.csv', 'csv'],
    ['../out', 'jsonl'],
    ['.hidden', 'jsonl'],
    ['.csv', 'jsonl'],
    ['.gz', 'jsonl'],
    ['dir.tsv/.hidden.csv', 'csv'],
    // An ending begins with a letter and has at most eight letters or digits.
    ['conversations.2026-01-01', 'jsonl'],
    ['conversations.2026-01-01.gz', 'jsonl.gz'],
    ['conversations.2026', 'jsonl'],
    ['calls.of_january', 'jsonl'],
    ['calls.conversations', 'jsonl'],
    ['january.', 'jsonl'],
    ['/dev/null', 'jsonl'],
    ['-', 'jsonl'],
    ['', 'jsonl'],
  ])('returns for %j the format %s', (path, format) => {
    expect(formatOf(path)).toBe(format);
    expect(endingProblem(path, '--format')).toBeUndefined();
  });

  it.each([
    ['out.parquet', '.parquet'],
    ['out.xlsx', '.xlsx'],
    ['out.tsv', '.tsv'],
    ['out.txt', '.txt'],
    ['out.tsv.gz', '.tsv.gz'],
    ['out.csv.zip', '.zip'],
    ['out.gz.gz', '.gz.gz'],
    ['out.v2', '.v2'],
    ['dir.csv/out.MP3', '.mp3'],
  ])('refuses %j with a message that lists the formats', (path, ending) => {
    expect(formatOf(path)).toBeUndefined();
    const problem = endingProblem(path, '--format');
    expect(problem).toContain(`the ending ${ending} of `);
    for (const known of ['.jsonl, .json, .ndjson, .csv', '.gz', '--format', ...OUTPUT_FORMATS]) {
      expect(problem).toContain(known);
    }
  });
});

it('fileSink has a sink for every format', () => {
  const sinks = OUTPUT_FORMATS.map((format) => fileSink('out', format, { columns: ['id'] }));
  expect(sinks.map(({ format }) => Object(format).name ?? format)).toEqual(OUTPUT_FORMATS);
});
