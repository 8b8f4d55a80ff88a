/**
 * Keyed operators are run by two instances, and go on in three: together they must bring forth what one does that is left alone. In the
 * first half checkpoints are taken that hold what has changed; a property over the steps and the place where it goes on.
 */

import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import { hashKey } from '../../src/compiler/key-code.ts';
import { keyGroupOf, subtaskOfKeyGroup } from '../../src/graph/physical.ts';
import { count, last, max, sum } from '../../src/operators/aggregators/index.ts';
import type { ProcessWindowContext } from '../../src/operators/window/window-function.ts';
import { aggregatingState, listState, mapState, valueState } from '../../src/state/descriptors.ts';
import type { ListState, ValueState } from '../../src/state/states.ts';
import { type HarnessSnapshot, rescaleSnapshots } from '../../src/testing/harness-state.ts';
import { type OperatorHarness, operatorHarness } from '../../src/testing/operator-harness.ts';
import { type HarnessStep, verifyOperator } from '../../src/testing/verify-operator.ts';
import { eventTime } from '../../src/time/windows/assigners/event-time.ts';
import { globalWindow } from '../../src/time/windows/assigners/global-windows.ts';
import { processingTime } from '../../src/time/windows/assigners/processing-time.ts';
import { evictors } from '../../src/time/windows/evictors/evictors.ts';
import type { Trigger } from '../../src/time/windows/trigger.ts';
import { triggers } from '../../src/time/windows/triggers/triggers.ts';
import type { TimeWindow, Window } from '../../src/time/windows/window.ts';
import type { WindowAssigner } from '../../src/time/windows/window-assigner.ts';
import { runsOf } from '../property-runs.ts';

interface Click {
  readonly user: string | number;
  readonly at: number;
}

type Step = Click | { readonly watermark: number } | { readonly checkpoint: true } | { readonly now: number };
type Build = (clicks: DataStream<Click>) => DataStream<unknown>;
type Harness = OperatorHarness<unknown, Click>;

const groups = 128;

function ownerOf({ user }: Click, parallelism: number): number {
  return subtaskOfKeyGroup(keyGroupOf(hashKey(user), groups), groups, parallelism);
}

function apply(harnesses: readonly Harness[], step: Step): void {
  if ('user' in step) harnesses[ownerOf(step, harnesses.length)]?.processElement(step, step.at);
  else if ('watermark' in step) for (const harness of harnesses) harness.processWatermark(step.watermark);
  else if ('now' in step) for (const harness of harnesses) harness.setProcessingTime(step.now);
  else for (const harness of harnesses) harness.beginCheckpoint().finish();
}

const rowsOf = (harnesses: readonly Harness[]): string[] => harnesses.flatMap(({ output }) => output.map((row) => inspect(row)));

/** The rows of instances that go on from snapshots of two, and of those two. */
async function rescaled(build: Build, steps: readonly Step[], at: number): Promise<string[]> {
  const before = [0, 1].map((): Harness => operatorHarness(build));
  let [now, watermark] = [0, Number.NEGATIVE_INFINITY];
  for (const step of steps.slice(0, at)) {
    apply(before, step);
    if ('now' in step) now = step.now;
    if ('watermark' in step) watermark = step.watermark;
  }
  const snapshots = before.map((harness, i): HarnessSnapshot => (i === 0 ? harness.snapshot() : harness.beginCheckpoint().finish()));
  const rows = rowsOf(before);
  for (const harness of before) harness.close();
  const after = [0, 1, 2].map((subtask): Harness => {
    const restore = rescaleSnapshots(snapshots, { subtask, parallelism: 3 });
    return operatorHarness(build, { restore: structuredClone(restore), now });
  });
  if (watermark > Number.NEGATIVE_INFINITY) apply(after, { watermark });
  for (const step of steps.slice(at)) apply(after, step);
  for (const harness of after) await harness.end();
  return [...rows, ...rowsOf(after)].sort();
}

async function straight(build: Build, steps: readonly Step[]): Promise<string[]> {
  const harness: Harness = operatorHarness(build);
  for (const step of steps) apply([harness], step);
  await harness.end();
  return rowsOf([harness]).sort();
}

const anyStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      user: fc.constantFrom<string | number>('a', 'b', 'ü', 'long enough not to be inline', 1, 2.5),
      delay: fc.nat(30),
    }),
  },
  { weight: 2, arbitrary: fc.record({ advance: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ pass: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant({ checkpoint: true as const }) },
);

/** Times go on; records are as late as it comes. */
function stepsOf(
  given: readonly ({ user: string | number; delay: number } | { advance: number } | { pass: number } | { checkpoint: true })[],
): Step[] {
  let [watermark, now] = [0, 0];
  return given.map((each): Step => {
    if ('user' in each) return { user: each.user, at: watermark + each.delay - 5 };
    if ('advance' in each) watermark += each.advance;
    if ('pass' in each) now += each.pass;
    if ('advance' in each) return { watermark };
    return 'pass' in each ? { now } : each;
  });
}

const everything = {
  state: {
    value: valueState<number>(),
    list: listState<number>({ ttl: '20ms' }),
    map: mapState<number, number>(),
    mean: aggregatingState({
      createAccumulator: () => ({ sum: 0 }),
      add: (value: number, accumulator: { sum: number }) => {
        // In place: a snapshot on its way must not see it.
        accumulator.sum += value;
        return accumulator;
      },
      getResult: ({ sum }) => sum,
    }),
  },
};

const keyedOperators: readonly [string, Build][] = [
  ['reduce', (clicks) => clicks.keyBy('user').reduce((a, b) => ({ user: a.user, at: a.at + b.at }))],
  ['sum', (clicks) => clicks.keyBy('user').sum('at')],
  ['aggregate', (clicks) => clicks.keyBy('user').aggregate({ clicks: count(), at: sum('at'), most: max('at'), final: last('at') })],
  [
    'aggregate with a function',
    (clicks) =>
      clicks.keyBy('user').aggregate({
        createAccumulator: () => ({ sum: 0 }),
        add: ({ at }: Click, accumulator) => {
          accumulator.sum += at;
          return accumulator;
        },
        getResult: ({ sum }) => sum,
        merge: (a, b) => ({ sum: a.sum + b.sum }),
      }),
  ],
  [
    'process',
    (clicks) =>
      clicks.keyBy('user').process({
        ...everything,
        processElement(click: Click, ctx, out: (row: unknown) => void) {
          const { value, list, map, mean } = ctx.state;
          value.update((value.value ?? 0) + 1);
          list.add(click.at);
          map.set(click.at % 3, click.at);
          mean.add(click.at);
          ctx.timers.registerEventTime(click.at + 10);
          if (click.at % 2 === 0) ctx.timers.deleteEventTime(click.at + 9);
          ctx.timers.registerProcessingTime(ctx.processingTime + 7);
          out([ctx.key, value.value, list.get(), [...map], mean.get()]);
        },
        onTimer(time, ctx, out) {
          out([ctx.key, ctx.timeDomain, time, ctx.state.value.value, [...ctx.state.map.keys()]]);
          ctx.state.map.delete(time % 3);
          if (time % 4 === 0) {
            ctx.state.value.clear();
            ctx.state.mean.clear();
          }
        },
      }),
  ],
];

/** Fires at every third record, and at timers of both kinds; knows how many it has seen. */
const ownTrigger: Trigger<unknown, TimeWindow, { seen: number }> = {
  createState: () => ({ seen: 0 }),
  onElement(_record, _timestamp, window, ctx) {
    ctx.registerEventTime(window.maxTimestamp);
    ctx.registerEventTime(window.start + 3);
    ctx.registerProcessingTime(ctx.processingTime + 9);
    return ++ctx.state.seen % 3 === 0 ? 'fire' : 'continue';
  },
  onEventTime: () => 'fire',
  onProcessingTime: (_time, _window, ctx) => (ctx.state.seen % 2 === 0 ? 'fire-and-purge' : 'fire'),
  onMerge(window, ctx) {
    ctx.registerEventTime(window.maxTimestamp);
  },
  mergeState(into, from) {
    into.seen += from.seen;
  },
};

/** Windows of records of one kind, by letters. */
const ownWindows: WindowAssigner<Click, Window> = {
  isEventTime: true,
  assignWindows: ({ at }) => [{ maxTimestamp: Math.floor(at / 20) * 20 + 19, id: at % 2 === 0 ? 'even' : 'odd' }],
  defaultTrigger: () => triggers.eventTime(),
};

const counting = {
  windowState: { fired: valueState({ default: 0 }) },
  globalState: { all: listState<number>({ ttl: '30ms' }) },
  process(ctx: ProcessWindowContext<unknown, Window, never, never>, elements: Iterable<Click>, out: (row: unknown) => void) {
    const { fired } = ctx.windowState as unknown as { fired: ValueState<number, number> };
    const { all } = ctx.globalState as unknown as { all: ListState<number> };
    fired.update(fired.value + 1);
    for (const { at } of elements) all.add(at);
    out([ctx.key, ctx.window.maxTimestamp, fired.value, all.get()]);
  },
};

const listing = {
  globalState: counting.globalState,
  process(ctx: ProcessWindowContext<unknown, Window, never, never>, elements: Iterable<Click>, out: (row: unknown) => void) {
    const { all } = ctx.globalState as unknown as { all: ListState<number> };
    for (const { at } of elements) all.add(at);
    out([ctx.key, ctx.window.maxTimestamp, all.get()]);
  },
};

const aggregators = { clicks: count(), at: sum('at'), most: max('at'), final: last('at') };
const orderless = { clicks: count(), at: sum('at'), most: max('at') };
const byUser = (clicks: DataStream<Click>) => clicks.keyBy('user');

const windowOperators: readonly [string, Build][] = [
  [
    'tumbling windows',
    (clicks) =>
      byUser(clicks)
        .window(eventTime.tumbling('10ms'))
        .allowedLateness('5ms')
        .reduce((a, b) => ({ ...a, at: a.at + b.at })),
  ],
  [
    'windows that hold aggregates',
    (clicks) =>
      byUser(clicks)
        .window(eventTime.session({ gap: '5ms' }))
        .aggregate(aggregators),
  ],
  [
    'sliding windows with a trigger',
    (clicks) => byUser(clicks).window(eventTime.sliding('20ms', '7ms')).trigger(ownTrigger).aggregate(aggregators),
  ],
  [
    'sessions with a trigger',
    (clicks) =>
      byUser(clicks)
        .window(eventTime.session({ gap: '5ms' }))
        .trigger(ownTrigger)
        .process(listing as never),
  ],
  ['count windows', (clicks) => byUser(clicks).countWindow(3).sum('at')],
  [
    'a global window with an evictor',
    (clicks) =>
      byUser(clicks)
        .window(globalWindow())
        .trigger(triggers.count(2))
        .evictor(evictors.count(3))
        .process(counting as never),
  ],
  [
    'windows of processing time',
    (clicks) =>
      byUser(clicks)
        .window(processingTime.tumbling('10ms'))
        .process(counting as never),
  ],
  [
    'windows of its own',
    (clicks) =>
      byUser(clicks)
        .window(ownWindows)
        .apply((key, window, elements, out) => out([key, window.id, [...elements].length])),
  ],
];

const slicedOperators: readonly [string, Build][] = [
  ['tumbling aggregates', (clicks) => byUser(clicks).window(eventTime.tumbling('10ms')).aggregate(aggregators)],
  ['late tumbling aggregates', (clicks) => byUser(clicks).window(eventTime.tumbling('10ms')).allowedLateness('12ms').aggregate(orderless)],
  ['sliding aggregates', (clicks) => byUser(clicks).window(eventTime.sliding('21ms', '7ms')).aggregate(orderless)],
  [
    'uneven sliding aggregates',
    (clicks) => byUser(clicks).window(eventTime.sliding('20ms', '7ms')).allowedLateness('5ms').aggregate(orderless),
  ],
  ['aggregates of processing time', (clicks) => byUser(clicks).window(processingTime.tumbling('10ms')).aggregate(aggregators)],
];

describe('rescaling', () => {
  test.each([...keyedOperators, ...windowOperators, ...slicedOperators])('%s', async (_, build) => {
    const property = fc.asyncProperty(fc.array(anyStep, { maxLength: 40 }), fc.nat(40), async (given, at) => {
      const steps = stepsOf(given);
      expect(await rescaled(build, steps, Math.min(at, steps.length))).toEqual(await straight(build, steps));
    });
    await fc.assert(property, { numRuns: runsOf(25), examples: [[timerOfThePast, 3]] });
  });
});

/** The second click sets a timer that has passed, where another subtask has none. */
const timerOfThePast = [{ user: 'ü', delay: 0 }, { advance: 0 }, { user: 'ü', delay: 0 }];

const fixedSteps: HarnessStep<Click>[] = ['a', 'b', 1, 'a', 'a', 'b', 'c', 'a', 1, 'b', 'b', 'a', 'd', 'b', 'a', 'a', 1].flatMap(
  (user, i) => [
    { element: { user, at: i * 3 - (i % 4) * 4 }, timestamp: i * 3 - (i % 4) * 4 },
    ...(i % 5 === 3 ? [{ watermark: i * 3 - 4 }] : []),
    ...(i % 6 === 4 ? [{ processingTime: i * 4 }] : []),
  ],
);

describe('restored at every boundary', () => {
  test.each([...keyedOperators, ...windowOperators, ...slicedOperators])('%s', async (_, build) => {
    await verifyOperator(build, { steps: fixedSteps });
  });
});
