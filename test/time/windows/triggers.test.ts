/** When windows fire: each trigger on a stream of its own. */

import { describe, expect, test } from 'vitest';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { globalWindow } from '../../../src/time/windows/assigners/global-windows.ts';
import { processingTime } from '../../../src/time/windows/assigners/processing-time.ts';
import { evictors } from '../../../src/time/windows/evictors/evictors.ts';
import type { Trigger } from '../../../src/time/windows/trigger.ts';
import { triggers } from '../../../src/time/windows/triggers/triggers.ts';
import type { Window } from '../../../src/time/windows/window.ts';
import type { WindowAssigner } from '../../../src/time/windows/window-assigner.ts';
import { listedContents } from '../../../src/time/windows/window-contents.ts';
import { clock, record, type Step, WindowDriver, watermark } from './driver.ts';

/** Contents of each firing, with the index of the step that caused it. */
function firings<W extends Window>(assigner: WindowAssigner<number, W>, trigger: Trigger<number, W>, steps: readonly Step[]): string[] {
  const driver = new WindowDriver({ assigner, trigger, contents: listedContents<number>() });
  return driver
    .run(steps)
    .flatMap((outputs, i) =>
      outputs.flatMap(({ kind, contents }) => (kind === 'fired' ? [`${i}: ${(contents as number[]).join(' ')}`] : [])),
    );
}

const values = (...all: number[]): Step[] => all.map((value) => record(value, value));

describe('triggers', () => {
  test('count fires at every n records and starts to count anew', () => {
    expect(firings(globalWindow(), triggers.count(2), values(1, 2, 3, 4, 5))).toEqual(['1: 1 2', '3: 1 2 3 4']);
  });

  test('count does not fire at the end of the window', () => {
    expect(firings(eventTime.tumbling(10), triggers.count(2), [...values(1, 2, 3), watermark(100)])).toEqual(['1: 1 2']);
  });

  test('counts of sessions that become one add up', () => {
    const steps = [record(1, 0), record(2, 8), record(3, 4)];
    expect(firings(eventTime.session({ gap: 5 }), triggers.count(3), steps)).toEqual(['2: 1 2 3']);
  });

  test('purging hands out what is new', () => {
    expect(firings(globalWindow(), triggers.purging(triggers.count(2)), values(1, 2, 3, 4))).toEqual(['1: 1 2', '3: 3 4']);
  });

  test('continuous event time fires at multiples of the interval, and at the end', () => {
    const steps = [record(1, 12), watermark(14), record(2, 13), watermark(15), watermark(17), record(3, 18), watermark(19), watermark(29)];
    expect(firings(eventTime.tumbling(20), triggers.continuousEventTime(5), steps)).toEqual(['3: 1 2', '6: 1 2 3']);
  });

  test('continuous event time: a watermark that leaps fires once for each multiple', () => {
    const fired = firings(eventTime.tumbling(20), triggers.continuousEventTime(5), [record(1, 2), watermark(19)]);
    expect(fired).toEqual(['1: 1', '1: 1', '1: 1', '1: 1']);
  });

  test('continuous event time counts from multiples before 1970, too', () => {
    const steps = [record(1, -13), watermark(-11), watermark(-10)];
    expect(firings(eventTime.tumbling(100), triggers.continuousEventTime(5), steps)).toEqual(['2: 1']);
  });

  test('continuous event time in a window without an end stops when the input does', () => {
    const steps = [record(1, 2), watermark(5), watermark(Number.POSITIVE_INFINITY)];
    expect(firings(globalWindow(), triggers.continuousEventTime(5), steps)).toEqual(['1: 1', '2: 1', '2: 1']);
  });

  test('continuous processing time', () => {
    const steps = [clock(3), record(1, 0), clock(5), clock(6), clock(10), clock(11), record(2, 0), clock(20), clock(21)];
    const expected = ['3: 1', '5: 1', '7: 1 2', '7: 1 2'];
    expect(firings(processingTime.tumbling(20), triggers.continuousProcessingTime(5), steps)).toEqual(expected);
  });

  test('delta fires when a record is far from the one that fired last', () => {
    const trigger = triggers.delta<number>(5, (reference, value) => value - reference);
    expect(firings(globalWindow(), triggers.purging(trigger), values(1, 6, 7, 9, 13))).toEqual(['2: 1 6 7', '4: 9 13']);
  });

  test('timeout fires a while after the first record', () => {
    const steps = [record(1, 0), clock(4), record(2, 0), clock(5), clock(6), record(3, 0), record(4, 0), record(5, 0), clock(100)];
    const trigger = triggers.purging(triggers.timeout(triggers.count(3), 5));
    expect(firings(globalWindow(), trigger, steps)).toEqual(['4: 1 2', '7: 3 4 5']);
  });

  test('timeout that starts anew fires a while after the last record', () => {
    const steps = [record(1, 0), clock(4), record(2, 0), clock(6), clock(9), clock(10)];
    const trigger = triggers.timeout(triggers.count(3), 5, { resetTimerOnNewRecord: true });
    expect(firings(globalWindow(), trigger, steps)).toEqual(['5: 1 2']);
  });

  test('timeout may leave the other trigger as it is', () => {
    const steps = [record(1, 0), record(2, 0), clock(6), record(3, 0)];
    expect(firings(globalWindow(), triggers.timeout(triggers.count(3), 5), steps)).toEqual(['2: 1 2']);
    const kept = triggers.timeout(triggers.count(3), 5, { shouldClearOnTimeout: false });
    expect(firings(globalWindow(), kept, steps)).toEqual(['2: 1 2', '3: 1 2 3']);
  });

  test('an own trigger with an assigner of windows of time', () => {
    const urgent: Trigger<number, Window> = {
      onElement(value, _timestamp, window, context) {
        context.registerEventTime(window.maxTimestamp);
        return value > 100 ? 'fire' : 'continue';
      },
      onEventTime: (time, window) => (time === window.maxTimestamp ? 'fire' : 'continue'),
      onProcessingTime: () => 'continue',
    };
    const steps = [record(1, 0), record(101, 2), watermark(9)];
    expect(firings(eventTime.tumbling(10), urgent, steps)).toEqual(['1: 1 101', '2: 1 101']);
  });
});

describe('refused', () => {
  const delta = triggers.delta<number>(5, (a, b) => b - a);
  const contents = listedContents<number>();
  test.each([
    [
      'a trigger that cannot merge, of sessions',
      () => new WindowDriver({ assigner: eventTime.session({ gap: 5 }), trigger: delta, contents }),
      /the delta trigger.*merge/,
    ],
    [
      'the same within purging',
      () => new WindowDriver({ assigner: eventTime.session({ gap: 5 }), trigger: triggers.purging(delta), contents }),
      /the purging trigger/,
    ],
    ['no contents', () => new WindowDriver({ assigner: globalWindow() }), /expected contents/],
    ['a count of nothing', () => triggers.count(0), /triggers.count: expected a whole number from 1, got 0/],
    ['a threshold that is none', () => triggers.delta(Number.NaN, () => 0), /triggers.delta/],
    ['a delta that is none', () => evictors.delta(1, 'a' as never), /evictors.delta: expected a function/],
    ['an interval of nothing', () => triggers.continuousEventTime(0), /triggers.continuousEventTime/],
    ['a negative duration', () => evictors.time(-1), /evictors.time/],
  ])('%s', (_, attempt, message) => {
    expect(attempt).toThrow(message);
  });

  test('a timer at no time', () => {
    const trigger: Trigger<number, Window> = {
      onElement(_value, _timestamp, _window, context) {
        context.registerEventTime(Number.NaN);
        return 'continue';
      },
      onEventTime: () => 'continue',
      onProcessingTime: () => 'continue',
    };
    expect(() => firings(globalWindow(), trigger, [record(1, 0)])).toThrow(/NaN is not a time/);
  });
});
