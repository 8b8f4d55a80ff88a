/** How many records were not what their format says, by reason, with one of each for example. The thread that counts. */

/** A record that is not what its format says, as side outputs have it. */
export interface MalformedRecord {
  /** What it was read from: the path of a file, or what stands for one. */
  readonly file: string;
  /** Of its first byte, in the file. */
  readonly offset: number;
  /** The beginning of its text. */
  readonly text: string;
  readonly reason: string;
}

/** Records of one source for which the same is wrong. */
export interface BadRecordCount {
  /** Name of the source. */
  readonly source: string;
  readonly reason: string;
  readonly records: number;
  /** The first of them. */
  readonly sample: MalformedRecord;
}

/** Reasons of a source that are told apart; what comes later counts as one. */
const reasonsMax = 100;
const otherReasons = 'other reasons';

export class BadRecordCounts {
  readonly #tell: (count: BadRecordCount) => void;
  /** By source, and reason. */
  readonly #counts = new Map<string, Map<string, { records: number; told: number; readonly sample: MalformedRecord }>>();

  /** @param tell told of a count as it stands, at 1, 2, 4, 8 and so on, and of what is left by `flush` */
  constructor(tell: (count: BadRecordCount) => void) {
    this.#tell = tell;
  }

  add(source: string, record: MalformedRecord): void {
    const counts = this.#counts.get(source) ?? new Map();
    this.#counts.set(source, counts);
    const reason = counts.has(record.reason) || counts.size < reasonsMax ? record.reason : otherReasons;
    const count = counts.get(reason) ?? { records: 0, told: 0, sample: record };
    counts.set(reason, count);
    count.records++;
    if (count.records >= count.told * 2) this.#tellOf(source, reason);
  }

  /** Tells of all counts that have changed since they were told. */
  flush(): void {
    for (const [source, counts] of this.#counts)
      for (const [reason, { records, told }] of counts) if (records > told) this.#tellOf(source, reason);
  }

  #tellOf(source: string, reason: string): void {
    const count = this.#counts.get(source)?.get(reason);
    if (count === undefined) return;
    count.told = count.records;
    this.#tell({ source, reason, records: count.records, sample: count.sample });
  }
}

/** The counts of all threads, those of the most records first. @param counts by thread and what it counts, in any order */
export function sumOfBadRecords(counts: Iterable<BadRecordCount>): BadRecordCount[] {
  const sums = new Map<string, BadRecordCount>();
  for (const count of counts) {
    const key = JSON.stringify([count.source, count.reason]);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? count : { ...sum, records: sum.records + count.records });
  }
  return [...sums.values()].sort((a, b) => b.records - a.records);
}
