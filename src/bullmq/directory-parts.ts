import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BatchError, type Json } from '../batch/index.ts';
import { fileError, openAppendFile, toJsonLine } from '../batch/internal.ts';
import { folderOf, makeFolder } from './part-folder.ts';
import type { PartName, PartStore } from './part-store.ts';

/** A file of one worker: the fence of the worker, and the number of valid bytes. */
type Segment = readonly [fence: string, bytes: number];

/**
 * Returns a store that keeps parts as files in a directory shared by all workers: `<name>.parts/<part>.<fence>.jsonl`. Each worker that
 * claims a part writes its own file, so that workers never write to the same file.
 */
export function directoryParts(directory: string): PartStore {
  const folder = (name: string) => folderOf(directory, name);
  const fileOf = ({ name, part }: PartName, [fence]: Segment) => join(folder(name), `${part}.${fence}.jsonl`);

  return {
    sink: (part) => ({
      format: 'parts',
      async open(position) {
        const before = segmentsOf(position ?? []);
        for (const segment of before) await refuseShort(fileOf(part, segment), segment[1]);
        await makeFolder(folder(part.name));
        const file = await openAppendFile(fileOf(part, [part.fence, 0]), 0);
        return {
          async write(items) {
            await file.append(items.map(toJsonLine).join(''));
          },
          async save() {
            await file.sync();
            const own: Segment[] = file.length > 0 ? [[part.fence, file.length]] : [];
            return [...before, ...own];
          },
          finish: async () => {},
          close: () => file.close(),
        };
      },
    }),
    async *read({ position, ...part }) {
      for (const segment of segmentsOf(position)) yield* readStart(fileOf(part, segment), segment[1]);
    },
    locate: ({ position, ...part }) =>
      segmentsOf(position).map(([fence, bytes]) => ({ file: `${part.part}.${fence}.jsonl`, bytes })),
    remove: (name) => rm(folder(name), { recursive: true, force: true }),
  };
}

/** Checks each fence, because it becomes part of a path and comes from Redis. */
function segmentsOf(position: Json): Segment[] {
  const list: readonly Json[] = Array.isArray(position) ? position : [undefined];
  return list.map((entry) => {
    const [fence, bytes]: readonly unknown[] = Array.isArray(entry) ? entry : [];
    if (typeof fence === 'string' && /^\d{1,20}$/.test(fence) && Number.isSafeInteger(bytes))
      return [fence, Number(bytes)];
    const message =
      'the position of a part in Redis is invalid. Remove the export (removeExport) and submit it again.';
    throw new BatchError(message, 'ERR_CHECKPOINT_DAMAGED', { resumable: false });
  });
}

async function refuseShort(path: string, bytes: number): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw fileError(path, error);
  });
  if ((found?.size ?? 0) < bytes) throw truncated(path, bytes, found?.size);
}

async function* readStart(path: string, bytes: number): AsyncGenerator<Uint8Array> {
  if (bytes === 0) return;
  let read = 0;
  try {
    for await (const chunk of createReadStream(path, { end: bytes - 1, highWaterMark: 1024 * 1024 })) {
      read += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? truncated(path, bytes, undefined)
      : fileError(path, error);
  }
  if (read < bytes) throw truncated(path, bytes, read);
}

function truncated(path: string, expected: number, found: number | undefined): BatchError {
  return new BatchError(
    `${path} ${found === undefined ? 'does not exist' : `has ${found} bytes`}, but a worker has saved ${expected} bytes of it. Check ` +
      'that all workers use the same shared directory. If the file was removed or cut, remove the export (removeExport) and submit it again.',
    'ERR_OUTPUT_SHORT',
  );
}
