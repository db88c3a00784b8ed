import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { entryPoints } from '../../.ci/entry-points.mjs';
import { describeWithRedis, useRedis } from '../support/redis.ts';

const root = resolve(import.meta.dirname, '../..');
let project: string;

/** Creates an application with Jest, this package and its peers. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'jest-'));
  const modules = join(project, 'node_modules');
  writeFileSync(join(project, 'package.json'), '{"private":true}');
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  execFileSync('npm', ['install', ...flags, 'jest@29', 'jest-environment-jsdom@29'], {
    cwd: project,
    stdio: 'ignore',
  });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!existsSync(join(modules, name))) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const part of ['dist', 'package.json']) {
    cpSync(join(root, part), join(modules, 'axios-oauth-refresh', part), { recursive: true });
  }
  copyFileSync(join(import.meta.dirname, 'jest/entries.js'), join(project, 'entries.test.js'));
});

describeWithRedis('the package under Jest in CommonJS mode', () => {
  const redis = useRedis();

  it.each([
    ['node', 'http', {}],
    ['jsdom', 'xhr', {}],
    // As applications with msw configure it.
    ['jsdom', 'http', { customExportConditions: ['node'] }],
  ])(
    'works in the environment %s with the %s adapter',
    (testEnvironment, adapter, testEnvironmentOptions) => {
      const settings = { adapter, redisUrl: redis.url, entries: entryPoints().map(({ name }) => name) };
      const config = { testEnvironment, testEnvironmentOptions, transform: {}, globals: { settings } };
      const { status, stderr } = spawnSync(
        process.execPath,
        [join(project, 'node_modules/jest/bin/jest.js'), '--config', JSON.stringify(config)],
        { cwd: project, encoding: 'utf8' },
      );
      expect(status, stderr).toBe(0);
    },
  );
});
