import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CXONE_RESOURCES, GENESYS_RESOURCES } from '../../src/batch/internal.ts';
import { cxoneEnv, genesysEnv, run } from '../cli/support.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { describeWithPostgres, queryAll, usePostgres } from '../support/postgres.ts';
import { startSimulator } from '../support/simulated.ts';

const WITHOUT_ID = ['user-details', 'contact-history'];
const NIGHTS = ['2023-10-02/2023-10-03', '2023-10-03/2023-10-04'];

describeWithPostgres('the resources of each vendor in Postgres', () => {
  const postgres = usePostgres();
  const resources = (['genesys', 'cxone'] as const).flatMap((vendor) =>
    Object.entries(vendor === 'genesys' ? GENESYS_RESOURCES : CXONE_RESOURCES).map(
      ([name, { interval }]: [string, { interval?: true }]) => ({
        vendor,
        name,
        intervals: interval ? NIGHTS : [''],
      }),
    ),
  );

  it('are written once per record and interval, or refused', async () => {
    const simulator = await startSimulator({ records: 48 });
    const database = await postgres.schema();
    const query = join(await temporaryDirectory(), 'query.json');
    await writeFile(
      query,
      JSON.stringify({ metrics: ['nConnected'], groupBy: ['queueId'], granularity: 'PT6H' }),
    );
    const env = { genesys: genesysEnv(simulator), cxone: cxoneEnv(simulator) };
    const counts: Record<string, unknown> = {};
    for (const { vendor, name, intervals } of resources) {
      const table = `${vendor} ${name}`;
      let records = 0;
      for (const interval of intervals) {
        const period = interval ? ['--interval', interval] : [];
        const body = name === 'conversation-aggregates' ? ['--query', query] : [];
        const args = [
          'export',
          vendor,
          name,
          '--out',
          `${database}&table=${table}`,
          '--rate',
          'none',
          ...period,
          ...body,
        ];
        const { code, stderr } = await run(args, env[vendor]);
        if (WITHOUT_ID.includes(name)) {
          expect({ code, stderr }).toEqual({
            code: 2,
            stderr: expect.stringContaining('cannot be written to Postgres, because its records have no ID'),
          });
          continue;
        }
        expect({ table, code, stderr }).toMatchObject({ code: 0 });
        records += Number(/complete: ([\d,]+) records/.exec(stderr)?.[1]?.replace(',', ''));
      }
      if (WITHOUT_ID.includes(name)) continue;
      const [row] = await queryAll<{ count: number }>(database, `SELECT count(*)::int FROM "${table}"`);
      counts[table] = row?.count;
      expect({ table, ...row }).toEqual({ table, count: records });
    }
    expect(counts).toMatchObject({ 'genesys users': 64, 'genesys queues': 16 });
    expect(
      await queryAll(
        database,
        'SELECT count(*) - count(DISTINCT id) > 0 AS shared FROM "genesys queue-members"',
      ),
    ).toEqual([{ shared: true }]);
  });
});
