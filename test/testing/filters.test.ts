import { describe, expect, it } from 'vitest';
import type { ConversationDetail, ConversationSegment, VendorSimulator } from '../../src/testing/index.ts';
import { client, JOBS, QUERY, start } from './support.ts';

const is = (dimension: string, value: string) => ({ dimension, value });
const and = (...predicates: object[]) => [{ type: 'and', predicates }];
const or = (...predicates: object[]) => [{ type: 'or', predicates }];

const segmentsOf = ({ participants }: ConversationDetail): ConversationSegment[] =>
  participants.flatMap(({ sessions }) => sessions.flatMap(({ segments }) => segments));
const mediaOf = ({ participants }: ConversationDetail) => participants[0]?.sessions[0]?.mediaType;

type Case = [string, object, (record: ConversationDetail) => boolean];

const CASES: Case[] = [
  ['a media type', { segmentFilters: and(is('mediaType', 'voice')) }, (r) => mediaOf(r) === 'voice'],
  [
    'an alternative',
    { segmentFilters: or(is('mediaType', 'chat'), is('mediaType', 'email')) },
    (r) => mediaOf(r) === 'chat' || mediaOf(r) === 'email',
  ],
  [
    'the direction of the conversation',
    { conversationFilters: and(is('originatingDirection', 'outbound')) },
    (r) => r.originatingDirection === 'outbound',
  ],
  [
    'both kinds of filters',
    {
      conversationFilters: and(is('originatingDirection', 'inbound')),
      segmentFilters: and(is('wrapUpCode', 'resolved'), is('disconnectType', 'client')),
    },
    (r) =>
      r.originatingDirection === 'inbound' &&
      segmentsOf(r).some((s) => s.wrapUpCode === 'resolved' && s.disconnectType === 'client'),
  ],
  [
    'values that no single segment has',
    { segmentFilters: and(is('purpose', 'customer'), is('wrapUpCode', 'resolved')) },
    () => false,
  ],
  [
    'clauses within a filter',
    {
      segmentFilters: [
        {
          type: 'and',
          predicates: [is('purpose', 'agent')],
          clauses: or(is('wrapUpCode', 'callback'), is('wrapUpCode', 'voicemail')),
        },
      ],
    },
    (r) => segmentsOf(r).some((s) => s.wrapUpCode === 'callback' || s.wrapUpCode === 'voicemail'),
  ],
  [
    'a value that does not exist',
    { segmentFilters: and({ type: 'dimension', dimension: 'queueId', operator: 'notExists' }) },
    () => true,
  ],
  ['no value', { segmentFilters: and({ dimension: 'userId', operator: 'exists' }) }, () => true],
  ['empty filters', { conversationFilters: and(), segmentFilters: [], surveyFilters: [] }, () => true],
  ['nothing that matches', { conversationFilters: and(is('conversationId', 'x')) }, () => false],
];

async function query(sim: VendorSimulator, filters: object) {
  const found: ConversationDetail[] = [];
  const totals = new Set<number>();
  for (let pageNumber = 1; ; pageNumber++) {
    const paging = { pageSize: 30, pageNumber };
    const { data, status } = await client(sim).post(QUERY, { interval: sim.interval, ...filters, paging });
    expect(status).toBe(200);
    if (!data.conversations) return { found, totals: [...totals] };
    found.push(...data.conversations);
    totals.add(data.totalHits);
  }
}

async function job(sim: VendorSimulator, filters: object) {
  const api = client(sim);
  const { jobId } = (await api.post(JOBS, { interval: sim.interval, ...filters })).data;
  const pages: ConversationDetail[][] = [];
  for (let cursor: string | undefined; ; ) {
    const { data } = await api.get(`${JOBS}/${jobId}/results`, { params: { cursor, pageSize: 30 } });
    pages.push(data.conversations);
    cursor = data.cursor;
    if (cursor === undefined) return pages;
  }
}

describe('filters', () => {
  it.each(CASES)(
    'select by %s, in the query and in jobs, with the total of the selected',
    async (_, filters, holds) => {
      const sim = await start({ records: 600, jobs: { polls: 0 } });
      const expected = [...sim.records()].filter(holds);
      const { found, totals } = await query(sim, filters);
      expect(found).toEqual(expected);
      expect(totals).toEqual(expected.length > 0 ? [expected.length] : []);
      const pages = await job(sim, filters);
      expect(pages.flat()).toEqual(expected);
      expect(pages.slice(0, -1).every((page) => page.length === 30)).toBe(true);
      expect(pages.length).toBe(Math.max(1, Math.ceil(expected.length / 30)));
    },
  );

  it('select in descending order', async () => {
    const sim = await start({ records: 600 });
    const filters = { segmentFilters: and(is('mediaType', 'voice')) };
    const { found } = await query(sim, { ...filters, order: 'desc' });
    expect(found).toEqual((await query(sim, filters)).found.reverse());
  });

  it.each([
    [
      'an unknown dimension',
      { segmentFilters: and(is('mediatype', 'voice')) },
      'segmentFilters[0].predicates[0].dimension',
    ],
    ['a property of Object', { segmentFilters: and(is('constructor', 'voice')) }, 'dimension is unknown'],
    ['an unknown type', { conversationFilters: [{ type: 'not', predicates: [] }] }, 'must be "and" or "or"'],
    ['a metric', { segmentFilters: and({ type: 'metric', metric: 'tTalk' }) }, 'type must be dimension'],
    ['an unknown operator', { segmentFilters: and({ ...is('queueId', 'x'), operator: 'like' }) }, 'operator'],
    ['no value', { segmentFilters: and({ dimension: 'queueId' }) }, 'value must be a string'],
    ['an object as filters', { segmentFilters: {} }, 'must be an array'],
    ['a filter of evaluations', { evaluationFilters: and() }, 'does not support evaluationFilters'],
  ])('are refused with 400: %s', async (_, filters, problem) => {
    const sim = await start();
    for (const path of [QUERY, JOBS]) {
      const { status, data } = await client(sim).post(path, { interval: sim.interval, ...filters });
      expect([status, data.code]).toEqual([400, 'bad.request']);
      expect(data.message).toContain(problem);
    }
  });
});
