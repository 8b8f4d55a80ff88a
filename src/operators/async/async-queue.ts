/**
 * The records that an asynchronous operator waits for, and the watermarks between them. Results leave in the order of their
 * records, or, unordered, as they come; but a watermark never passes a record, so unordered results change places only between
 * two watermarks, as in Flink.
 */

import { assert } from '../../base/assert.ts';

/** A record on its way; its result once there is one. */
export interface AsyncEntry {
  readonly record: unknown;
  /** Event time of the record; NaN where it has none. */
  readonly timestamp: number;
  readonly segment: Segment;
  result: unknown;
  state: 'outstanding' | 'completed';
}

/** Records between two watermarks. */
interface Segment {
  /** In the order in which they may leave. */
  readonly leaving: AsyncEntry[];
  /** Records that have not left. */
  count: number;
  /** The watermark behind them; undefined while more records come. */
  watermark: number | undefined;
}

export class AsyncQueue {
  readonly #ordered: boolean;
  /** Never empty: the last one takes new records. */
  readonly #segments: Segment[] = [emptySegment()];
  /** The watermark behind the records that have left. */
  watermark = Number.NEGATIVE_INFINITY;
  /** Records that have not left, in the order in which they came. */
  readonly #records = new Set<AsyncEntry>();

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** Records that have not left. */
  get size(): number {
    return this.#records.size;
  }

  /** The same, in the order in which they came. */
  get records(): Iterable<AsyncEntry> {
    return this.#records;
  }

  add(record: unknown, timestamp: number): AsyncEntry {
    const segment = this.#segments.at(-1) as Segment;
    const entry: AsyncEntry = { record, timestamp, segment, result: undefined, state: 'outstanding' };
    segment.count++;
    this.#records.add(entry);
    if (this.#ordered) segment.leaving.push(entry);
    return entry;
  }

  complete(entry: AsyncEntry, result: unknown): void {
    assert(entry.state === 'outstanding', 'a record has one result');
    entry.result = result;
    entry.state = 'completed';
    if (!this.#ordered) entry.segment.leaving.push(entry);
  }

  /** Puts a watermark behind the records so far. */
  advance(watermark: number): void {
    const last = this.#segments.at(-1) as Segment;
    last.watermark = watermark;
    if (last.count > 0 || this.#segments.length > 1) this.#segments.push(emptySegment());
    this.#pass();
  }

  /** Whether `take` has a record. */
  get isReady(): boolean {
    return (this.#segments[0] as Segment).leaving[0]?.state === 'completed';
  }

  /** The next record that may leave. */
  take(): AsyncEntry {
    const [first] = this.#segments as [Segment];
    const entry = first.leaving.shift();
    assert(entry?.state === 'completed', 'a record leaves with its result');
    first.count--;
    this.#records.delete(entry);
    this.#pass();
    return entry;
  }

  /** Lets go of watermarks that nothing stands in front of. */
  #pass(): void {
    for (
      let first = this.#segments[0] as Segment;
      first.count === 0 && first.watermark !== undefined;
      first = this.#segments[0] as Segment
    ) {
      this.watermark = first.watermark;
      if (this.#segments.length > 1) this.#segments.shift();
      else {
        first.watermark = undefined;
        return;
      }
    }
  }
}

function emptySegment(): Segment {
  return { leaving: [], count: 0, watermark: undefined };
}
