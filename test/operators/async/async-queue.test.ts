import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AsyncEntry, AsyncQueue } from '../../../src/operators/async/async-queue.ts';

/** What happens to a queue: a record, a watermark, the completion of one of the outstanding records, or everything ready leaves. */
const happenings = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant({ kind: 'record' as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'watermark' as const }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('complete' as const), which: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'leave' as const }) },
  ),
  { maxLength: 60 },
);

interface Left {
  readonly record: number;
  readonly watermark: number;
}

/** Lets everything happen, then completes what is outstanding; returns the records in the order in which they left. */
function run(ordered: boolean, happening: typeof happenings extends fc.Arbitrary<infer H> ? H : never) {
  const queue = new AsyncQueue(ordered);
  const outstanding: AsyncEntry[] = [];
  const left: Left[] = [];
  const completed: number[] = [];
  const due = new Map<number, number>();
  let records = 0;
  let watermark = 0;
  const complete = (entry: AsyncEntry): void => {
    queue.complete(entry, entry.record);
    completed.push(entry.record as number);
  };
  const leave = (): void => {
    while (queue.isReady) {
      const before = queue.watermark;
      left.push({ record: queue.take().result as number, watermark: before });
    }
  };
  for (const each of happening) {
    if (each.kind === 'record') {
      due.set(records, watermark);
      outstanding.push(queue.add(records++, 0));
    } else if (each.kind === 'watermark') queue.advance(++watermark);
    else if (each.kind === 'leave') leave();
    else if (outstanding.length > 0) complete(outstanding.splice(each.which % outstanding.length, 1)[0] as AsyncEntry);
  }
  for (const entry of outstanding) complete(entry);
  leave();
  return { queue, left, completed, due, records, watermark };
}

describe.each([true, false])('an async queue, ordered: %s', (ordered) => {
  test('hands out every record once, and no watermark passes a record', () => {
    fc.assert(
      fc.property(happenings, (happening) => {
        const { queue, left, due, records, watermark } = run(ordered, happening);
        expect(left.map(({ record }) => record).sort((a, b) => a - b)).toEqual(Array.from({ length: records }, (_, i) => i));
        // A record leaves while the watermark is still what it was before the watermarks that came after the record.
        for (const { record, watermark: at } of left) expect(at).toBeLessThanOrEqual(due.get(record) as number);
        for (const [i, { record }] of left.entries()) {
          const later = left.slice(i + 1).filter((other) => (due.get(other.record) as number) < (due.get(record) as number));
          expect(later).toEqual([]);
        }
        expect(queue.size).toBe(0);
        expect(queue.watermark).toBe(watermark === 0 ? Number.NEGATIVE_INFINITY : watermark);
      }),
    );
  });

  test(ordered ? 'keeps the order of the records' : 'hands out records between two watermarks as they are completed', () => {
    fc.assert(
      fc.property(happenings, (happening) => {
        const { left, completed, due } = run(ordered, happening);
        const order = left.map(({ record }) => record);
        if (ordered) expect(order).toEqual([...order].sort((a, b) => a - b));
        else {
          const rank = (record: number): number => (due.get(record) as number) * 1000 + completed.indexOf(record);
          expect(order).toEqual([...order].sort((a, b) => rank(a) - rank(b)));
        }
      }),
    );
  });
});
