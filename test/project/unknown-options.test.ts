import axios from 'axios';
import { describe, expect, it } from 'vitest';
import * as batch from '../../src/batch/index.ts';
import * as queue from '../../src/bullmq/index.ts';
import { ConfigurationError } from '../../src/core/index.ts';
import {
  attachAuthRefresh,
  clientCredentialsGrant,
  createTokenManager,
  oauth2Vendor,
  passwordGrant,
  refreshTokenGrant,
} from '../../src/index.ts';
import { fileStore } from '../../src/stores/file/index.ts';
import { redisRate, redisStore } from '../../src/stores/redis/index.ts';
import { startVendorSimulator } from '../../src/testing/index.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { niceCxone } from '../../src/vendors/nice-cxone.ts';

const vendor = oauth2Vendor({ tokenEndpoint: 'https://login.example/token', clientId: 'c' });

// Each function with a misspelt option, and the option that was meant.
const CALLS: [name: string, meant: string, call: (wrong: never) => unknown][] = [
  ['attachAuthRefresh', 'maxReplays', (wrong) => attachAuthRefresh(axios.create(), wrong)],
  ['attachAuthRefresh', 'tokenTimeout', (wrong) => attachAuthRefresh(axios.create(), wrong)],
  ['createTokenManager', 'refreshBuffer', (wrong) => createTokenManager(wrong)],
  ['oauth2Vendor', 'tokenEndpoint', (wrong) => oauth2Vendor(wrong)],
  ['genesysCloud', 'clientSecret', (wrong) => genesysCloud(wrong)],
  ['niceCxone', 'accessKeyId', (wrong) => niceCxone(wrong)],
  ['clientCredentialsGrant', 'clientAuthentication', (wrong) => clientCredentialsGrant(wrong)],
  ['passwordGrant', 'username', (wrong) => passwordGrant(wrong)],
  ['refreshTokenGrant', 'refreshToken', (wrong) => refreshTokenGrant(wrong)],
  ['redisRate', 'interval', (wrong) => redisRate(wrong)],
  ['fileStore', 'directory', (wrong) => fileStore(wrong)],
  ['redisStore', 'lockExpiry', (wrong) => redisStore(wrong)],
  ['exportRecords', 'checkpointInterval', (wrong) => batch.exportRecords(wrong)],
  ['importRecords', 'concurrency', (wrong) => batch.importRecords(wrong)],
  ['importRecords', 'maxRejects', (wrong) => batch.importRecords(wrong)],
  ['checkImport', 'batchRecords', (wrong) => batch.checkImport(wrong)],
  ['csvFile', 'delimiter', (wrong) => batch.csvFile('x', wrong)],
  ['gzipCsvFile', 'memberSize', (wrong) => batch.gzipCsvFile('x', wrong)],
  ['gzipJsonLinesFile', 'memberSize', (wrong) => batch.gzipJsonLinesFile('x', wrong)],
  ['csvInput', 'delimiter', (wrong) => batch.csvInput('x', wrong)],
  ['jsonLinesInput', 'maxLineBytes', (wrong) => batch.jsonLinesInput('x', wrong)],
  ['genesysContactList', 'idField', (wrong) => batch.genesysContactList(wrong)],
  ['genesysExternalContacts', 'keepsIds', (wrong) => batch.genesysExternalContacts(wrong)],
  ['requestTarget', 'recordsAt', (wrong) => batch.requestTarget(wrong)],
  ['requestTarget', 'idempotent', (wrong) => batch.requestTarget(wrong)],
  ['requestTarget', 'resultSuccess', (wrong) => batch.requestTarget(wrong)],
  ['genesysConversations', 'interval', (wrong) => batch.genesysConversations(wrong)],
  ['genesysConversationJobs', 'maxPollDelay', (wrong) => batch.genesysConversationJobs(wrong)],
  ['genesysConversationsTutorial', 'dateFrom', (wrong) => batch.genesysConversationsTutorial(wrong)],
  ['cxoneCompletedContacts', 'startDate', (wrong) => batch.cxoneCompletedContacts(wrong)],
  ['cxoneDataExtraction', 'entityName', (wrong) => batch.cxoneDataExtraction(wrong)],
  ['pageNumberSource', 'sizeParameter', (wrong) => batch.pageNumberSource(wrong)],
  ['pageNumberSource', 'secretParams', (wrong) => batch.pageNumberSource(wrong)],
  ['pageNumberSource', 'exactNumbers', (wrong) => batch.pageNumberSource(wrong)],
  ['offsetSource', 'firstOffset', (wrong) => batch.offsetSource(wrong)],
  ['offsetSource', 'skipParameter', (wrong) => batch.offsetSource(wrong)],
  ['cursorSource', 'parameter', (wrong) => batch.cursorSource(wrong)],
  ['jobSource', 'maxPollDelay', (wrong) => batch.jobSource(wrong)],
  ['childrenSource', 'parentField', (wrong) => batch.childrenSource(wrong)],
  ['genesysResource', 'totalTolerance', (wrong) => batch.genesysResource('users', wrong)],
  ['cxoneResource', 'secretParams', (wrong) => batch.cxoneResource('agents', wrong)],
  ['linkSource', 'nextPath', (wrong) => batch.linkSource(wrong)],
  ['linkSource', 'totalTolerance', (wrong) => batch.linkSource(wrong)],
  ['sliceSource', 'interval', (wrong) => batch.sliceSource(wrong)],
  ['resolveInterval', 'timeZone', (wrong) => batch.resolveInterval('yesterday', wrong)],
  ['listDays', 'timeZone', (wrong) => batch.listDays('yesterday', wrong)],
  ['submitExport', 'retryDelay', (wrong) => queue.submitExport(wrong)],
  ['startExportWorker', 'takeover', (wrong) => queue.startExportWorker(wrong)],
  ['sharedRate', 'requests', (wrong) => queue.sharedRate(wrong)],
  ['removeExport', 'connection', (wrong) => queue.removeExport(wrong)],
  ['listExports', 'connection', (wrong) => queue.listExports(wrong)],
  ['showExport', 'connection', (wrong) => queue.showExport(wrong)],
  ['cancelExport', 'connection', (wrong) => queue.cancelExport(wrong)],
  ['pauseQueue', 'connection', (wrong) => queue.pauseQueue(wrong)],
  ['resumeQueue', 'connection', (wrong) => queue.resumeQueue(wrong)],
  ['startVendorSimulator', 'tokenLifetime', (wrong) => startVendorSimulator(wrong)],
];

async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return expect.fail('accepted the misspelt option');
}

describe('a misspelt option', () => {
  it.each(CALLS)('%s: names the unknown option and %s', async (_, meant, call) => {
    const wrong = `${meant.slice(0, 2)}${meant.slice(3)}`;
    const error = await errorOf(() => call({ vendor, [wrong]: 1 } as never));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain(`unknown option ${wrong}; did you mean ${meant}?`);
  });

  it.each([
    [{ idempotant: true }, 'unknown option idempotant; did you mean idempotent?'],
    [{ deadline: -1 }, 'deadline must be a number >= 0'],
    [{ body: 'text' }, 'body must be a function'],
    [{ refresh: 'no' }, 'refresh must be a boolean'],
  ])('authRefresh of a request, %j: rejects the request without sending it', async (authRefresh, problem) => {
    const api = axios.create({ baseURL: 'https://api.example', adapter: () => expect.fail('was sent') });
    attachAuthRefresh(api, { vendor });
    const error = await api.get('/data', { authRefresh: authRefresh as never }).catch((reason) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(problem);
  });

  it.each([
    ['rate', { request: 1 }, 'rate.request; did you mean requests?'],
    ['authorizationHeader', { schema: '' }, 'authorizationHeader.schema; did you mean scheme?'],
  ])('names the option of %s', async (name, value, expected) => {
    const error = await errorOf(() => attachAuthRefresh(axios.create(), { vendor, [name]: value } as never));
    expect((error as Error).message).toContain(`unknown option ${expected}`);
  });

  it('names the option of the retry', async () => {
    const options = { vendor, retry: { retry: 1 } } as never;
    const error = await errorOf(() => attachAuthRefresh(axios.create(), options));
    expect((error as Error).message).toContain('unknown option retry.retry; did you mean retries?');
  });
});
