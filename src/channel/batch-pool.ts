/** Batches that came back from a reader, to be filled again. @hotpath */

import { RecordBatch } from '../batch/record-batch.ts';
import type { RecordType } from '../schema/type.ts';
import type { BatchOptions } from './channel.ts';

export class BatchPool {
  readonly #free: RecordBatch[] = [];
  readonly #pooledMax: number;

  /** @param pooledMax batches that are kept */
  constructor(pooledMax: number) {
    this.#pooledMax = pooledMax;
  }

  acquire(type: RecordType, options: BatchOptions): RecordBatch {
    for (let batch = this.#free.pop(); batch !== undefined; batch = this.#free.pop()) {
      if (batch.type === type && fits(batch, options)) {
        batch.clear();
        return batch;
      }
    }
    return new RecordBatch(type, options);
  }

  release(batch: RecordBatch): void {
    if (this.#free.length < this.#pooledMax) this.#free.push(batch);
  }
}

function fits(batch: RecordBatch, { capacity, timestamps, hashes }: BatchOptions): boolean {
  return batch.capacity === capacity && (batch.timestamps !== null) === timestamps && (batch.hashes !== null) === hashes;
}
