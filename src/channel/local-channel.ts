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
    const element = this.#queue.shift() as StreamElement;
    if (element instanceof RecordBatch) this.#pool.release(element);
  }

  isEmpty(): boolean {
    return this.#queue.length === 0;
  }
}
