/** One line of an access log as the visit that it may be all of. */

export interface Visit {
  /** Empty for a line that is not in the format. */
  readonly address: string;
  /** When it began and when its last hit was, in epoch milliseconds. */
  readonly first: number;
  readonly last: number;
  readonly hits: number;
}

/** `203.0.113.9 - anna [03/Mar/2025:06:00:00 +0000] "GET …`. */
const beginning = /^(\S+) \S+ \S+ \[(\d+)\/(\w+)\/(\d+):(\S+ \S+)\]/;

export function parseVisit(line: string): Visit {
  const [, address = '', day, month, year, clock] = beginning.exec(line) ?? [];
  const time = Date.parse(`${day} ${month} ${year} ${clock}`);
  return Number.isNaN(time) ? { address: '', first: 0, last: 0, hits: 0 } : { address, first: time, last: time, hits: 1 };
}
