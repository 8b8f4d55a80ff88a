/** Every assigner × trigger × evictor × lateness on random streams, against the plainest operator there could be. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { globalWindow } from '../../../src/time/windows/assigners/global-windows.ts';
import { processingTime } from '../../../src/time/windows/assigners/processing-time.ts';
import type { Evictor } from '../../../src/time/windows/evictor.ts';
import { evictors } from '../../../src/time/windows/evictors/evictors.ts';
import { mergeTimeWindows } from '../../../src/time/windows/merge-time-windows.ts';
import type { Trigger } from '../../../src/time/windows/trigger.ts';
import { triggers } from '../../../src/time/windows/triggers/triggers.ts';
import { TimeWindow, type Window } from '../../../src/time/windows/window.ts';
import type { WindowAssigner } from '../../../src/time/windows/window-assigner.ts';
import { listedContents } from '../../../src/time/windows/window-contents.ts';
import { inOrder, type Step, WindowDriver } from './driver.ts';
import { Reference } from './reference.ts';

const gapOf = (value: number): number => 1 + (value % 5);

/** Merges like sessions, but in a way that the engine does not know. */
const ownSessions: WindowAssigner<number, TimeWindow> = {
  isEventTime: true,
  assignWindows: (_value, timestamp = 0) => [new TimeWindow(timestamp, timestamp + 4)],
  defaultTrigger: () => triggers.eventTime(),
  mergeWindows: (windows, merge) => mergeTimeWindows(windows, merge),
};

/** Windows that are no time windows; two of them for most records, none for some. */
const ownWindows: WindowAssigner<number, Window> = {
  isEventTime: true,
  assignWindows: (value, timestamp = 0) =>
    [value % 3, value % 2 === 0 ? 'even' : 'odd']
      .slice(value % 7 === 0 ? 2 : 0)
      .map((id) => ({ maxTimestamp: Math.ceil(timestamp / 8) * 8, id })),
  defaultTrigger: () => triggers.eventTime(),
};

/** The windows of an assigner are its own; here all are treated alike. */
function anyWindows<W extends Window>(assigner: WindowAssigner<number, W>): WindowAssigner<number, Window> {
  return assigner as unknown as WindowAssigner<number, Window>;
}

const assigners: Readonly<Record<string, WindowAssigner<number, Window>>> = {
  tumbling: anyWindows(eventTime.tumbling(10)),
  'tumbling with offset': anyWindows(eventTime.tumbling(10, { offset: -3 })),
  sliding: anyWindows(eventTime.sliding(10, 3)),
  'sliding with gaps': anyWindows(eventTime.sliding(3, 5, { offset: 1 })),
  session: anyWindows(eventTime.session({ gap: 4 })),
  'session with dynamic gap': anyWindows(eventTime.session({ gap: gapOf })),
  'own sessions': anyWindows(ownSessions),
  'own windows': anyWindows(ownWindows),
  'tumbling by clock': anyWindows(processingTime.tumbling(10)),
  'sliding by clock': anyWindows(processingTime.sliding(10, 4)),
  'session by clock': anyWindows(processingTime.session({ gap: 4 })),
  global: anyWindows(globalWindow()),
  'global until the end': anyWindows(globalWindow({ endOfStream: true })),
};

/** Looks at neither time nor window, forgets to delete its timers, and purges without firing. */
const careless: Trigger<number, Window, { records: number }> = {
  createState: () => ({ records: 0 }),
  onElement(value, timestamp, _window, context) {
    context.registerEventTime((timestamp ?? 0) + 2);
    context.registerProcessingTime(context.processingTime + 3);
    if (value % 4 === 0) context.deleteEventTime((timestamp ?? 0) + 1);
    context.state.records++;
    return value % 11 === 0 ? 'purge' : 'continue';
  },
  onEventTime: (_time, _window, { state }) => (state.records % 2 === 0 ? 'fire' : 'continue'),
  onProcessingTime: () => 'fire-and-purge',
  onMerge: (window, context) => context.registerEventTime(window.maxTimestamp - 1),
  mergeState(into, from) {
    into.records += from.records;
  },
  clear(_window, { state }) {
    state.records = 0;
  },
};

const delta = (a: number, b: number): number => Math.abs(a - b);

const plainTriggers: Readonly<Record<string, Trigger<number, Window>>> = {
  'event time': triggers.eventTime(),
  'processing time': triggers.processingTime(),
  count: triggers.count(3),
  'continuous event time': triggers.continuousEventTime(4),
  'continuous processing time': triggers.continuousProcessingTime(4),
  delta: triggers.delta(20, delta),
  timeout: triggers.timeout(triggers.count(3), 5),
  'timeout that starts anew': triggers.timeout(triggers.continuousEventTime(4), 5, {
    resetTimerOnNewRecord: true,
    shouldClearOnTimeout: false,
  }),
  never: triggers.never(),
  careless,
};

const allTriggers: Readonly<Record<string, Trigger<number, Window> | undefined>> = {
  default: undefined,
  ...plainTriggers,
  ...Object.fromEntries(Object.entries(plainTriggers).map(([name, trigger]) => [`purging ${name}`, triggers.purging(trigger)])),
};

const withoutOdd: Evictor<number> = {
  evictBefore: (elements) => void elements.splice(0, elements.length, ...elements.filter(({ value }) => value % 2 === 0)),
  evictAfter: (elements) => void elements.shift(),
};

const allEvictors: Readonly<Record<string, Evictor<number> | undefined>> = {
  none: undefined,
  count: evictors.count(2),
  'count after': evictors.count(1, { after: true }),
  time: evictors.time(3),
  'delta after': evictors.delta(30, delta, { after: true }),
  own: withoutOdd,
};

/** Records around a time that goes on, some far behind it; watermarks and clocks that go on by leaps. */
const streams: fc.Arbitrary<Step[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('record', 'record', 'record', 'record', 'watermark', 'clock'),
      key: fc.integer({ min: 0, max: 2 }),
      value: fc.integer({ min: 0, max: 99 }),
      lag: fc.integer({ min: -3, max: 25 }),
      leap: fc.integer({ min: 0, max: 6 }),
    }),
    { maxLength: 70 },
  )
  .map((drawn) => {
    let [now, watermark, clock] = [-20, -40, 0];
    const steps = drawn.map(({ kind, key, value, lag, leap }): Step => {
      now += kind === 'record' ? 1 : 0;
      watermark = kind === 'watermark' ? Math.max(watermark, now - 8 + leap) : watermark;
      clock += kind === 'clock' ? leap : 0;
      if (kind === 'record') return { kind, key, value, timestamp: now - (lag > 12 ? 0 : lag) };
      return kind === 'watermark' ? { kind, time: watermark } : { kind: 'clock', time: clock };
    });
    return [...steps, { kind: 'watermark', time: Number.POSITIVE_INFINITY }, { kind: 'clock', time: clock + 100 }];
  });

const latenesses = [0, 3, 1000];

function canBeUsed(assigner: WindowAssigner<number, Window>, trigger: Trigger<number, Window>): boolean {
  return assigner.mergeWindows === undefined || trigger.onMerge !== undefined;
}

describe.each(Object.entries(assigners))('%s', (_, assigner) => {
  const usable = Object.entries(allTriggers).filter(([, trigger]) => canBeUsed(assigner, trigger ?? assigner.defaultTrigger()));
  test.each(usable)('%s trigger', (_name, trigger = assigner.defaultTrigger()) => {
    for (const evictor of Object.values(allEvictors)) {
      for (const allowedLatenessMs of latenesses) {
        fc.assert(
          fc.property(streams, (steps) => {
            const driver = new WindowDriver({ assigner, trigger, evictor, allowedLatenessMs, contents: listedContents<number>() });
            const reference = new Reference({ assigner, trigger, evictor, allowedLatenessMs });
            expect(driver.run(steps).map(inOrder)).toEqual(reference.run(steps).map(inOrder));
            expectFreed(driver, assigner);
          }),
          { numRuns: 6 },
        );
      }
    }
  });
});

/** Of windows that end nothing is left: no pane, no timer, no key. */
function expectFreed<E>(driver: WindowDriver<Window, E>, assigner: WindowAssigner<number, Window>): void {
  if (assigner.defaultTrigger() === triggers.never() || assigner === assigners['global until the end']) return;
  expect(driver.logic.size).toBe(0);
  expect([driver.eventTimers.size, driver.processingTimers.size]).toEqual([0, 0]);
}

describe('contents', () => {
  const folding = ['tumbling', 'sliding', 'session', 'session with dynamic gap', 'own sessions', 'session by clock', 'global'];
  test.each(folding)('%s: what is reduced as records come is what the list of them reduces to', (name) => {
    const assigner = assigners[name] as WindowAssigner<number, Window>;
    const trigger = triggers.purging(triggers.continuousProcessingTime(4));
    // Associative, as reducing must be where windows merge, but not commutative.
    const joined = (a: string, b: string): string => `${a} ${b}`;
    const texts = { create: String, add: (text: string, value: number) => joined(text, String(value)), merge: joined };
    fc.assert(
      fc.property(streams, (steps) => {
        const listed = new WindowDriver({ assigner, trigger, allowedLatenessMs: 3, contents: listedContents<number>() });
        const reduced = new WindowDriver({ assigner, trigger, allowedLatenessMs: 3, contents: texts });
        const expected = listed
          .run(steps)
          .map((outputs) =>
            outputs.map((each) => (each.kind === 'fired' ? { ...each, contents: (each.contents as number[]).join(' ') } : each)),
          );
        expect(reduced.run(steps)).toEqual(expected);
      }),
    );
  });

  test('that are given up are dropped, each exactly once', () => {
    fc.assert(
      fc.property(fc.constantFrom('tumbling', 'sliding', 'session', 'own sessions'), streams, (name, steps) => {
        const live = new Set<number>();
        let created = 0;
        const numbered = {
          create: () => {
            live.add(++created);
            return created;
          },
          add: (id: number) => id,
          merge: (into: number) => into,
          drop: (id: number) => expect(live.delete(id)).toBe(true),
        };
        const assigner = assigners[name] as WindowAssigner<number, Window>;
        new WindowDriver({ assigner, trigger: triggers.purging(triggers.eventTime()), contents: numbered }).run(steps);
        expect(live.size).toBe(0);
      }),
    );
  });
});
