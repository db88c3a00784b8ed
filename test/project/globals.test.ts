import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

it.each([
  ['URL.canParse, which jsdom lacks: use parseUrl', /\bcanParse\(/],
  ['TextEncoder, which jsdom lacks: use toUtf8', /\bnew TextEncoder\b/],
  ['the method throwIfAborted, which jsdom lacks: use the function', /\.throwIfAborted\(/],
  ['instanceof for errors of Node, which belong to another realm in Jest: use isError', /instanceof Error\b/],
  ['instanceof Promise, which is false after an application has replaced Promise', /instanceof Promise\b/],
  [
    'named values of axios, which old versions lack: use the default export',
    // Also beside the default import, and over several lines.
    /^import (\w+, )?\{(?=[^}]*\} from 'axios';)([^}]*,)?\s*(?!type |isAxiosError\b)\w+/m,
  ],
])('src does not use %s', (_, pattern) => {
  expect(files.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});
