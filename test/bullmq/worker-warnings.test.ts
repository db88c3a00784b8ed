import { expect, it } from 'vitest';
import { workerWarning } from '../../src/bullmq/worker-warnings.ts';

const worker = { id: '1', host: 'one', pid: 1, version: 3, account: 'a', rate: 'none' };
const owner = { version: 3, account: 'a' };

it.each([
  ['no worker', [], owner, /^queue exports has no workers\. Start a worker/],
  ['a worker of the account', [worker], owner, undefined],
  ['a worker, before the account is known', [{ ...worker, account: 'b' }], { version: 3 }, undefined],
  [
    'a worker of the beginning of an account',
    [{ ...worker, account: 'v h a' }],
    { version: 3, account: 'v *' },
    undefined,
  ],
  [
    'only workers of other accounts',
    [
      { ...worker, account: 'b' },
      { ...worker, account: undefined },
      { ...worker, account: 'b' },
    ],
    owner,
    /only workers of other accounts, .* the export has account "a", the workers have account "b", no account\./,
  ],
  [
    'only older workers',
    [{ ...worker, version: 2, host: 'old' }],
    owner,
    /only workers of older versions .*\(on old\)\. Upgrade/,
  ],
  [
    'only older workers and workers of other accounts',
    [
      { ...worker, version: 2 },
      { ...worker, account: 'b' },
    ],
    owner,
    /only workers of other accounts, .*the workers have account "b"\./,
  ],
  ['paused workers and a worker', [{ ...worker, paused: 'disk full' }, worker], owner, undefined],
  [
    'only paused workers of the account',
    [
      { ...worker, paused: 'disk full' },
      { ...worker, host: 'two', paused: 'no network' },
      { ...worker, account: 'b' },
    ],
    owner,
    /^all workers of queue exports that can process this export are paused \(one: disk full, two: no network\)$/,
  ],
  [
    'many paused workers',
    [1, 2, 3, 4, 5].map((number) => ({ ...worker, paused: `reason ${number}` })),
    owner,
    /\(one: reason 1, one: reason 2, one: reason 3 and 2 more\)$/,
  ],
])('warns about %s as expected', (_, workers, export_, expected) => {
  const warning = workerWarning('exports', workers, export_);
  if (expected === undefined) expect(warning).toBe(undefined);
  else expect(warning).toMatch(expected);
});
