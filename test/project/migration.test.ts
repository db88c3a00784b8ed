import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeBlocks, readPage } from '../support/doc-pages.ts';
import { createDocProject, type DocProject } from '../support/doc-project.ts';
import type { BlockOutcome } from '../support/run-doc-blocks.ts';

const REQUESTS = 20;
const above = (limit: number) => expect.toSatisfy((count: number) => count > limit, `above ${limit}`);
const below = (limit: number) => expect.toSatisfy((count: number) => count < limit, `below ${limit}`);

let project: DocProject;
beforeAll(() => {
  project = createDocProject();
});
afterAll(() => project.remove());

/** Runs the code below two headings of a guide. */
async function runGuide(name: string, { storm }: { storm: boolean }) {
  const blocks = codeBlocks(readPage(`docs/migration/${name}.md`));
  const files = ['Before', 'After'].map((heading) => {
    const block = blocks.find(({ headings, language }) => headings.includes(heading) && language === 'js');
    if (!block) throw new Error(`docs/migration/${name}.md has no code below "${heading}"`);
    return project.add(block);
  });
  // One process each: the Genesys SDK is one object for the whole process.
  const [before, after] = await Promise.all(
    files.map(async (file) => (await project.run([file], { storm })).get(file) as BlockOutcome),
  );
  return { before, after };
}

describe('the migration guides, when 20 requests are in flight with a revoked token', () => {
  it.each([
    // A 401 that arrives during a refresh is passed on as an error.
    ['axios-auth-refresh', { succeeded: below(REQUESTS / 2), fetches: above(1) }],
    ['own-interceptor', { succeeded: REQUESTS, fetches: REQUESTS }],
    // A 401 that arrives after the first refresh causes another one.
    ['failed-queue', { succeeded: REQUESTS, fetches: above(1) }],
    ['genesys-sdk', { succeeded: 0, fetches: 0 }],
  ])(
    '%s: the code before has the described weakness, the code after fetches one token',
    async (name, weakness) => {
      const { before, after } = await runGuide(name, { storm: true });
      expect(before).toMatchObject({ storm: weakness });
      expect(after).toMatchObject({ storm: { succeeded: REQUESTS, fetches: 1 } });
    },
    60_000,
  );
});

describe('the migration guide from 0.1', () => {
  it('shows a store that is refused with advice, and the store that works', async () => {
    const { before, after } = await runGuide('from-0.1', { storm: false });
    expect(before?.error).toMatch(/^ConfigurationError: .*sharedStore/);
    expect(after).not.toHaveProperty('error');
  });
});
