/** Exports by cursor into a temporary file and sends the peak memory in MB to the parent. Start this file with `fork`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { cursorSource, exportRecords, jsonLinesFile } from 'axios-oauth-refresh/batch';

const directory = await mkdtemp(join(tmpdir(), 'bench-'));
try {
  await exportRecords({
    api: axios.create({ baseURL: process.argv[2] ?? '' }),
    source: cursorSource({ url: '', items: 'conversations', cursor: 'cursor', parameter: 'cursor' }),
    sink: jsonLinesFile(join(directory, 'out.jsonl')),
  });
} finally {
  await rm(directory, { recursive: true });
}
process.send?.(process.resourceUsage().maxRSS / 1024);
process.disconnect();
