import { type SimulatorOptions, startVendorSimulator } from '../../src/testing/index.ts';
import type { NightsOutput, StoredRecord } from './nights-outputs.ts';

/** A day with its start and end in epoch milliseconds. */
interface NightDay {
  readonly date: string;
  readonly start: number;
  readonly end: number;
}

/** Returns the final records of the simulator, by the day on which they began. */
export async function finalRecords(
  options: SimulatorOptions,
  days: readonly NightDay[],
  textOf: NightsOutput['textOf'],
) {
  const dates = new Map<string, string>();
  const records = new Map<string, Set<string>>(days.map(({ date }) => [date, new Set()]));
  let overMidnight = 0;
  const simulator = await startVendorSimulator(options);
  for (const record of simulator.records()) {
    const start = Date.parse(record.conversationStart);
    const day = days.find((other) => start >= other.start && start < other.end);
    if (!day) continue;
    dates.set(record.conversationId, day.date);
    records.get(day.date)?.add(textOf({ ...record }));
    if (Date.parse(String(record.conversationEnd)) > day.end) overMidnight++;
  }
  await simulator.close();
  const has = ({ date, text }: StoredRecord) => records.get(date)?.has(text) ?? false;
  return {
    counts: { conversations: dates.size, overMidnight },
    has,
    countOn: (date: string) => records.get(date)?.size ?? 0,
    /** Compares stored records with the final ones. */
    async compare(stored: AsyncIterable<StoredRecord>) {
      const seen = new Set<string>();
      const counts = { records: 0, lost: 0, repeated: 0, misplaced: 0, outdated: 0 };
      for await (const record of stored) {
        const { id, date } = record;
        counts.records++;
        if (seen.has(id)) counts.repeated++;
        if (dates.get(id) !== date) counts.misplaced++;
        else if (!has(record)) counts.outdated++;
        seen.add(id);
      }
      counts.lost = [...dates.keys()].filter((id) => !seen.has(id)).length;
      return counts;
    },
  };
}
