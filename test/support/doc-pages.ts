import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** A page of the documentation. */
export interface DocPage {
  /** Relative to the project, such as `docs/cli.md`. */
  path: string;
  text: string;
}

/** A fenced code block of a page. */
export interface DocBlock {
  /** Such as `docs/cli.md:21`, for failure messages. */
  place: string;
  page: string;
  /** The headings above the block, from the page's title down. */
  headings: string[];
  language: string;
  code: string;
}

/** Reads the pages that are written by hand: README.md, its neighbours, and everything below docs except the reference. */
export function readPages(): DocPage[] {
  const neighbours = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('reference'))
    .sort()
    .map((name) => join('docs', name));
  return [...neighbours.filter((name) => existsSync(join(ROOT, name))), ...docs].map(readPage);
}

export function readPage(path: string): DocPage {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') };
}

/** Lists the code blocks of a page, also those inside list items. */
export function codeBlocks({ path, text }: DocPage): DocBlock[] {
  const blocks: DocBlock[] = [];
  const headings: string[] = [];
  let open: { block: DocBlock; indent: string; fence: string } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (open) {
      if (line.trim() === open.fence) open = undefined;
      else open.block.code += `${line.startsWith(open.indent) ? line.slice(open.indent.length) : line}\n`;
      continue;
    }
    const [, indent = '', fence, language = ''] = /^(\s*)(`{3,})(\w*)/.exec(line) ?? [];
    const [, level, title = ''] = /^(#+) (.*)/.exec(line) ?? [];
    if (fence !== undefined) {
      const block = {
        place: `${path}:${index + 1}`,
        page: path,
        headings: [...headings],
        language,
        code: '',
      };
      blocks.push(block);
      open = { block, indent, fence };
    } else if (level !== undefined) headings.splice(level.length - 1, headings.length, title);
  }
  return blocks;
}

/** Replaces code blocks and inline code by spaces, line by line, so that only prose is left. */
export function withoutCode(text: string): string {
  const blank = (code: string) => code.replace(/[^\n]/g, ' ');
  return text.replace(/^(\s*)(`{3,})[\s\S]*?^\s*\2$/gm, blank).replace(/`[^`\n]+`/g, blank);
}

/** Lists the anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  const prose = text.replace(/^(\s*)(`{3,})[\s\S]*?^\s*\2$/gm, '');
  for (const [, title = ''] of prose.matchAll(/^#+ (.*)$/gm)) {
    const slug = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/\\/g, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  for (const [, name = ''] of prose.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(name);
  return anchors;
}
