const TWO = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));
const THREE = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'));
export const DAY = 86_400_000;
export const HOUR = 3_600_000;

/** Creates a function that formats epoch milliseconds like `toISOString`, but faster while the day stays the same. */
export function createIsoWriter(): (time: number) => string {
  // Formatting dates takes a third of the time of a record, and adjacent records usually share the day.
  let day = Number.NaN;
  let prefix = '';
  return (time) => {
    const today = Math.floor(time / DAY);
    if (today !== day) {
      day = today;
      prefix = new Date(today * DAY).toISOString().slice(0, 11);
    }
    const rest = time - today * DAY;
    const hour = TWO[Math.floor(rest / 3_600_000)];
    const minute = TWO[Math.floor(rest / 60_000) % 60];
    return `${prefix}${hour}:${minute}:${TWO[Math.floor(rest / 1000) % 60]}.${THREE[rest % 1000]}Z`;
  };
}
