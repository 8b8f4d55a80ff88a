/**
 * The bytes of the keys of an index, one behind the other, in memory that grows. One index owns an arena.
 *
 * @hotpath
 */

import { MillraceError } from '../base/errors.ts';
import { copyWords, ViewedBytes } from '../batch/byte-words.ts';

/** The arena is indexed by int32. */
const bytesMax = 2 ** 31 - 1;

const initialBytes = 4096;

export class KeyArena {
  bytes: Buffer = Buffer.allocUnsafeSlow(initialBytes);
  view = viewOf(this.bytes);
  readonly #views = new ViewedBytes();
  #length = 0;
  /** Bytes that belong to no key any more. */
  #dead = 0;
  readonly #limit: number;

  constructor(limit = bytesMax) {
    this.#limit = limit;
  }

  /**
   * Puts `length` bytes of a key behind those so far and returns where they begin.
   *
   * @throws MillraceError INVALID_JOB when keys take more than the arena may hold
   */
  append(from: Uint8Array, at: number, length: number): number {
    const start = this.#length;
    const needed = start + length;
    if (needed > this.bytes.length) this.#grow(needed);
    copyWords({ from: this.#views.of(from), start: at, end: at + length, to: this.view, at: start });
    this.#length = start + length;
    return start;
  }

  /** The bytes of a key are of no use any more. */
  free(length: number): void {
    this.#dead += length;
  }

  /** Forgets all keys. */
  clear(): void {
    this.#length = 0;
    this.#dead = 0;
  }

  /** Whether there is no room for so many bytes more, and would be if the arena were renewed. */
  isWorthCompacting(further: number): boolean {
    const needed = this.#length + further;
    return needed > this.bytes.length && this.#dead > 0 && (this.#dead * 2 >= this.#length || needed > this.#limit);
  }

  /** Begins anew, with room for the keys that are left and as much again. They are to be appended once more from what it returns. */
  renew(further: number): Buffer {
    const { bytes } = this;
    const needed = this.#length - this.#dead + further;
    this.clear();
    this.#replace(Math.max(initialBytes, needed * 2));
    return bytes;
  }

  #grow(needed: number): void {
    if (needed > this.#limit) {
      throw new MillraceError(
        'INVALID_JOB',
        'the keys of one subtask take more than 2 GiB; spread them over more subtasks with setParallelism, or key by something shorter',
      );
    }
    const { bytes } = this;
    this.#replace(Math.max(bytes.length * 2, needed));
    this.bytes.set(bytes.subarray(0, this.#length));
  }

  #replace(length: number): void {
    this.bytes = Buffer.allocUnsafeSlow(Math.min(this.#limit, length));
    this.view = viewOf(this.bytes);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
