/** Windows of whole jobs against their definition: out-of-order records, any parallelism, any limits. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect, count, sum } from '../../../src/operators/aggregators/index.ts';
import { OutputTag } from '../../../src/operators/process/context.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { globalWindow } from '../../../src/time/windows/assigners/global-windows.ts';
import { evictors } from '../../../src/time/windows/evictors/evictors.ts';
import { triggers } from '../../../src/time/windows/triggers/triggers.ts';
import type { Window } from '../../../src/time/windows/window.ts';
import type { AssignerContext, WindowAssigner } from '../../../src/time/windows/window-assigner.ts';
import { type Step, windowName } from '../../time/windows/driver.ts';
import { Reference, type ReferenceOptions } from '../../time/windows/reference.ts';
import { type Fired, fixedWindows, followed, type Reading, sessions } from './brute-force.ts';

const limits = [
  { batchRows: 1, ringBytes: 256, localQueueBatches: 1 },
  { batchRows: 2, ringBytes: 512, localQueueBatches: 1 },
  { batchRows: 7, ringBytes: 1024, localQueueBatches: 2 },
  {},
];

const settings = fc.record({ parallelism: fc.constantFrom(1, 2, 4), limits: fc.constantFrom(...limits) });

/** Times that go on, with some far behind. All values differ. */
function streams(step: number): fc.Arbitrary<Reading[]> {
  const drawn = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    leap: fc.integer({ min: 0, max: 8 }),
    lag: fc.integer({ min: 0, max: 40 }),
  });
  return fc.array(drawn, { minLength: 1, maxLength: 60 }).map((all) => {
    let now = 0;
    return all.map(({ key, leap, lag }, value) => {
      now += leap;
      return { key, value, at: (now - (lag > 25 ? 0 : lag)) * step };
    });
  });
}

function inOrder<R>(rows: readonly R[]): R[] {
  return [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const late = new OutputTag<Reading>('late');

function check(property: fc.IAsyncProperty<unknown>, numRuns = 60): Promise<void> {
  return Promise.resolve(fc.assert(property as fc.IAsyncPropertyWithHooks<unknown>, { numRuns }));
}

describe('windows of a fixed size', () => {
  const shapes = fc.constantFrom({ size: 10, slide: 10 }, { size: 10, slide: 4 }, { size: 3, slide: 5 });
  const options = fc.record({ shape: shapes, lagMs: fc.constantFrom(0, 5, 30), latenessMs: fc.constantFrom(0, 7, 1000) });

  /** What each way to compute says of the values of a window. */
  const ways = ['apply', 'process', 'reduce', 'aggregate', 'aggregators', 'aggregators by slices'] as const;

  test.each(ways)('hand out what belongs to them, by %s', async (way) => {
    await check(
      fc.asyncProperty(streams(1), options, settings, async (readings, { shape, lagMs, latenessMs }, setting) => {
        const { size, slide } = shape;
        const env = new TestEnvironment(setting);
        const windowed = env
          .fromData(readings, { watermarks: followed(lagMs) })
          .keyBy('key')
          .window(size === slide ? eventTime.tumbling(size) : eventTime.sliding(size, slide))
          .allowedLateness(latenessMs)
          .sideOutputLateData(late);
        const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
        const computed = {
          apply: () =>
            windowed.apply((key, { start, end }, elements, out: (row: unknown) => void) =>
              out({ key, start, end, values: [...elements].map(({ value }) => value) }),
            ),
          process: () =>
            windowed.process({
              process({ key, window: { start, end } }, elements, out: (row: unknown) => void) {
                out({ key, start, end, values: [...elements].map(({ value }) => value) });
              },
            }),
          reduce: () =>
            windowed.reduce(
              (a, b) => ({ ...a, value: a.value + b.value }),
              ({ value }, { key, window: { start, end } }): unknown => ({ key, start, end, sum: value }),
            ),
          aggregate: () =>
            windowed.aggregate(
              {
                createAccumulator: (): number[] => [],
                add: ({ value }, values) => [...values, value],
                getResult: (values) => values,
                merge: (a, b) => [...a, ...b],
              },
              (values, { key, window: { start, end } }): unknown => ({ key, start, end, values }),
            ),
          // An own trigger that is the same is not known to be.
          aggregators: () =>
            windowed.trigger({ ...triggers.eventTime() }).aggregate({ values: collect('value'), n: count(), sum: sum('value') }),
          'aggregators by slices': () => windowed.aggregate({ values: collect('value'), n: count(), sum: sum('value') }),
        }[way]();
        computed.getSideOutput(late).toHost('late');
        const rows = await env.collect<unknown>(computed as never);
        const expected = fixedWindows(readings, { size, slide, lagMs, latenessMs });
        const shown = ({ key, start, end, values }: Fired): unknown => {
          if (way === 'reduce') return { key, start, end, sum: sumOf(values) };
          return way.startsWith('aggregators')
            ? { key, start, end, values, n: values.length, sum: sumOf(values) }
            : { key, start, end, values };
        };
        expect(inOrder(rows)).toEqual(inOrder(expected.fired.map(shown)));
        expect(inOrder(env.outputs.late ?? [])).toEqual(inOrder(expected.late));
        expect(env.warnings).toEqual([]);
      }),
    );
  });
});

test('sessions hold what is less than a gap apart, in whatever order it comes', async () => {
  await check(
    fc.asyncProperty(streams(2), settings, async (readings, setting) => {
      const env = new TestEnvironment(setting);
      const windowed = env
        .fromData(readings, { watermarks: followed(100) })
        .keyBy('key')
        .window(eventTime.session({ gap: 5 }));
      const rows = windowed.aggregate({ values: collect('value'), n: count() });
      const expected = sessions(readings, 5).map(({ values, ...rest }) => ({ ...rest, values: inOrder(values), n: values.length }));
      const collected = (await env.collect(rows)).map(({ values, ...rest }) => ({ ...rest, values: inOrder(values) }));
      expect(inOrder(collected.map(({ key, start, end, values, n }) => ({ key, start, end, values, n })))).toEqual(inOrder(expected));
    }),
  );
});

describe('windows of any kind, against the plainest operator there could be', () => {
  const any = <W extends Window>(assigner: WindowAssigner<never, W>): WindowAssigner<number, Window> => assigner as never;
  const assigners = fc.constantFrom(
    any(eventTime.tumbling(10, { offset: -3 })),
    any(eventTime.sliding(10, 3)),
    any(eventTime.session({ gap: 4 })),
    any(eventTime.session({ gap: (value: number) => 1 + (value % 5) })),
    any(globalWindow({ endOfStream: true })),
  );
  const trigger = fc.constantFrom(
    undefined,
    triggers.count(3),
    triggers.purging(triggers.count(2)),
    triggers.continuousEventTime(4),
    triggers.purging(triggers.eventTime()),
  );
  const evictor = fc.constantFrom(undefined, undefined, evictors.count(2), evictors.time(3), evictors.count(1, { after: true }));
  const options = fc.record({
    assigner: assigners,
    trigger,
    evictor,
    allowedLatenessMs: fc.constantFrom(0, 3, 1000),
    lagMs: fc.constantFrom(0, 5),
  });

  test('at any parallelism', async () => {
    await check(
      fc.asyncProperty(streams(1), options, settings, async (readings, { lagMs, ...option }, setting) => {
        const reference: ReferenceOptions = { ...option, trigger: option.trigger ?? option.assigner.defaultTrigger() };
        const expected = new Reference(reference).run(stepsOf(readings, lagMs)).flat();
        const env = new TestEnvironment(setting);
        const base = env
          .fromData(readings, { watermarks: followed(lagMs) })
          .keyBy('key')
          .window(onValues(option.assigner))
          .trigger(onValueTrigger(reference.trigger))
          .allowedLateness(option.allowedLatenessMs)
          .sideOutputLateData(late);
        const windowed = option.evictor === undefined ? base : base.evictor(option.evictor);
        const fired = windowed.apply((key, window, elements, out: (row: unknown) => void) =>
          out([key, windowName(window), [...elements].map(({ value }) => value)]),
        );
        fired.getSideOutput(late).toHost('late');
        const rows = await env.collect(fired);
        const keys = ['a', 'b', 'c'];
        const firings = expected.filter(({ kind }) => kind === 'fired').map(({ key, window, contents }) => [keys[key], window, contents]);
        expect(inOrder(rows)).toEqual(inOrder(firings));
        const missed = expected.filter(({ kind }) => kind === 'late').map(({ contents }) => contents);
        expect(inOrder((env.outputs.late ?? []).map((reading) => (reading as Reading).value))).toEqual(inOrder(missed));
      }),
      250,
    );
  });

  function stepsOf(readings: readonly Reading[], lagMs: number): Step[] {
    let latest = Number.NEGATIVE_INFINITY;
    const steps = readings.flatMap(({ key, value, at }): Step[] => {
      const record: Step = { kind: 'record', key: 'abc'.indexOf(key), value, timestamp: at };
      if (at <= latest) return [record];
      latest = at;
      return [record, { kind: 'watermark', time: latest - lagMs }];
    });
    return [...steps, { kind: 'watermark', time: Number.POSITIVE_INFINITY }];
  }

  /** The reference has numbers for records. */
  function onValues(assigner: WindowAssigner<number, Window>): WindowAssigner<Reading, Window> {
    const { assignWindow, ...others } = assigner;
    return {
      ...others,
      isEventTime: assigner.isEventTime,
      defaultTrigger: () => assigner.defaultTrigger() as never,
      assignWindows: ({ value }: Reading, timestamp: number | undefined, context: AssignerContext) =>
        assigner.assignWindows(value, timestamp, context),
    } as unknown as WindowAssigner<Reading, Window>;
  }

  function onValueTrigger(of: ReferenceOptions['trigger']) {
    return { ...of, onElement: ({ value }: Reading, ...rest: never[]) => (of.onElement as (...args: unknown[]) => never)(value, ...rest) };
  }
});
