/** Two random streams whose records are out of order, each with a bound that its watermarks know of. */

import fc from 'fast-check';
import { type WatermarkStrategy, watermarks } from '../../../src/time/watermarks.ts';

export interface Item {
  readonly id: string;
  readonly key: number;
  readonly at: number;
}

/** Behind every record: nothing more than `boundMs` older is to come. What is older is late. */
export function bounded(boundMs: number): WatermarkStrategy<Item> {
  return watermarks.generator<Item>({
    timestamp: ({ at }) => at,
    create: () => {
      let latest = Number.NEGATIVE_INFINITY;
      return {
        onEvent(_item, timestamp, output) {
          latest = Math.max(latest, timestamp);
          output.emitWatermark(latest - boundMs - 1);
        },
        onPeriodicEmit() {},
      };
    },
  });
}

export const sizes = [
  { batchRows: 1, ringBytes: 256, localQueueBatches: 1 },
  { batchRows: 2, ringBytes: 512, localQueueBatches: 1 },
  { batchRows: 7, ringBytes: 1024, localQueueBatches: 2 },
  {},
] as const;

const item = fc.record({ key: fc.integer({ min: 0, max: 3 }), at: fc.integer({ min: -20, max: 120 }) });

/** Items in any order. */
export function items(side: string): fc.Arbitrary<readonly Item[]> {
  return fc.array(item, { maxLength: 30 }).map((all) => all.map(({ key, at }, i) => ({ id: `${side}${i}`, key, at })));
}

/** How far out of order a stream is. */
export function disorder(stream: readonly Item[]): number {
  let [latest, most] = [Number.NEGATIVE_INFINITY, 0];
  for (const { at } of stream) {
    most = Math.max(most, latest - at);
    latest = Math.max(latest, at);
  }
  return most;
}
