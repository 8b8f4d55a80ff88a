/** Records without a time in windows of event time: the error names the operator, shows the record, and says what to do. */

import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../../src/api/data-stream.ts';
import { count, first, sum } from '../../../src/operators/aggregators/index.ts';
import { OutputTag } from '../../../src/operators/process/context.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { watermarks } from '../../../src/time/watermarks.ts';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { globalWindow } from '../../../src/time/windows/assigners/global-windows.ts';
import { triggers } from '../../../src/time/windows/triggers/triggers.ts';

interface Reading {
  readonly key: string;
  readonly value: number;
}

const ways: readonly [title: string, make: (readings: DataStream<Reading>) => DataStream<unknown>][] = [
  [
    'sessions',
    (readings) =>
      readings
        .keyBy('key')
        .window(eventTime.session({ gap: 5 }))
        .sum('value'),
  ],
  [
    'slices',
    (readings) =>
      readings
        .keyBy('key')
        .window(eventTime.tumbling(10))
        .aggregate({ sum: sum('value') }),
  ],
  [
    'slices that are windows',
    (readings) =>
      readings
        .keyBy('key')
        .window(eventTime.tumbling(10))
        .aggregate({ first: first('value') }),
  ],
  ['sliding windows', (readings) => readings.keyBy('key').window(eventTime.sliding(10, 5)).aggregate({ hits: count() })],
  [
    'windows of a key that a function makes',
    (readings) =>
      readings
        .keyBy(({ key }) => `${key}!`)
        .window(eventTime.tumbling(10))
        .aggregate({ hits: count() }),
  ],
  ['windows of all', (readings) => readings.windowAll(eventTime.tumbling(10)).aggregate({ hits: count() })],
  [
    'a trigger',
    (readings) =>
      readings
        .keyBy('key')
        .window(globalWindow())
        .trigger(triggers.continuousEventTime(5))
        .reduce((a) => a),
  ],
];

const copied = ({ key, value }: Reading): Reading => ({ key, value });

const message =
  "'op': the record has no timestamp, which windows of event time go by; give its source watermarks, or call " +
  'assignTimestampsAndWatermarks(…) in front of the windows, or use processingTime windows';

describe.each([1, 2])('in %i subtasks', (parallelism) => {
  test.each(ways)('%s', async (_, make) => {
    const env = new TestEnvironment({ parallelism });
    const rows = make(env.fromData<Reading>([{ key: 'a', value: 7 }])).name('op');
    await expect(env.collect(rows)).rejects.toMatchObject({
      code: 'INVALID_JOB',
      message: `${message}\n  at the record { key: 'a', value: 7 }`,
    });
  });

  const timed = Array.from({ length: 100 }, (_, value) => ({ key: 'a', value }));
  const untimed = [{ key: 'b', value: -7 }];
  const mixed = (env: TestEnvironment): DataStream<Reading> =>
    env
      .fromData<Reading>(timed, { watermarks: watermarks.monotonous({ timestamp: () => 5 }) })
      .union(env.fromData<Reading>(untimed))
      .rebalance();

  test.each(ways)('%s, where some records have times', async (_, make) => {
    for (const ofRows of [false, true]) {
      const env = new TestEnvironment({ parallelism });
      const rows = make(ofRows ? mixed(env).map(copied) : mixed(env)).name('op');
      await expect(env.collect(rows)).rejects.toMatchObject({
        code: 'INVALID_JOB',
        message: `${message}\n  at the record { key: 'b', value: -7 }`,
      });
    }
  });

  test.each([
    [
      'keyed',
      (readings: DataStream<Reading>) =>
        readings
          .keyBy('key')
          .window(eventTime.tumbling(10))
          .sideOutputLateData(new OutputTag('late'))
          .aggregate({ sum: sum('value') }),
    ],
    [
      'not keyed',
      (readings: DataStream<Reading>) =>
        readings
          .windowAll(eventTime.tumbling(10))
          .sideOutputLateData(new OutputTag('late'))
          .aggregate({ sum: sum('value') }),
    ],
  ] as const)('batches of slices behind the exchange, %s', async (_, make) => {
    const env = new TestEnvironment({ parallelism });
    // The one without a time comes late, by a detour; it travels in a batch of those that have one.
    let untimedLast = env.fromData<Reading>(untimed);
    for (let i = 0; i < 5; i++) untimedLast = untimedLast.rebalance().map(copied);
    const copies = env
      .fromData<Reading>(timed, { watermarks: watermarks.monotonous({ timestamp: () => 5 }) })
      .union(untimedLast)
      .map(copied);
    await expect(env.collect(make(copies).name('op'))).rejects.toMatchObject({
      code: 'INVALID_JOB',
      message: `${message}\n  at the record { key: 'b', value: -7 }`,
    });
  });
});
