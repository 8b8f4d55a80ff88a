/**
 * Writes anew what still counts of segments of which little does, and of small ones where there are many, so that their files can go:
 * a little between two batches, in proportion to what was appended. One subtask owns a compaction.
 */

import { assert } from '../../base/assert.ts';
import { entryHash } from '../entries.ts';
import type { PlaceIndex } from './place-index.ts';
import type { Segment } from './segment.ts';
import { SegmentScan } from './segment-scan.ts';
import { ordinalBits, type SegmentStore } from './segment-store.ts';

/**
 * Below this share of bytes that count, a segment is written anew. Where keys are changed at random, files then take 1.7 times the state, and
 * less than half a byte is written anew for each that is new; at a half, it would be 1.4 times, and one.
 */
const liveShareMin = 0.3;

export interface CompactionOptions {
  readonly store: SegmentStore;
  readonly places: PlaceIndex;
  /** Segments smaller than half of this are small. */
  readonly segmentBytes: number;
  /** Bytes that are gone through in a step beyond those that were appended: so it comes to an end when nothing is. */
  readonly stepBytes: number;
  /** Small segments that there are at most. */
  readonly segmentsMax: number;
  /** Entries of a segment that belong to units in memory are no longer where these have their latest state. */
  readonly disown: (segment: Segment) => void;
}

export class Compaction {
  readonly #options: CompactionOptions;
  #scan: SegmentScan | undefined;
  #appended = 0;

  constructor(options: CompactionOptions) {
    this.#options = options;
  }

  /** Whether a segment is being written anew: no unit that comes into memory is to rely on it. */
  isOn(segment: Segment): boolean {
    return this.#scan?.segment === segment;
  }

  step(): void {
    const { store, stepBytes } = this.#options;
    const goal = stepBytes + 2 * (store.appended - this.#appended);
    for (let done = 0; done < goal; ) {
      const scan = this.#scan ?? this.#begin();
      if (scan === undefined) break;
      done += this.#advance(scan, goal - done);
    }
    this.#appended = store.appended;
  }

  #begin(): SegmentScan | undefined {
    const segment = this.#choose();
    if (segment === undefined) return undefined;
    this.#options.disown(segment);
    this.#scan = new SegmentScan(this.#options.store, segment);
    return this.#scan;
  }

  #choose(): Segment | undefined {
    const { store, segmentBytes, segmentsMax } = this.#options;
    let best: Segment | undefined;
    let small = 0;
    let smallest: Segment | undefined;
    for (const segment of store.segments()) {
      if (!segment.sealed || segment.live === 0) continue;
      if (segment.live < segment.entries * liveShareMin && (best === undefined || share(segment) < share(best))) best = segment;
      if (segment.bytes * 2 >= segmentBytes) continue;
      small++;
      if (smallest === undefined || segment.bytes < smallest.bytes) smallest = segment;
    }
    return best ?? (small > segmentsMax ? smallest : undefined);
  }

  /** Returns bytes gone through. */
  #advance(scan: SegmentScan, bytes: number): number {
    const { segment } = scan;
    const from = scan.position;
    while (scan.next < segment.entries && segment.live > 0) {
      if (scan.position - from >= bytes) return scan.position - from;
      if (segment.isDead(scan.next)) scan.skip();
      else this.#copy(scan);
    }
    this.#scan = undefined;
    return Math.max(1, scan.position - from);
  }

  #copy(scan: SegmentScan): void {
    const { store, places } = this.#options;
    const place = (scan.segment.number << ordinalBits) | scan.next;
    scan.take();
    const { bytes, start, end } = scan;
    const moved = places.move(entryHash(bytes, start), place, store.copy(bytes, start, end));
    assert(moved, 'an entry that counts, and of no unit in memory, is of a key on disk');
    store.kill(place);
  }
}

function share({ live, entries }: Segment): number {
  return live / entries;
}
