import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WatermarkTracker } from '../../src/time/watermark-tracker.ts';
import { type WatermarkGenerator, type WatermarkStrategy, watermarks } from '../../src/time/watermarks.ts';

const never = Number.NEGATIVE_INFINITY;

function trackerOf<T>(strategy: WatermarkStrategy<T>, splits: readonly string[] = []): WatermarkTracker<T> {
  const tracker = new WatermarkTracker(strategy, { intervalMs: 200, now: 0, splits: splits.length > 0 });
  for (const split of splits) tracker.addSplit(split);
  return tracker;
}

/** A record of the selected split, as the loop over a batch takes it. */
function see(tracker: WatermarkTracker<unknown>, timestamp: number, split?: string): void {
  if (split !== undefined) tracker.select(split);
  if (timestamp > tracker.maxTimestamp) tracker.maxTimestamp = timestamp;
  tracker.events++;
}

const bounded = watermarks.boundedOutOfOrderness('1s', { idleness: '5s' });

describe('WatermarkTracker', () => {
  test('says what is behind the latest timestamp by the out-of-orderness and 1', () => {
    const tracker = trackerOf(bounded);
    expect(tracker.onPeriodicEmit(200)).toBe(false);
    expect(tracker.watermark).toBe(never);
    see(tracker, 5000);
    expect(tracker.watermark).toBe(never);
    expect(tracker.onPeriodicEmit(400)).toBe(true);
    expect(tracker.watermark).toBe(3999);
    see(tracker, 4000);
    expect(tracker.onPeriodicEmit(600)).toBe(false);
    see(tracker, 6000);
    expect(tracker.onPeriodicEmit(800)).toBe(true);
    expect(tracker.watermark).toBe(4999);
  });

  test.each([
    ['monotonous', watermarks.monotonous(), 99],
    ['ingestionTime', watermarks.ingestionTime(), 99],
    ['none', watermarks.none(), never],
  ])('%s', (_, strategy, expected) => {
    const tracker = trackerOf<unknown>(strategy);
    see(tracker, 100);
    expect(tracker.onPeriodicEmit(200)).toBe(expected !== never);
    expect(tracker.watermark).toBe(expected);
    tracker.end();
    expect(tracker.watermark).toBe(Number.POSITIVE_INFINITY);
  });

  test('takes the minimum of its splits', () => {
    const tracker = trackerOf(bounded, ['a', 'b']);
    see(tracker, 9000, 'a');
    tracker.onPeriodicEmit(200);
    expect(tracker.watermark).toBe(never);
    see(tracker, 5000, 'b');
    tracker.onPeriodicEmit(400);
    expect(tracker.watermark).toBe(3999);
    tracker.addSplit('c');
    see(tracker, 2000, 'c');
    see(tracker, 8000, 'b');
    expect(tracker.onPeriodicEmit(600)).toBe(false);
    expect(tracker.watermark).toBe(3999);
    tracker.removeSplit('c');
    expect(tracker.watermark).toBe(3999);
    expect(tracker.onPeriodicEmit(800)).toBe(true);
    expect(tracker.watermark).toBe(6999);
  });

  test('keeps its watermark when the last split is gone', () => {
    const tracker = trackerOf(bounded, ['a']);
    see(tracker, 9000, 'a');
    tracker.onPeriodicEmit(200);
    tracker.removeSplit('a');
    expect(tracker.onPeriodicEmit(400)).toBe(false);
    expect(tracker).toMatchObject({ watermark: 7999, idle: false, events: 0, maxTimestamp: never });
    tracker.addSplit('b');
    see(tracker, 1000);
    expect(tracker.onPeriodicEmit(600)).toBe(false);
    expect(tracker.watermark).toBe(7999);
  });

  describe('idleness', () => {
    test('begins with the first probe that finds no events, and takes longer than the duration', () => {
      const tracker = trackerOf(bounded);
      see(tracker, 5000);
      tracker.onPeriodicEmit(200);
      tracker.onPeriodicEmit(400);
      expect(tracker.onPeriodicEmit(5400)).toBe(false);
      expect(tracker.idle).toBe(false);
      expect(tracker.onPeriodicEmit(5401)).toBe(true);
      expect(tracker.idle).toBe(true);
      expect(tracker.onPeriodicEmit(5600)).toBe(false);
    });

    test('ends with the next watermark', () => {
      const tracker = trackerOf(bounded);
      see(tracker, 5000);
      for (const now of [200, 400, 6000]) tracker.onPeriodicEmit(now);
      expect(tracker.idle).toBe(true);
      see(tracker, 4000);
      expect(tracker.onPeriodicEmit(6200)).toBe(false);
      expect(tracker.idle).toBe(true);
      see(tracker, 7000);
      expect(tracker.onPeriodicEmit(6400)).toBe(true);
      expect(tracker).toMatchObject({ idle: false, watermark: 5999 });
    });

    test('of one split lets the others go on; that of all is that of the subtask', () => {
      const tracker = trackerOf(bounded, ['a', 'b']);
      see(tracker, 2000, 'a');
      see(tracker, 9000, 'b');
      for (const now of [200, 400]) tracker.onPeriodicEmit(now);
      expect(tracker.watermark).toBe(999);
      see(tracker, 9500, 'b');
      expect(tracker.onPeriodicEmit(5500)).toBe(true);
      expect(tracker).toMatchObject({ idle: false, watermark: 8499 });
      for (const now of [5700, 10_800]) tracker.onPeriodicEmit(now);
      expect(tracker).toMatchObject({ idle: true, watermark: 8499 });
    });

    test('comes to a subtask without splits, too', () => {
      const tracker = new WatermarkTracker(bounded, { intervalMs: 200, now: 0, splits: true });
      tracker.onPeriodicEmit(200);
      expect(tracker.deadline).toBe(5200);
      expect(tracker.onPeriodicEmit(5201)).toBe(true);
      expect(tracker.idle).toBe(true);
    });

    test('does not go on in a pause', () => {
      const tracker = trackerOf(bounded);
      tracker.onPeriodicEmit(200);
      tracker.setPaused(true, 1000);
      tracker.setPaused(true, 2000);
      expect(tracker.onPeriodicEmit(50_000)).toBe(false);
      expect(tracker.deadline).toBe(Number.POSITIVE_INFINITY);
      tracker.setPaused(false, 101_000);
      expect(tracker.deadline).toBe(105_200);
      expect(tracker.onPeriodicEmit(105_200)).toBe(false);
      expect(tracker.onPeriodicEmit(105_201)).toBe(true);
    });

    test('can be off', () => {
      const tracker = trackerOf(watermarks.monotonous({ idleness: false }));
      for (const now of [200, 400, 1e9]) expect(tracker.onPeriodicEmit(now)).toBe(false);
      expect(tracker.deadline).toBe(Number.POSITIVE_INFINITY);
    });
  });

  test('tells when it is next needed', () => {
    const tracker = trackerOf(bounded);
    expect(tracker.deadline).toBe(200);
    tracker.onPeriodicEmit(210);
    expect(tracker.deadline).toBe(5210);
    see(tracker, 1000);
    expect(tracker.deadline).toBe(410);
    tracker.onPeriodicEmit(410);
    expect(tracker.deadline).toBe(610);
    tracker.onPeriodicEmit(610);
    expect(tracker.deadline).toBe(5610);
    tracker.onPeriodicEmit(5610);
    expect(tracker.deadline).toBe(5810);
    tracker.onPeriodicEmit(5810);
    expect(tracker).toMatchObject({ idle: true, deadline: Number.POSITIVE_INFINITY });
    expect(new WatermarkTracker(bounded, { intervalMs: 0, now: 0 }).deadline).toBe(Number.POSITIVE_INFINITY);
  });

  describe('own generators', () => {
    /** Says the timestamp of marked records at once, and of the others, every second one, at intervals. */
    class Own implements WatermarkGenerator<string> {
      #latest = never;

      onEvent(event: string, timestamp: number, output: Parameters<WatermarkGenerator<string>['onEvent']>[2]): void {
        this.#latest = timestamp;
        if (event === 'mark') output.emitWatermark(timestamp);
        if (event === 'idle') output.markIdle();
        if (event === 'active') output.markActive();
      }

      onPeriodicEmit(output: Parameters<WatermarkGenerator<string>['onPeriodicEmit']>[0]): void {
        output.emitWatermark(this.#latest - 100);
      }
    }
    const own = watermarks.generator({ create: () => new Own() });

    test('say something for one record, and at intervals', () => {
      const tracker = trackerOf(own);
      expect(tracker.onEvent('record', 500)).toBe(false);
      expect(tracker.onEvent('mark', 500)).toBe(true);
      expect(tracker.watermark).toBe(500);
      expect(tracker.onEvent('mark', 400)).toBe(false);
      tracker.onEvent('record', 700);
      expect(tracker.onPeriodicEmit(200)).toBe(true);
      expect(tracker).toMatchObject({ watermark: 600, events: 4, maxTimestamp: 700 });
      expect(tracker.deadline).toBe(400);
    });

    test('are one for each split', () => {
      const tracker = trackerOf(own, ['a', 'b']);
      tracker.select('a');
      expect(tracker.onEvent('mark', 500)).toBe(false);
      tracker.select('b');
      expect(tracker.onEvent('mark', 300)).toBe(true);
      expect(tracker.watermark).toBe(300);
      expect(tracker.onEvent('idle', 310)).toBe(true);
      expect(tracker.watermark).toBe(500);
      tracker.select('a');
      expect(tracker.onEvent('idle', 510)).toBe(true);
      expect(tracker.idle).toBe(true);
      expect(tracker.onEvent('mark', 600)).toBe(true);
      expect(tracker).toMatchObject({ watermark: 600, idle: false });
    });

    test('are not asked while their split is idle', () => {
      let asked = 0;
      const create = () => ({ onEvent() {}, onPeriodicEmit: () => void asked++ });
      const tracker = trackerOf(watermarks.generator({ create, idleness: 1000 }));
      for (const now of [200, 400, 1200]) tracker.onPeriodicEmit(now);
      expect(asked).toBe(3);
      expect(tracker.onPeriodicEmit(1400)).toBe(true);
      tracker.onPeriodicEmit(1600);
      expect(asked).toBe(3);
      tracker.onEvent(undefined, 0);
      tracker.onPeriodicEmit(1800);
      expect(asked).toBe(4);
    });
  });

  test('never goes back, and never passes what a split that counts may still bring', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('record' as const),
        split: fc.integer({ min: 0, max: 3 }),
        timestamp: fc.integer({ min: 0, max: 50_000 }),
      }),
      fc.record({ kind: fc.constant('toggle' as const), split: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ kind: fc.constant('emit' as const), after: fc.constantFrom(1, 200, 3000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const tracker = new WatermarkTracker(bounded, { intervalMs: 200, now: 0, splits: true });
        const latest = new Map<number, number>();
        let now = 0;
        let watermark = never;
        for (const each of steps) {
          if (each.kind === 'toggle') {
            if (latest.delete(each.split)) tracker.removeSplit(String(each.split));
            else {
              latest.set(each.split, never);
              tracker.addSplit(String(each.split));
            }
          } else if (each.kind === 'record') {
            const before = latest.get(each.split);
            if (before === undefined) continue;
            latest.set(each.split, Math.max(before, each.timestamp));
            see(tracker, each.timestamp, String(each.split));
          } else {
            now += each.after;
            const { watermark: last, idle } = tracker;
            const changed = tracker.onPeriodicEmit(now);
            expect(changed).toBe(last !== tracker.watermark || idle !== tracker.idle);
            const all = [...latest.values()].map((time) => time - 1001);
            if (tracker.watermark > last) expect(all).toContain(tracker.watermark);
            if (!tracker.idle && all.length > 0 && now <= 5000) expect(tracker.watermark).toBe(Math.max(last, Math.min(...all)));
          }
          expect(tracker.watermark).toBeGreaterThanOrEqual(watermark);
          watermark = tracker.watermark;
        }
      }),
      { numRuns: 300 },
    );
  });
});
