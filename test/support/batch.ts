import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Page, PageSource, Sink } from '../../src/batch/index.ts';
import { BatchError, type BatchErrorCode } from '../../src/batch/index.ts';

/** Creates a directory that is removed when the test ends. */
export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'batch-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Returns a source of prepared pages, whose cursors are page numbers. */
export function preparedPages<Item>(
  pages: readonly Omit<Page<Item>, 'next'>[],
  more: Partial<PageSource<Item>> = {},
): PageSource<Item> {
  return {
    name: 'prepared',
    query: null,
    async *read({ from, signal }) {
      for (let number = Number(from ?? 0); number < pages.length; number++) {
        signal.throwIfAborted();
        const next = number + 1 < pages.length ? { next: number + 1 } : {};
        yield { ...(pages[number] as Page<Item>), ...next };
      }
    },
    ...more,
  };
}

/** Returns a sink that keeps records in memory and has no position. */
export function memorySink(): Sink & { readonly records: unknown[] } {
  const records: unknown[] = [];
  return {
    format: 'memory',
    records,
    open: async () => ({
      write: async (items) => void records.push(...items),
      save: async () => undefined,
      finish: async () => {},
      close: async () => {},
    }),
  };
}

/** Expects a run to reject with a BatchError of this code, and returns the error. */
export async function failure(run: Promise<unknown>, code: BatchErrorCode): Promise<BatchError> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BatchError);
  expect((error as BatchError).code).toBe(code);
  return error as BatchError;
}
