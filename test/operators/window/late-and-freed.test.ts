/** What becomes of records that come too late, and of what windows leave behind when they end. */

import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import type { OperatorContext } from '../../../src/compiler/operator.ts';
import { count, sum } from '../../../src/operators/aggregators/index.ts';
import { OutputTag } from '../../../src/operators/process/context.ts';
import { aggregatorsComputation, processComputation, type WindowComputation } from '../../../src/operators/window/window-computation.ts';
import type { AggregatorsFold } from '../../../src/operators/window/window-fold.ts';
import { WindowScope } from '../../../src/operators/window/window-scope.ts';
import type { WindowSpec } from '../../../src/operators/window/window-spec.ts';
import { valueState } from '../../../src/state/descriptors.ts';
import type { KeyedContents } from '../../../src/state/keyed-contents.ts';
import { StateLog } from '../../../src/state/state-log.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { countWindow } from '../../../src/time/windows/assigners/count-window.ts';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { processingTime } from '../../../src/time/windows/assigners/processing-time.ts';
import { followed, type Reading } from './brute-force.ts';

const readings: Reading[] = [
  { key: 'a', value: 1, at: 1 },
  { key: 'a', value: 2, at: 20 },
  { key: 'a', value: 3, at: 7 },
  { key: 'b', value: 4, at: 2 },
];

describe('late records', () => {
  test('are counted and warned of, with what would have kept them', async () => {
    const env = new TestEnvironment();
    const rows = env
      .fromData(readings, { watermarks: followed(0) })
      .keyBy('key')
      .window(eventTime.session({ gap: 5 }))
      .sum('value');
    env.outputs.rows = await env.collect(rows);
    expect(env.outputs.rows).toEqual([readings[0], readings[1]]);
    // The windows of both ended at 11 and 6; the watermark is 20.
    expect(env.warnings).toEqual([
      expect.stringMatching(
        /^'sum': 2 records came too late and went nowhere, by up to 15 ms of event time; for example \{ key: 'a', value: 3, at: 7 \}/,
      ),
    ]);
    const kept = new TestEnvironment();
    const enough = kept
      .fromData(readings, { watermarks: followed(0) })
      .keyBy('key')
      .window(eventTime.session({ gap: 5 }))
      .allowedLateness(15)
      .sum('value');
    expect(await kept.collect(enough)).toHaveLength(4);
    expect(kept.warnings).toEqual([]);
  });

  test('are warned of as well when nobody reads their side output', async () => {
    const env = new TestEnvironment();
    const windowed = env
      .fromData(readings, { watermarks: followed(0) })
      .keyBy('key')
      .window(eventTime.tumbling(10));
    await env.collect(windowed.sideOutputLateData(new OutputTag('late')).sum('value'));
    expect(env.warnings).toHaveLength(1);
  });

  test('go to the side output with their own time', async () => {
    const late = new OutputTag<Reading>('late');
    const env = new TestEnvironment({ parallelism: 2 });
    const sums = env
      .fromData(readings, { watermarks: followed(0) })
      .keyBy('key')
      .window(eventTime.tumbling(10))
      .sideOutputLateData(late)
      .sum('value');
    const times = sums
      .getSideOutput(late)
      .process({ processElement: ({ value }, ctx, out: (row: unknown) => void) => out([value, ctx.timestamp]) });
    expect((await env.collect(times)).sort()).toEqual([
      [3, 7],
      [4, 2],
    ]);
    expect(env.warnings).toEqual([]);
  });

  test('windows of event time without timestamps are an error that says what to do', async () => {
    const env = new TestEnvironment();
    const rows = env
      .fromData(readings)
      .keyBy('key')
      .window(eventTime.session({ gap: 5 }))
      .sum('value');
    await expect(env.collect(rows)).rejects.toThrow(
      /^'sum': the record has no timestamp, which windows of event time go by; give its source watermarks/,
    );
  });
});

describe('what is freed', () => {
  function scopeOf(spec: Partial<WindowSpec> & Pick<WindowSpec, 'assigner'>, computation: WindowComputation) {
    const clock = new ManualClock();
    const context = {
      system: { clock, timers: clock, random: seededRandom(1) },
      failure: (error: unknown) => error,
      limits: { shownCharacters: 100 },
      warn() {},
      countLate() {},
      keyedState: (_: string, contents: KeyedContents) => new StateLog(contents, { tracks: true, segmentsMax: 4 }),
    } as unknown as OperatorContext;
    const whole = { trigger: undefined, evictor: undefined, allowedLatenessMs: 0, lateTag: undefined, keyed: true, ...spec };
    const folds: AggregatorsFold[] = [];
    const createFold = () => {
      const fold = computation.createFold();
      folds.push(fold as AggregatorsFold);
      return fold;
    };
    const scope = new WindowScope(whole, { ...computation, createFold }, context);
    const results: unknown[] = [];
    const drain = (): void => {
      while (scope.results.take()) results.push(scope.results.item);
      while (scope.isDue) if (scope.takeDue()) results.push(scope.results.item);
    };
    return {
      scope,
      clock,
      results,
      fold: folds[0] as AggregatorsFold,
      add(key: number, time: number) {
        scope.accept(scope.index.ofNumber(key, key), { value: 1 }, time);
        drain();
      },
      watermark(time: number) {
        scope.advanceEventTime(time);
        drain();
      },
      processingTime(time: number) {
        scope.advanceProcessingTime(time);
        drain();
      },
      timers: () => scope.eventTimers.size + scope.processingTimers.size,
    };
  }

  const counting = aggregatorsComputation({ n: count(), sum: sum('value') } as never, undefined, { keyed: true });

  test.each([
    ['tumbling', eventTime.tumbling(10)],
    ['sliding', eventTime.sliding(10, 3)],
    ['session', eventTime.session({ gap: 7 })],
  ])('keys, timers and accumulators of %s windows go with them', (_, assigner) => {
    const subject = scopeOf({ assigner: assigner as never, allowedLatenessMs: 2 }, counting);
    for (let i = 0; i < 5000; i++) subject.add(i % 97, i);
    subject.watermark(4000);
    expect(subject.scope.index.keyCount).toBe(97);
    subject.add(1, 10);
    expect(subject.results.length).toBeGreaterThan(97);
    subject.watermark(6000);
    expect([subject.scope.size, subject.scope.index.keyCount, subject.timers(), subject.fold.used]).toEqual([0, 0, 0, 0]);
    // A key that is new, but for a record that comes too late, leaves nothing either.
    subject.add(500, 1);
    expect(subject.scope.index.keyCount).toBe(0);
  });

  test('windows of the time of day, and count windows, leave nothing', () => {
    const daily = scopeOf({ assigner: processingTime.session({ gap: 50 }) as never }, counting);
    for (let key = 0; key < 100; key++) daily.add(key, Number.NaN);
    daily.processingTime(49);
    expect(daily.results).toHaveLength(0);
    daily.processingTime(50);
    expect([daily.results.length, daily.scope.index.keyCount, daily.timers(), daily.fold.used]).toEqual([100, 0, 0, 0]);
    const counted = scopeOf({ ...(countWindow(3) as unknown as WindowSpec) }, counting);
    for (let i = 0; i < 300; i++) counted.add(i % 100, Number.NaN);
    expect([counted.results.length, counted.scope.index.keyCount, counted.fold.used]).toEqual([100, 0, 0]);
  });

  test('sessions of ever new keys take the memory of those that are there together', () => {
    const subject = scopeOf({ assigner: eventTime.session({ gap: 1000 }) as never }, counting);
    let slots = 0;
    for (let i = 0; i < 200_000; i++) {
      subject.add(i, i);
      if (i % 100 === 0) subject.watermark(i - 1);
      subject.results.length = 0;
      if (i === 20_000) slots = subject.scope.index.size;
    }
    expect(subject.scope.size).toBeLessThan(1300);
    expect(subject.scope.index.keyCount).toBe(subject.scope.size);
    expect(subject.fold.used).toBe(subject.scope.size);
    // As many slots as there were keys at most, nine tenths of the way ago.
    expect(subject.scope.index.size).toBe(slots);
  });

  test('state of a key outlives its windows until it is cleared, state of a window does not', () => {
    const seen: unknown[] = [];
    const computation = processComputation({
      windowState: { firings: valueState({ default: 0 }) },
      globalState: { total: valueState({ default: 0 }) },
      process(ctx: never) {
        const { windowState, globalState } = ctx as { windowState: never; globalState: never };
        const [firings, total] = [(windowState as Counters).firings, (globalState as Counters).total];
        seen.push([firings?.value, total?.value]);
        firings?.update(firings.value + 1);
        if (total?.value === 2) total.clear();
        else total?.update(total.value + 1);
      },
    } as never);
    const subject = scopeOf({ assigner: eventTime.tumbling(10) as never }, computation);
    const kept: number[] = [];
    for (const time of [1, 11, 21, 31]) {
      subject.add(7, time);
      subject.watermark(time + 9);
      kept.push(subject.scope.index.keyCount);
    }
    expect(seen).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 0],
    ]);
    expect(kept).toEqual([1, 1, 0, 1]);
  });
});

type Counters = Readonly<Record<string, { value: number; update(value: number): void; clear(): void }>>;
