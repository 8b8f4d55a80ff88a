/**
 * A ring of bytes in shared memory with one producer and one consumer on different threads.
 *
 *     byte 0                           64         128                                   128 + capacity
 *     ┌────────────────────────────────┬──────────┬───────────────────────────────────────┐
 *     │ head, announced, place, sealed │ tail     │ frame │ frame │ … │ padding │          │
 *     └────────────────────────────────┴──────────┴───────────────────────────────────────┘
 *       written by                       written by
 *       the producer                     the consumer       (a cache line each)
 *
 * Head and tail count bytes since the start, modulo 2³²; the capacity is a power of two, so a position in the ring is a
 * count masked. Frames are contiguous: one that does not fit in front of the end is preceded by padding up to the end.
 * Each side caches the other's count and loads it only when the cached one says there is no room, or nothing to read.
 *
 * An announcement is the number of a checkpoint and the head at that moment: what lies before is in front of its barrier, whatever the
 * producer has yet to write. The producer stores it before the heads of later frames, and the consumer loads it behind the head by
 * which it found a frame; so it learns of it before it reads on.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';
import { FrameMemory } from './frame-memory.ts';

const headIndex = 0;
const tailIndex = 16;
const announcedIndex = 1;
const placeIndex = 2;
const sealedIndex = 3;
const controlBytes = 128;

export function createRingMemory(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(controlBytes + capacity);
}

/** Bytes of a ring that are written and not given back, frames' headers and padding with them. Any thread may ask. */
export function ringBytesWaiting(shared: SharedArrayBuffer): number {
  const control = new Int32Array(shared, 0, controlBytes / 4);
  // Pairs with the stores in `publish` and `release`. The tail first: it never passes a head that is loaded behind it.
  const tail = Atomics.load(control, tailIndex);
  const head = Atomics.load(control, headIndex);
  return Math.min((head - tail) >>> 0, shared.byteLength - controlBytes);
}

/** What both ends see of the same shared memory. */
class RingEnd {
  protected readonly control: Int32Array;
  readonly memory: FrameMemory;
  readonly capacity: number;
  protected readonly mask: number;
  /** Rung after a count was published, for the thread at the other end. */
  protected readonly notify: () => void;

  constructor(shared: SharedArrayBuffer, notify: () => void) {
    this.control = new Int32Array(shared, 0, controlBytes / 4);
    this.memory = new FrameMemory(shared, controlBytes, shared.byteLength - controlBytes);
    this.capacity = shared.byteLength - controlBytes;
    this.mask = this.capacity - 1;
    this.notify = notify;
    assert((this.capacity & this.mask) === 0, 'the capacity of a ring is a power of two');
  }
}

export class RingWriter extends RingEnd {
  #head = Atomics.load(this.control, headIndex);
  #tail = Atomics.load(this.control, tailIndex);

  /** The largest frame that is sure to fit once the ring is empty, wherever the head is. */
  get frameBytesMax(): number {
    return this.capacity / 2;
  }

  /**
   * Position of `bytes` contiguous free bytes, or −1. `bytes` is a multiple of 8. What was reserved is published by
   * `publish` with the same number; reserving again without publishing forgets the reservation.
   */
  reserve(bytes: number): number {
    assert(bytes <= this.frameBytesMax, 'a frame takes at most half of the ring');
    const position = this.#head & this.mask;
    const toEnd = this.capacity - position;
    if (bytes <= toEnd) return this.#hasRoom(bytes) ? position : -1;
    if (!this.#hasRoom(toEnd + bytes)) return -1;
    this.memory.writePadding(position, toEnd);
    this.#head = (this.#head + toEnd) | 0;
    return 0;
  }

  #hasRoom(bytes: number): boolean {
    if (this.capacity - ((this.#head - this.#tail) >>> 0) >= bytes) return true;
    // Pairs with the store in `RingReader.release`: bytes before the tail are free to be written over.
    this.#tail = Atomics.load(this.control, tailIndex);
    return this.capacity - ((this.#head - this.#tail) >>> 0) >= bytes;
  }

  publish(bytes: number): void {
    this.#head = (this.#head + bytes) | 0;
    // Pairs with the load in `RingReader.peek`: the frame's bytes are written before the head that covers them.
    Atomics.store(this.control, headIndex, this.#head);
    this.notify();
  }

  /** Says that the barrier of a checkpoint overtakes all that was published. */
  announce(checkpoint: number): void {
    assert(checkpoint > 0 && checkpoint < 2 ** 31, 'the number of a checkpoint fits a word');
    // Pairs with the loads in `RingReader.place`: by the published head, for the private one may be behind padding already.
    Atomics.store(this.control, placeIndex, Atomics.load(this.control, headIndex));
    // Pairs with the load in `RingReader.announced`: its place is there before it is.
    Atomics.store(this.control, announcedIndex, checkpoint);
    this.notify();
  }

  /** Says that nothing will be published any more. */
  seal(): void {
    // Pairs with the load in `RingReader.sealed`: the last head was stored before.
    Atomics.store(this.control, sealedIndex, 1);
    this.notify();
  }
}

export class RingReader extends RingEnd {
  #head = Atomics.load(this.control, headIndex);
  #tail = Atomics.load(this.control, tailIndex);

  /** Position of the next frame, or −1. It stays until `release`. */
  peek(): number {
    for (;;) {
      if (this.#head === this.#tail) {
        // Pairs with the store in `RingWriter.publish`.
        this.#head = Atomics.load(this.control, headIndex);
        if (this.#head === this.#tail) return -1;
      }
      const position = this.#tail & this.mask;
      const padding = this.memory.paddingAt(position);
      if (padding === 0) return position;
      this.#tail = (this.#tail + padding) | 0;
    }
  }

  /** The checkpoint that was announced last, 0 for none. */
  get announced(): number {
    // Pairs with the store in `RingWriter.announce`. Behind the load of a head, it shows every announcement before that head.
    return Atomics.load(this.control, announcedIndex);
  }

  get sealed(): boolean {
    // Pairs with the store in `RingWriter.seal`.
    return Atomics.load(this.control, sealedIndex) === 1;
  }

  /** The head at the announcement of a checkpoint; undefined where that was not announced, or has made way for another. */
  place(checkpoint: number): number | undefined {
    // Pairs with the stores in `RingWriter.announce`: the same number before and behind the place, and it belongs to it.
    if (Atomics.load(this.control, announcedIndex) !== checkpoint) return undefined;
    const place = Atomics.load(this.control, placeIndex);
    return Atomics.load(this.control, announcedIndex) === checkpoint ? place : undefined;
  }

  /** Whether all that was released lies in front of a place; always so where there is none. */
  isInFront(place: number | undefined): boolean {
    return place === undefined || ((place - this.#tail) | 0) >= 0;
  }

  /**
   * Shows the frames that wait, without taking them, until `visit` says that it has seen enough.
   *
   * @param skip bytes of the peeked frame, to begin behind it; 0 to begin with it
   * @param end the head to stop at; undefined for all that there is
   */
  ahead(skip: number, end: number | undefined, visit: (position: number) => boolean): void {
    // Pairs with the store in `RingWriter.publish`.
    const head = Atomics.load(this.control, headIndex);
    const left = (end === undefined ? head - this.#tail : Math.min((head - this.#tail) | 0, (end - this.#tail) | 0)) | 0;
    for (let passed = skip; passed < left; ) {
      const position = (this.#tail + passed) & this.mask;
      const padding = this.memory.paddingAt(position);
      // The length is read before the visit, which may look at other headers through the same object.
      const bytes = padding === 0 ? this.memory.headerAt(position).bytes() : padding;
      if (padding === 0 && !visit(position)) return;
      passed += bytes;
    }
  }

  /** Frees the bytes of the peeked frame. */
  release(bytes: number): void {
    this.#tail = (this.#tail + bytes) | 0;
    // Pairs with the load in `RingWriter.#hasRoom`: the frame was read before its bytes are given back.
    Atomics.store(this.control, tailIndex, this.#tail);
    this.notify();
  }
}
