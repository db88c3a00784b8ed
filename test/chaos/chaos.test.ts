import { expect, it } from 'vitest';
import { chaos } from './chaos.ts';

it('exports the same bytes as an undisturbed run despite kills, revoked tokens and faults of the API', async () => {
  const result = await chaos({
    command: [process.execPath, '--import', 'tsx', 'src/cli/main.ts'],
    records: 4000,
    kills: 6,
    faults: 0.05,
    revokeEvery: 25,
    pageDelay: 20,
    seed: 3,
  });
  expect(result).toMatchObject({ lines: 4000, lost: 0, repeated: 0, identical: true, kills: 6 });
  expect(result.unauthorized).toBeGreaterThan(0);
  expect(result.faults).toBeGreaterThan(0);
});
