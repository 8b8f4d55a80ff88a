/** State that belongs to no key: how far event time has come, and records on their way. */

import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import type { Limits } from '../../src/base/limits.ts';
import type { OperatorSpec } from '../../src/graph/logical.ts';
import { count, sum } from '../../src/operators/aggregators/index.ts';
import { keyedAggregateOperator } from '../../src/operators/keyed-aggregate.ts';
import { rollingOperator } from '../../src/operators/rolling.ts';
import { sliceAggregateOperator } from '../../src/operators/window/slices/slice-aggregate.ts';
import type { WindowSpec } from '../../src/operators/window/window-spec.ts';
import { rescaleSnapshots } from '../../src/testing/harness-state.ts';
import { operatorHarness } from '../../src/testing/operator-harness.ts';
import { type HarnessStep, verifyOperator } from '../../src/testing/verify-operator.ts';
import { progressBySplit, type SplitProgress } from '../../src/time/split-progress.ts';
import { WatermarkTracker } from '../../src/time/watermark-tracker.ts';
import { type WatermarkGenerator, type WatermarkOutput, watermarks } from '../../src/time/watermarks.ts';
import { eventTime } from '../../src/time/windows/assigners/event-time.ts';

interface Event {
  readonly at: number;
}

const events = (...times: readonly number[]) => times.map((at) => ({ element: { at } }));
const passing = (processingTime: number) => ({ processingTime });

/** Says every third timestamp. */
class EveryThird implements WatermarkGenerator<Event> {
  #seen = 0;

  onEvent(_event: Event, timestamp: number, output: WatermarkOutput): void {
    this.#seen++;
    if (this.#seen % 3 === 0) output.emitWatermark(timestamp);
  }

  onPeriodicEmit(): void {}

  snapshot(): unknown {
    return { seen: this.#seen };
  }

  restore(snapshot: unknown): void {
    this.#seen = (snapshot as { seen: number }).seen;
  }
}

describe('watermarks', () => {
  const bounded = (stream: DataStream<Event>) =>
    stream.assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness('5ms', { timestamp: 'at' }));

  test('go on from where they were', async () => {
    const steps = [...events(10, 30), passing(300), ...events(12, 40), passing(600), ...events(20), passing(900), ...events(60)];
    await verifyOperator(bounded, { steps });
    const generated = (stream: DataStream<Event>) =>
      stream.assignTimestampsAndWatermarks(watermarks.generator<Event>({ timestamp: 'at', create: () => new EveryThird() }));
    await verifyOperator(generated, { steps });
  });

  test('make late what was late before', () => {
    const late = (stream: DataStream<Event>) =>
      bounded(stream)
        .keyBy(() => 0)
        .window(eventTime.tumbling('10ms'))
        .reduce((a, b) => ({ at: a.at + b.at }));
    const before = operatorHarness(late);
    before.processElement({ at: 100 });
    before.advanceProcessingTime(1000);
    const after = operatorHarness(late, { restore: before.snapshot(), now: before.clock.now() });
    after.processElement({ at: 50 });
    expect([before.lateRecords, after.lateRecords]).toEqual([0, 1]);
  });

  test('of an assigner are those of the slowest subtask', () => {
    const [ahead, behind] = [100, 40].map((at) => {
      const harness = operatorHarness(bounded);
      harness.processElement({ at });
      harness.advanceProcessingTime(1000);
      return harness.snapshot();
    }) as [never, never];
    for (const subtask of [0, 1, 2]) {
      const restored = operatorHarness(bounded, { restore: rescaleSnapshots([ahead, behind], { subtask, parallelism: 3 }) });
      expect(restored.watermarks).toEqual([34]);
    }
  });

  const strategy = watermarks.boundedOutOfOrderness<Event>('5ms');

  /** A tracker that goes on from what others said. */
  function restored(items: readonly SplitProgress[], watermark: number): WatermarkTracker<Event> {
    return new WatermarkTracker(strategy, { intervalMs: 1, now: 0, splits: true, restored: { splits: progressBySplit(items), watermark } });
  }

  test('of a split go with it to whoever reads it', () => {
    const one = new WatermarkTracker(strategy, { intervalMs: 1, now: 0, splits: true });
    for (const [id, at] of [
      ['a', 20],
      ['b', 90],
      ['unread', Number.NEGATIVE_INFINITY],
    ] as const) {
      one.addSplit(id);
      one.select(id);
      one.onEvent({ at }, at);
    }
    one.onPeriodicEmit(1);
    const said = structuredClone(one.progress(true));
    expect(said.map(({ id }) => id)).toEqual(['a', 'b']);
    const two = restored(said, one.watermark);
    two.addSplit('b');
    two.onPeriodicEmit(1);
    expect(two.watermark).toBe(84);
    // What nobody has added yet is passed on by one subtask, and gives way to what the reader of the split says.
    expect(two.progress(false).map(({ id }) => id)).toEqual(['b']);
    expect(two.progress(true).map(({ id, carried }) => [id, carried])).toEqual([
      ['b', false],
      ['a', true],
    ]);
    const behind: SplitProgress = { id: 'b', maxTimestamp: 95, watermark: 80, generator: undefined, carried: true };
    expect(progressBySplit([behind, ...two.progress(false)]).get('b')?.carried).toBe(false);
    expect(progressBySplit([...two.progress(false), behind]).get('b')?.carried).toBe(false);
  });

  test('wait for the splits that were slowest', () => {
    const two = restored([{ id: 'a', maxTimestamp: 20, watermark: 14, generator: undefined, carried: false }], 14);
    two.addSplit('new');
    two.addSplit('a');
    two.select('new');
    two.onEvent({ at: 100 }, 100);
    two.onPeriodicEmit(1);
    expect(two.watermark).toBe(14);
    two.select('a');
    two.onEvent({ at: 50 }, 50);
    two.onPeriodicEmit(2);
    expect(two.watermark).toBe(44);
  });
});

describe('asyncMap', () => {
  /** Calls that the test answers. */
  function answering(options: { capacity?: number; ordered?: boolean } = {}) {
    const calls: { record: number; answer: (result: string) => void }[] = [];
    const build = (stream: DataStream<number>) =>
      stream.asyncMap((record) => new Promise<string>((answer) => calls.push({ record, answer })), options);
    return { calls, build };
  }

  test('calls again for what was on its way or waited, in order', async () => {
    const before = answering({ capacity: 2 });
    const harness = operatorHarness(before.build);
    for (const record of [1, 2, 3, 4]) harness.processElement(record, record * 10);
    before.calls[1]?.answer('two');
    await harness.settle();
    expect(harness.output).toEqual([]);
    const snapshot = harness.snapshot();
    const after = answering({ capacity: 2 });
    const restored = operatorHarness(after.build, { restore: snapshot });
    // What is here already must not be asked of the old instance.
    harness.close();
    while (restored.outstanding) {
      for (const { record, answer } of after.calls) answer(`${record}!`);
      await restored.settle();
    }
    expect(after.calls.map(({ record }) => record)).toEqual([1, 2, 3, 4]);
    expect(restored.records).toEqual([1, 2, 3, 4].map((n) => ({ value: `${n}!`, timestamp: n * 10 })));
  });

  test('deals out what was on its way', async () => {
    const before = answering({ ordered: false });
    const harness = operatorHarness(before.build);
    for (const record of [1, 2, 3, 4, 5]) harness.processElement(record);
    before.calls[2]?.answer('three');
    await harness.settle();
    expect(harness.output).toEqual(['three']);
    const snapshot = harness.snapshot();
    harness.close();
    const called = [0, 1, 2].map((subtask) => {
      const { calls, build } = answering();
      operatorHarness(build, { restore: rescaleSnapshots([snapshot], { subtask, parallelism: 3 }) });
      return calls.map(({ record }) => record);
    });
    expect(called).toEqual([[1, 5], [2], [4]]);
  });
});

describe('aggregation in front of the exchange', () => {
  const aggregators = { n: count(), at: sum('at') };
  const keyed = (stream: DataStream<Event>) => stream.keyBy(({ at }) => at % 3);
  const steps: HarnessStep<Event>[] = [1, 5, 4, 7, 2, 12, 11, 3, 14, 13, 22].flatMap((at, i) => [
    { element: { at }, timestamp: at },
    ...(i % 4 === 3 ? [{ watermark: i * 2 - 1 }] : []),
  ]);
  const local = (operator: OperatorSpec): OperatorSpec => operator.local as OperatorSpec;

  test('of windows is gone on with', async () => {
    for (const localAggregationKeys of [1, 2, 100]) {
      const spec = {
        assigner: eventTime.tumbling('10ms'),
        trigger: undefined,
        evictor: undefined,
        allowedLatenessMs: 0,
        lateTag: undefined,
      };
      const operator = local(sliceAggregateOperator({ ...spec, keyed: true } as unknown as WindowSpec, { aggregators, toRow: undefined }));
      const limits = { localAggregationKeys };
      const build = (stream: DataStream<Event>) => keyed(stream).transform<readonly number[]>(operator);
      if (localAggregationKeys > 2) await verifyOperator(build, { steps, limits });
      expect(await totals(build, limits)).toEqual([11, 94]);
    }
  });

  test('of keys is gone on with', async () => {
    const operators = [
      local(keyedAggregateOperator({ aggregators, toRow: undefined })),
      local(rollingOperator({ kind: 'sum', field: 'at' })),
    ];
    for (const operator of operators) {
      await verifyOperator((stream: DataStream<Event>) => keyed(stream).transform(operator), {
        steps,
        runtimeMode: 'batch',
        anyOrder: true,
      });
    }
    const [operator] = operators as [OperatorSpec];
    const build = (stream: DataStream<Event>) => keyed(stream).transform<readonly number[]>(operator);
    for (const localAggregationKeys of [1, 2, 100]) expect(await totals(build, { localAggregationKeys })).toEqual([11, 94]);
  });

  /** What comes out of two instances, and of the one that goes on from them, in sum. */
  async function totals(build: (stream: DataStream<Event>) => DataStream<readonly number[]>, limits: Partial<Limits>): Promise<number[]> {
    const options = { limits, runtimeMode: 'batch' } as const;
    const instances = [0, 1].map((i) => {
      const harness = operatorHarness(build, options);
      for (const step of steps.filter((_, at) => at % 2 === i))
        if ('element' in step) harness.processElement(step.element, step.element.at);
      return harness;
    });
    const snapshots = instances.map((harness) => harness.snapshot());
    const restored = operatorHarness(build, { ...options, restore: rescaleSnapshots(snapshots, { subtask: 0, parallelism: 1 }) });
    await restored.end();
    const rows = [...instances.flatMap(({ output }) => output), ...restored.output];
    return [0, 1].map((i) => rows.reduce((total, row) => total + (row[i] as number), 0));
  }
});
