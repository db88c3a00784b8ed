import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCommand } from './built-command.ts';
import { chaos } from './chaos.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';

const OTHERS = (Object.keys(SCENARIOS) as ScenarioName[]).filter((name) => name !== 'conversations');

let built: Awaited<ReturnType<typeof buildCommand>>;
beforeAll(async () => {
  built = await buildCommand();
});
afterAll(() => built.remove());

describe('an export despite kills, revoked tokens and faults of the API', () => {
  it('has the same bytes as an undisturbed export', async () => {
    const options = { records: 3000, kills: 6, faults: 0.05, revokeEvery: 25, pageDelay: 20, seed: 3 };
    const result = await chaos({ command: built.command, scenario: 'conversations', ...options });
    expect(result).toMatchObject({ lines: 3000, lost: 0, repeated: 0, identical: true, kills: 6 });
    expect(result.unauthorized).toBeGreaterThan(0);
    expect(result.faults).toBeGreaterThan(0);
  });

  it.each(OTHERS)('has the same bytes as an undisturbed export: %s', async (scenario) => {
    const options = { records: 1500, kills: 3, faults: 0.05, revokeEvery: 10, pageDelay: 20, seed: 5 };
    const result = await chaos({ command: built.command, scenario, ...options });
    expect(result).toMatchObject({ lines: 1500, lost: 0, repeated: 0, identical: true, kills: 3 });
  });
});
