/** Reads the entries of a sealed segment one after the other, many with each call of the system. */

import { headerBytes, type Segment } from './segment.ts';
import type { SegmentStore } from './segment-store.ts';

/** Bytes that are read at once: the system call vanishes in what it copies. */
const readBytes = 256 * 1024;

export class SegmentScan {
  readonly segment: Segment;
  /** The ordinal of the next entry. */
  next = 0;
  /** Where it is in the file. */
  position = 0;
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
    const start = this.position;
    const end = start + this.#length(start);
    if (end > this.#until) this.#fill(start, end);
    this.next++;
    this.position = end;
    return this.#bytes.subarray(start - this.#from, end - this.#from);
  }

  skip(): void {
    this.position += this.#length(this.position);
    this.next++;
  }

  #length(start: number): number {
    if (start + headerBytes > this.#until) this.#fill(start, start + headerBytes);
    return headerBytes + this.#bytes.readUInt32LE(start - this.#from + 4);
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
