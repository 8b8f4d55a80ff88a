/** A channel between two subtasks of one worker: a bounded queue that hands batches over by reference. @hotpath */

import { assert } from '../base/assert.ts';
import { defaultLimits } from '../base/limits.ts';
import { RecordBatch } from '../batch/record-batch.ts';
import type { RecordType } from '../schema/type.ts';
import { BatchPool } from './batch-pool.ts';
import type { BatchOptions, ChannelReader, ChannelWriter } from './channel.ts';
import type { StreamElement } from './element.ts';

export class LocalChannel implements ChannelWriter, ChannelReader {
  readonly bytes = 0;
  readonly #capacity: number;
  readonly #queue: StreamElement[] = [];
  readonly #pool: BatchPool;
  #polled = false;
  /** Elements that were released so far: the number of the first in the queue. */
  #released = 0;
  announced = 0;
  /** The number of the first element behind the announcement. */
  #announcedAt = 0;
  sealed = false;

  /**
   * @param capacity elements that may wait
   * @param pooledBatches that are kept to be filled again
   */
  constructor(capacity: number, pooledBatches = defaultLimits.pooledBatches) {
    this.#capacity = capacity;
    this.#pool = new BatchPool(pooledBatches);
  }

  get waiting(): number {
    return this.#queue.length;
  }

  offer(element: StreamElement): boolean {
    if (this.#queue.length >= this.#capacity) return false;
    this.#queue.push(element);
    if (element.kind === 'end') this.sealed = true;
    return true;
  }

  acquire(type: RecordType, options: BatchOptions): RecordBatch {
    return this.#pool.acquire(type, options);
  }

  poll(): StreamElement | null {
    if (this.#queue.length === 0) return null;
    this.#polled = true;
    return this.#queue[0] as StreamElement;
  }

  release(): void {
    assert(this.#polled, 'only a polled element is released');
    this.#polled = false;
    this.#released++;
    const element = this.#queue.shift() as StreamElement;
    if (element instanceof RecordBatch) this.#pool.release(element);
  }

  isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  announce(checkpoint: number): void {
    this.announced = checkpoint;
    this.#announcedAt = this.#released + this.#queue.length;
  }

  ahead(checkpoint: number, behindPolled: boolean, visit: (batch: RecordBatch) => void): void {
    const count = this.announced >= checkpoint ? this.#announcedAt - this.#released : this.#queue.length;
    for (let i = behindPolled ? 1 : 0; i < count; i++) {
      const element = this.#queue[i] as StreamElement;
      if (element.kind === 'end' || (element.kind === 'barrier' && element.checkpoint === checkpoint)) return;
      if (element.kind === 'batch') visit(element);
    }
  }
}
