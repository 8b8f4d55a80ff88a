/** Reads the entries of a sealed segment one after the other, many with each call of the system. */

import type { Segment } from './segment.ts';
import type { SegmentStore } from './segment-store.ts';

/** Bytes that are read at once: the system call vanishes in what it copies. */
const readBytes = 256 * 1024;

export class SegmentScan {
  readonly segment: Segment;
  /** The ordinal of the next entry. */
  next = 0;
  readonly #store: SegmentStore;
  #bytes = Buffer.alloc(0);
  /** Where in the file those bytes are. */
  #from = 0;
  #until = 0;

  constructor(store: SegmentStore, segment: Segment) {
    this.#store = store;
    this.segment = segment;
  }

  /** The next entry, header and all; good until the next call. */
  take(): Buffer {
    const { segment } = this;
    const start = segment.offset(this.next);
    const end = segment.offset(++this.next);
    if (end > this.#until) this.#fill(start, end);
    return this.#bytes.subarray(start - this.#from, end - this.#from);
  }

  #fill(start: number, end: number): void {
    const until = Math.max(end, Math.min(start + readBytes, this.segment.bytes));
    if (until - start > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(until - start);
    // What is there is lost if it cannot be read.
    this.#until = 0;
    this.#store.readBytes(this.segment, this.#bytes, until - start, start);
    this.#from = start;
    this.#until = until;
  }
}
