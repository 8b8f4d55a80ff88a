/**
 * Reads the entries of a sealed segment one after the other, many with each call of the system.
 *
 * @hotpath
 */

import { entryLength, headerBytes } from '../entries.ts';
import type { Segment } from './segment.ts';
import type { SegmentStore } from './segment-store.ts';

/** Bytes that are read at once: the system call vanishes in what it copies. */
const readBytes = 256 * 1024;

export class SegmentScan {
  readonly segment: Segment;
  /** The ordinal of the next entry. */
  next = 0;
  /** Where it is in the file. */
  position = 0;
  /** The entry that was taken last, header and all, is `bytes[start … end)`; good until the next call. */
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  readonly #store: SegmentStore;
  /** Where in the file those bytes are. */
  #from = 0;
  #until = 0;

  constructor(store: SegmentStore, segment: Segment) {
    this.#store = store;
    this.segment = segment;
  }

  take(): void {
    const { position } = this;
    const length = this.#length(position);
    if (position + length > this.#until) this.#fill(position, position + length);
    this.start = position - this.#from;
    this.end = this.start + length;
    this.next++;
    this.position = position + length;
  }

  skip(): void {
    this.position += this.#length(this.position);
    this.next++;
  }

  #length(start: number): number {
    if (start + headerBytes > this.#until) this.#fill(start, start + headerBytes);
    return entryLength(this.bytes, start - this.#from);
  }

  #fill(start: number, end: number): void {
    const until = Math.max(end, Math.min(start + readBytes, this.segment.bytes));
    if (until - start > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(until - start);
    // What is there is lost if it cannot be read.
    this.#until = 0;
    this.#store.readBytes(this.segment, this.bytes, 0, until - start, start);
    this.#from = start;
    this.#until = until;
  }
}
