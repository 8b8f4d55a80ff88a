/** Batches that came back from a reader, to be filled again. @hotpath */

import { RecordBatch } from '../batch/record-batch.ts';
import type { RecordType } from '../schema/type.ts';
import type { BatchOptions } from './channel.ts';

/** More than a queue holds would only keep memory. */
const pooledMax = 8;

export class BatchPool {
  readonly #free: RecordBatch[] = [];

  acquire(type: RecordType, options: BatchOptions): RecordBatch {
    for (let batch = this.#free.pop(); batch !== undefined; batch = this.#free.pop()) {
      if (batch.type === type && batch.capacity === options.capacity && (batch.timestamps !== null) === options.timestamps) {
        batch.clear();
        return batch;
      }
    }
    return new RecordBatch(type, options);
  }

  release(batch: RecordBatch): void {
    if (this.#free.length < pooledMax) this.#free.push(batch);
  }
}
