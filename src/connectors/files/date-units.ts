/** Parts of a date as the patterns of buckets name them, in UTC. */

export interface DateUnit {
  readonly letters: string;
  /** Milliseconds for which the text stays as it is, at least. */
  readonly ms: number;
  /** With as many digits as there are letters. */
  text(date: Date): string;
}

const dayMs = 86_400_000;

export const dateUnits: readonly DateUnit[] = [
  unit('yyyy', dayMs, (date) => date.getUTCFullYear()),
  unit('MM', dayMs, (date) => date.getUTCMonth() + 1),
  unit('dd', dayMs, (date) => date.getUTCDate()),
  unit('HH', 3_600_000, (date) => date.getUTCHours()),
  unit('mm', 60_000, (date) => date.getUTCMinutes()),
  unit('ss', 1000, (date) => date.getUTCSeconds()),
];

function unit(letters: string, ms: number, field: (date: Date) => number): DateUnit {
  return { letters, ms, text: (date) => String(field(date)).padStart(letters.length, '0') };
}

/** Formats a time only when it is in another unit than the one before. @param units those that the text tells apart */
export function remembering(units: readonly DateUnit[], format: (date: Date) => string): (timestamp: number) => string {
  const unitMs = Math.min(...units.map(({ ms }) => ms));
  let current = Number.NaN;
  let last = '';
  return (timestamp) => {
    const next = Number.isFinite(unitMs) ? Math.floor(timestamp / unitMs) : 0;
    if (next !== current) {
      last = format(new Date(timestamp));
      current = next;
    }
    return last;
  };
}
