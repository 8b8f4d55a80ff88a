/** What goes wrong in an author's trigger, evictor, gap or timer names the operator and the place. */

import { expect, test } from 'vitest';
import type { DataStream } from '../../../src/api/data-stream.ts';
import type { KeyedStream } from '../../../src/api/keyed-stream.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import type { Trigger, TriggerResult } from '../../../src/time/windows/trigger.ts';
import { followed, type Reading } from './brute-force.ts';

const reading: Reading = { key: 'a', value: 1, at: 3 };
const later: Reading = { key: 'a', value: 2, at: 30 };

function no(): never {
  throw new RangeError('no');
}

function triggerOf(answers: { readonly onElement: () => TriggerResult; readonly onEventTime: () => TriggerResult }): Trigger {
  return { onProcessingTime: () => 'continue', ...answers };
}

function reduced(keyed: KeyedStream<Reading, string>, trigger: Trigger): DataStream<Reading> {
  return keyed
    .window(eventTime.tumbling(10))
    .trigger(trigger)
    .reduce((a) => a);
}

const summing = {
  createAccumulator: () => 0,
  add: ({ value }: Reading, sum: number) => sum + value,
  getResult: (sum: number) => sum,
  merge: (a: number, b: number) => a + b,
};

type Case = readonly [of: string, make: (keyed: KeyedStream<Reading, string>) => DataStream<unknown>, message: RegExp];

const atRecord = "\\n {2}at the record \\{ key: 'a', value: 1, at: 3 \\}$";
const atTimer = "\\n {2}at the record \\{ timer: 9, key: 'a' \\}$";

test.each<Case>([
  [
    'a trigger that throws at a timer',
    (keyed) => reduced(keyed, triggerOf({ onElement: () => 'continue', onEventTime: no })),
    new RegExp(`^'op' failed with RangeError: no${atTimer}`),
  ],
  [
    'an evictor',
    (keyed) =>
      keyed
        .window(eventTime.tumbling(10))
        .evictor({ evictBefore: no })
        .reduce((a) => a),
    new RegExp(`^'op' failed with RangeError: no${atTimer}`),
  ],
  [
    'what no trigger may answer to a record',
    (keyed) => reduced(keyed, triggerOf({ onElement: () => 'FIRE' as never, onEventTime: () => 'continue' })),
    new RegExp(`^'op' failed with TypeError: trigger: expected 'continue', 'fire', 'purge' or 'fire-and-purge', got 'FIRE'${atRecord}`),
  ],
  [
    'what no trigger may answer to a timer',
    (keyed) => reduced(keyed, triggerOf({ onElement: () => 'continue', onEventTime: () => undefined as never })),
    new RegExp(`^'op' failed with TypeError: trigger: expected 'continue', 'fire', 'purge' or 'fire-and-purge', got undefined${atTimer}`),
  ],
  [
    'a gap that is none',
    (keyed) => keyed.window(eventTime.session({ gap: () => 0 })).reduce((a) => a),
    new RegExp(`^'op' failed with RangeError: session: the gap of a record must be above 0 and finite, it is 0${atRecord}`),
  ],
  [
    'a timer without a time',
    (keyed) => keyed.process({ processElement: (_reading, { timers }) => timers.registerEventTime(Number.NaN) }),
    new RegExp(`^'op' failed with TypeError: ctx.timers.registerEventTime: expected a time in epoch milliseconds, got NaN.*${atRecord}`),
  ],
  [
    'an aggregate function that throws at a record',
    (keyed) => keyed.window(eventTime.tumbling(10)).aggregate({ ...summing, add: no }),
    new RegExp(`^'op' failed with RangeError: no${atRecord}`),
  ],
  [
    'an aggregate function that throws at the end of a window',
    (keyed) => keyed.window(eventTime.tumbling(10)).aggregate({ ...summing, getResult: no }),
    /^'op' failed with RangeError: no\n {2}at the record \{ key: 'a', window: \{ start: 0, end: 10 \} \}$/,
  ],
  [
    'what makes a row of the result of an aggregate function',
    (keyed) => keyed.window(eventTime.tumbling(10)).aggregate(summing, no),
    /^'op' failed with RangeError: no\n {2}at the record \{ key: 'a', window: \{ start: 0, end: 10 \} \}$/,
  ],
  [
    'a function of reduce',
    (keyed) => keyed.window(eventTime.tumbling(50)).reduce(no),
    /^'op' failed with RangeError: no\n {2}at the record \{ key: 'a', value: 2, at: 30 \}$/,
  ],
])('%s', async (_of, make, message) => {
  const env = new TestEnvironment();
  const rows = make(env.fromData([reading, later], { watermarks: followed(0) }).keyBy('key')).name('op');
  await expect(env.collect(rows)).rejects.toThrow(message);
});
