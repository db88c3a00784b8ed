import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';

const ARCHIVE = resolve(import.meta.dirname, '../fixtures/axios-oauth-refresh-0.1.0.tar.gz');
const PACKAGES = resolve(import.meta.dirname, '../../node_modules');

/** Unpacks version 0.1.0 of this package until the tests of the file end. @returns the directory of its modules. */
export function unpackVersion01(): string {
  const directory = mkdtempSync(join(tmpdir(), 'version-0.1-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(directory, { recursive: true });
  execFileSync('tar', ['-xzf', ARCHIVE, '-C', directory]);
  symlinkSync(PACKAGES, join(directory, 'node_modules'));
  return join(directory, 'package', 'dist');
}
