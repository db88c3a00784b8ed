import { describe, expect, it } from 'vitest';
import {
  type GenesysConversationsTutorialOptions,
  genesysConversationsTutorial,
} from '../../../src/batch/index.ts';
import { genesysCloud } from '../../../src/vendors/genesys-cloud.ts';
import { failure } from '../../support/batch.ts';
import { exportAll, exportInRuns, startApi } from '../../support/exporting.ts';
import { attached, startSimulator } from '../../support/simulated.ts';

const DATES = { dateFrom: '2023-10-01T00:00:00.000Z', dateTo: '2023-10-08T00:00:00.000Z' };

async function setUp(records: number) {
  const simulator = await startSimulator({ records, revokeEvery: 3 });
  const { url, clientId, clientSecret } = simulator;
  return { simulator, api: attached(genesysCloud({ envUrl: url, clientId, clientSecret })) };
}

describe('genesysConversationsTutorial', () => {
  it.each([0, 50, 51, 420])('writes %i records once, in order, for any interruptions', async (count) => {
    const { simulator, api } = await setUp(count);
    const { text } = await exportInRuns(genesysConversationsTutorial(DATES), api, [2, 1, 3]);
    expect(text).toBe([...simulator.records()].map((record) => `${JSON.stringify(record)}\n`).join(''));
  });

  it('sends the format of the tutorial, and recognises a record by its conversationId or id', async () => {
    const { url, requests } = await startApi(({ method }, _, { headers }) =>
      method === 'POST'
        ? { results: [{ id: 1 }, { id: 'a' }, { id: 'a' }], nextPage: `http://${headers.host}/more?p=2` }
        : { results: [{ id: 'x', conversationId: 'a' }, { id: 'b' }] },
    );
    const more = { size: 20, query: 'type:voice', select: ['id', 'type'], groupBy: [] };
    const { records } = await exportAll(genesysConversationsTutorial({ ...DATES, ...more }), url);
    expect(records).toEqual([{ id: 1 }, { id: 'a' }, { id: 'b' }]);
    expect(requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/api/v2/analytics/conversations/details/query', { ...DATES, ...more }],
      ['GET', '/more', undefined],
    ]);
  });

  describe('when a response has another format', () => {
    it.each([
      [
        { conversations: [{ conversationId: 'a' }], totalHits: 1 },
        'genesysConversations (export genesys-conversations)',
      ],
      [{ totalHits: 0 }, 'genesysConversations (export genesys-conversations)'],
      [{}, 'without results. It has no members'],
      [{ results: [], nextPage: 'https://elsewhere.test/p' }, 'on https://elsewhere.test'],
    ])('fails for %j', async (answer, message) => {
      const { url, requests } = await startApi(() => answer);
      const error = await failure(
        exportAll(genesysConversationsTutorial(DATES), url),
        'ERR_UNEXPECTED_ANSWER',
      );
      expect(error.message).toContain(message);
      expect(requests).toHaveLength(1);
    });
  });

  it('lists all invalid options in one error', () => {
    const wrong = { dateFrom: '2023-10-08', dateTo: '2023-10-01', size: 1.5 };
    expect(() => genesysConversationsTutorial(wrong)).toThrow(/dateTo .* must be after dateFrom.*size must/);
    const none: unknown = {};
    expect(() => genesysConversationsTutorial(none as GenesysConversationsTutorialOptions)).toThrow(
      'dateFrom must be an ISO 8601 date',
    );
  });
});
