import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { splitInterval, submitExport } from '../../src/bullmq/index.ts';
import { chooseVendor } from '../../src/cli/choose-vendor.ts';
import { accountOf, accountOfSubmitter } from '../../src/cli/queue/account.ts';
import { sourceFromQueue } from '../../src/cli/sources.ts';
import type { VendorName } from '../../src/cli/variables.ts';
import { describeWithRedis, useRedis } from '../support/redis.ts';
import { startSimulator } from '../support/simulated.ts';
import { useQueue } from './queue-support.ts';
import { cxoneEnv, genesysEnv, run, truth } from './support.ts';

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
const digest = createHash('sha256').update('client').digest('hex').slice(0, 16);
const GENESYS = { GENESYS_CLIENT_ID: 'client', GENESYS_CLIENT_SECRET: 'secret' };
const CXONE = { CXONE_CLIENT_ID: 'client', CXONE_CLIENT_SECRET: 'secret' };
const KEYS = { ...CXONE, CXONE_ACCESS_KEY_ID: 'key', CXONE_ACCESS_KEY_SECRET: 'secret' };

describe('the account of the command', () => {
  it.each<[string, VendorName, Record<string, string>, string, string, string]>([
    [
      'a region of Genesys Cloud',
      'genesys',
      { ...GENESYS, GENESYS_REGION: 'eu-central-1' },
      'opaque',
      `Genesys Cloud login.mypurecloud.de ${digest}`,
      `Genesys Cloud login.mypurecloud.de ${digest}`,
    ],
    [
      'the API URL of a region',
      'genesys',
      { ...GENESYS, GENESYS_ENV_URL: 'https://api.mypurecloud.de/' },
      'opaque',
      `Genesys Cloud login.mypurecloud.de ${digest}`,
      `Genesys Cloud login.mypurecloud.de ${digest}`,
    ],
    [
      'a gateway, with user information',
      'genesys',
      { ...GENESYS, GENESYS_ENV_URL: 'http://127.0.0.1:8080/' },
      jwt({ tenantId: 'other' }),
      `Genesys Cloud 127.0.0.1:8080 ${digest}`,
      `Genesys Cloud 127.0.0.1:8080 ${digest}`,
    ],
    [
      'access keys of NICE CXone',
      'cxone',
      KEYS,
      jwt({ tenantId: '11eb5a50' }),
      'NICE CXone cxone.niceincontact.com 11eb5a50',
      'NICE CXone cxone.niceincontact.com *',
    ],
    [
      'access keys of another issuer',
      'cxone',
      { ...KEYS, CXONE_ISSUER: 'https://cxone-gov.niceincontact.com' },
      jwt({ tenantId: '11eb5a50' }),
      'NICE CXone cxone-gov.niceincontact.com 11eb5a50',
      'NICE CXone cxone-gov.niceincontact.com *',
    ],
    [
      'client credentials of NICE CXone',
      'cxone',
      { ...CXONE, CXONE_ENV_URL: 'https://api-na1.niceincontact.com' },
      'opaque',
      `NICE CXone api-na1.niceincontact.com ${digest}`,
      'NICE CXone api-na1.niceincontact.com *',
    ],
  ])(
    'for %s names the vendor, the login host and the organisation',
    (_, name, env, token, worker, submitter) => {
      const { vendor } = chooseVendor(env, name);
      expect(accountOf(name, vendor, token)).toBe(worker);
      expect(accountOfSubmitter(env, name)).toBe(submitter);
      expect(worker).not.toMatch(/\bclient\b|secret/);
    },
  );

  it.each<[string, VendorName, Record<string, string>, string]>([
    ['no credentials', 'genesys', {}, 'Genesys Cloud *'],
    ['no credentials', 'cxone', {}, 'NICE CXone *'],
    ['credentials of another vendor', 'genesys', KEYS, 'Genesys Cloud *'],
    ['incomplete credentials', 'genesys', { GENESYS_CLIENT_ID: 'client' }, 'Genesys Cloud *'],
    ['an invalid region', 'genesys', { ...GENESYS, GENESYS_REGION: 'nowhere' }, 'Genesys Cloud *'],
  ])('of a submitter with %s (%s) is any account of the vendor', (_, name, env, account) => {
    expect(accountOfSubmitter(env, name)).toBe(account);
  });
});

describe('an export in a queue', () => {
  const interval = '2023-10-01T00:00Z/2023-10-02T00:00Z';

  it.each([
    [
      'genesys-conversations',
      { newer: 1 },
      /unknown option newer.*; run the same version of axios-oauth-refresh on all hosts/,
    ],
    ['genesys-conversation-jobs', { newer: 1 }, /unknown option newer.*; run the same version/],
    ['cxone-completed-contacts', { newer: 1 }, /unknown option newer.*; run the same version/],
    ['genesys-conversations', { interval: '2020-01-01/2020-01-02' }, /unknown option interval/],
    ['genesys-conversations', { clock: {} }, /unknown option clock/],
    ['cxone-completed-contacts', { startDate: '2020-01-01' }, /unknown option startDate/],
    ['cxone-completed-contacts', { endDate: '2020-01-01' }, /unknown option endDate/],
    ['genesys-conversations', { query: { interval } }, /query\.interval is set by the source/],
    ['of-a-later-version', {}, /unknown source "of-a-later-version"; run the same version/],
    ['toString', {}, /unknown source "toString"/],
    ['genesys-conversations', [], /options are missing/],
    ['genesys-conversations', null, /options are missing/],
  ])('with the source %s and the options %j is refused', (source, options, message) => {
    expect(() => sourceFromQueue({ source, options }, interval)).toThrow(message);
  });

  it('with startedWithin counts the records of other parts as outside', () => {
    const common = { source: 'genesys-conversations', options: {} };
    const { isOutside } = sourceFromQueue({ ...common, startedWithin: true }, interval);
    const [start = ''] = interval.split('/');
    const began = (time: number) => ({ conversationStart: new Date(time).toISOString() });
    expect(isOutside?.(began(Date.parse(start)))).toBe(false);
    expect(isOutside?.(began(Date.parse(start) - 1))).toBe(true);
    expect(sourceFromQueue(common, interval).isOutside).toBeUndefined();
    expect(() => sourceFromQueue({ ...common, startedWithin: 'yes' }, interval)).toThrow(
      'startedWithin must be',
    );
  });

  it('with an unknown member beside the source is refused', () => {
    const common = { source: 'genesys-conversations', options: {}, newer: 1 };
    expect(() => sourceFromQueue(common, interval)).toThrow(/unknown option newer.*; run the same version/);
    expect(() => sourceFromQueue(null, interval)).toThrow(/unknown source undefined/);
  });
});

describeWithRedis('workers of two organisations in one queue', () => {
  const redis = useRedis();
  const { place, worker, exporting, content } = useQueue(redis);

  it('write records of one organisation only', async () => {
    const [one, other] = await Promise.all([1, 2].map((seed) => startSimulator({ seed, records: 300 })));
    if (!one || !other) throw new Error('no simulator');
    const workers = [worker(genesysEnv(one)), worker(genesysEnv(other))];
    expect((await run(exporting(one, 'c.jsonl'), {})).code).toBe(0);
    expect([truth(one), truth(other)]).toContain(await content('c.jsonl'));
    // With credentials, the submitter decides.
    expect((await run(exporting(one, 'other.jsonl'), genesysEnv(other))).code).toBe(0);
    expect(await content('other.jsonl')).toBe(truth(other));
    const logs = workers.map(({ stderr }) => stderr.text).join('');
    expect(logs).toMatch(
      /: left-alone: the export has account "Genesys Cloud 127\.0\.0\.1:\d+ [0-9a-f]{16}", and this worker has account/,
    );
    expect(logs).not.toContain(one.clientId);
  });

  it('leave an export of another vendor alone, whoever submitted it', async () => {
    const simulator = await startSimulator({ records: 300 });
    const foreign = worker(cxoneEnv(simulator));
    const [, url = '', , queue = ''] = place.queue;
    // A program that names no account.
    const handle = await submitExport({
      connection: url,
      queue,
      name: 'program',
      parts: splitInterval(simulator.interval, 3),
      common: { source: 'genesys-conversations', options: {} },
      output: 'program.jsonl',
    });
    onTestFinished(() => handle.close());
    await expect.poll(() => foreign.stderr.text).toContain('the export needs credentials of genesys');
    const exported = run(exporting(simulator, 'c.jsonl'), {});
    await expect.poll(() => foreign.stderr.text).toContain('c.jsonl: left-alone');
    worker(genesysEnv(simulator));
    expect((await exported).code).toBe(0);
    await handle.finished({ pollInterval: 50 });
    expect(await content('c.jsonl')).toBe(truth(simulator));
    expect(await content('program.jsonl')).toBe(truth(simulator));
  });

  it('refuses another rate than that of the other workers with exit code 2', async () => {
    const simulator = await startSimulator({ records: 300 });
    const first = worker(genesysEnv(simulator), '--rate', '300/min');
    await expect.poll(() => first.stderr.text).toContain('worker:');
    const { code, stderr } = await worker(genesysEnv(simulator), '--rate', '5/min').ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /rate: this worker on \S+ has the rate 5\/min, but a worker on \S+ has 300\/min\./,
    );
  });
});
