import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../cli/support.ts';
import {
  anchorsOf,
  codeBlocks,
  type DocBlock,
  ROOT,
  readPage,
  readPages,
  withoutCode,
} from '../support/doc-pages.ts';
import { createDocProject, type DocProject } from '../support/doc-project.ts';

const pages = readPages();
const blocks = pages.flatMap(codeBlocks);
const code = blocks.filter(({ language }) => language === 'js' || language === 'ts');
const isMigration = ({ page }: DocBlock) => page.startsWith('docs/migration/');

/** Names that a block may use without declaring them: it is then a fragment, which is checked and not run. */
const CONTEXT = `
import type { AxiosInstance } from 'axios';
import type { TokenManager, Vendor } from 'axios-oauth-refresh';
import type { PageSource, Sink } from 'axios-oauth-refresh/batch';
import { startVendorSimulator as start, type VendorSimulator } from 'axios-oauth-refresh/testing';
declare global {
  const api: AxiosInstance;
  const tokens: TokenManager;
  const vendor: Vendor;
  const source: PageSource;
  const sink: Sink;
  const sim: VendorSimulator;
  const startVendorSimulator: typeof start;
}`;

/** Blocks that are checked and not run, by what is in them. */
const NOT_RUN: readonly [pattern: RegExp, reason: string][] = [
  [/rediss?:\/\/|REDIS_URL|axios-oauth-refresh\/bullmq/, 'it needs a Redis'],
  [/'node:test'/, 'it is a test file for the reader to run'],
  [/from '\.\.?\//, "it imports the reader's own file"],
];

/** Tells whether a block shows code that the current version refuses. */
const isRefused = ({ page, headings }: DocBlock) =>
  page === 'docs/migration/from-0.1.md' && headings.includes('Before');

let project: DocProject;
const files = new Map<DocBlock, string>();
let checked: { errors: string[]; fragments: Set<DocBlock> };

beforeAll(() => {
  project = createDocProject();
  for (const block of code) files.set(block, project.add(block));
  checked = typeCheck();
});
afterAll(() => project.remove());

describe('code blocks of the documentation', () => {
  it('type-check', () => {
    expect(checked.errors.join('\n')).toBe('');
  });

  it('run', async () => {
    const { fragments } = checked;
    const runnable = code.filter(
      (block) =>
        // test/project/migration.test.ts runs those of the migration guides.
        !isMigration(block) &&
        !fragments.has(block) &&
        !NOT_RUN.some(([pattern]) => pattern.test(block.code)),
    );
    const outcomes = await project.run(runnable.map((block) => files.get(block) ?? ''));
    const failures = runnable.flatMap((block) => {
      const { error } = outcomes.get(files.get(block) ?? '') ?? {};
      return error === undefined ? [] : [`${block.place}: ${error}`];
    });
    expect(failures.join('\n')).toBe('');
  });

  it('use commands, flags and scripts that exist', async () => {
    const scripts = JSON.parse(readPage('package.json').text).scripts;
    const problems: string[] = [];
    for (const { place, language, code } of blocks) {
      if (!['sh', 'bash', 'shell', 'console'].includes(language)) continue;
      const lines = code.replace(/\\\n/g, ' ');
      for (const [, script = ''] of lines.matchAll(/\bnpm run (?:--?\w+ )*([\w:-]+)/g)) {
        if (!scripts[script]) problems.push(`${place}: the script ${script} does not exist`);
      }
      for (const [, text = ''] of lines.matchAll(/(?<!install )\baxios-oauth-refresh ([^;|#\n]*)/g)) {
        problems.push(...(await commandProblems(text)).map((problem) => `${place}: ${problem}`));
      }
    }
    expect(problems.join('\n')).toBe('');
  });
});

describe('links of the documentation', () => {
  it('lead to files and headings that exist', () => {
    const problems = pages.flatMap(({ path, text }) =>
      [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(({ 1: link = '', index }) => {
        if (/^[a-z]+:/.test(link)) return [];
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : normalize(join(dirname(path), file));
        const place = `${path}:${text.slice(0, index).split('\n').length}`;
        if (!existsSync(join(ROOT, target))) return [`${place}: ${link}: the file does not exist`];
        if (anchor === undefined || statSync(join(ROOT, target)).isDirectory()) return [];
        return anchorsOf(readPage(target).text).has(anchor)
          ? []
          : [`${place}: ${link}: the heading does not exist`];
      }),
    );
    expect(problems.join('\n')).toBe('');
  });
});

describe('README.md', () => {
  const { text } = readPage('README.md');

  it('has at most 250 lines', () => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(250);
  });

  it('reaches its first code within 60 words', () => {
    const words = text.slice(0, text.indexOf('```')).match(/[\p{L}\p{N}][^\s]*/gu) ?? [];
    expect(words.length).toBeLessThanOrEqual(60);
  });
});

/** Checks all blocks as one program. */
function typeCheck(): typeof checked {
  const context = join(project.directory, 'context.d.mts');
  writeFileSync(context, CONTEXT);
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  // Readers of JavaScript blocks have no types to give.
  Object.assign(options, { allowJs: true, checkJs: true, noImplicitAny: false });
  // The CommonJS types of axios do not fit its ESM types, and packages without ESM types refer to the former.
  options.paths = { axios: [join(ROOT, 'node_modules/axios/index.d.ts')] };
  const program = ts.createProgram([context, ...files.values()], options);
  const checker = program.getTypeChecker();
  const errors: string[] = [];
  const fragments = new Set<DocBlock>();
  for (const [block, file] of files) {
    const source = program.getSourceFile(file);
    if (!source) throw new Error(`${block.place} is not part of the program`);
    if (usesContext(source, checker, context)) fragments.add(block);
    if (isRefused(block)) continue;
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    for (const { start = 0, messageText, code } of found) {
      const message = ts.flattenDiagnosticMessageText(messageText, '\n');
      // A file of the reader's, such as './my-store.js'.
      if (code === 2307 && message.includes("'./")) continue;
      const [page, line] = block.place.split(':');
      const at = Number(line) + 1 + source.getLineAndCharacterOfPosition(start).line;
      errors.push(`${page}:${at}: ${message}`);
    }
  }
  return { errors, fragments };
}

/** Tells whether a block uses a name that only CONTEXT declares. */
function usesContext(source: ts.SourceFile, checker: ts.TypeChecker, context: string): boolean {
  const visit = (node: ts.Node): boolean => {
    const declarations = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node)?.declarations : undefined;
    return (
      declarations?.some((declaration) => declaration.getSourceFile().fileName === context) ||
      ts.forEachChild(node, (child) => visit(child) || undefined) === true
    );
  };
  return visit(source);
}

/** Finds what is wrong with the arguments of the command, by the help of the subcommand. */
async function commandProblems(text: string): Promise<string[]> {
  const words = text.trim().split(/\s+/);
  const flags = words.filter((word) => /^--?[a-z]/.test(word)).map((flag) => flag.replace(/=.*/, ''));
  const firstFlag = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  const path = firstFlag === -1 ? words : words.slice(0, firstFlag);
  const { stdout: help } = await run([...path, '--help'], {});
  const [, command = '', after = ''] = /^Usage: axios-oauth-refresh ([a-z -]*[a-z])(.*)$/m.exec(help) ?? [];
  const values = path.slice(command.split(' ').length);
  const isKnown = values.every(
    (value) => after.includes('[resource]') && new RegExp(`\\b${value}\\b`).test(help),
  );
  if (!path.join(' ').startsWith(command) || !isKnown)
    return [`the command ${path.join(' ')} does not exist`];
  return flags
    .filter((flag) => !new RegExp(`(?<![\\w-])${flag}(?![\\w-])`).test(help))
    .map((flag) => `${path.join(' ')} has no flag ${flag}`);
}
