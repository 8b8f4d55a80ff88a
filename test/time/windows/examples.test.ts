/** The cases that Flink's documentation describes, as examples; and definitions of windows, said directly. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countWindow } from '../../../src/time/windows/assigners/count-window.ts';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { globalWindow } from '../../../src/time/windows/assigners/global-windows.ts';
import { processingTime } from '../../../src/time/windows/assigners/processing-time.ts';
import type { Evictor } from '../../../src/time/windows/evictor.ts';
import { evictors } from '../../../src/time/windows/evictors/evictors.ts';
import type { Trigger } from '../../../src/time/windows/trigger.ts';
import { triggers } from '../../../src/time/windows/triggers/triggers.ts';
import { endOfTime, type Window } from '../../../src/time/windows/window.ts';
import type { WindowAssigner } from '../../../src/time/windows/window-assigner.ts';
import { listedContents, reducedContents } from '../../../src/time/windows/window-contents.ts';
import { clock, record, type Step, WindowDriver, watermark } from './driver.ts';

interface Options<W extends Window> {
  readonly assigner: WindowAssigner<number, W>;
  readonly trigger?: Trigger<number, W>;
  readonly evictor?: Evictor<number, W> | undefined;
  readonly allowedLatenessMs?: number;
}

function driverOf<W extends Window>(options: Options<W>): WindowDriver<W, number[]> {
  return new WindowDriver({ ...options, contents: listedContents<number>() });
}

/** What fires and what is late, step by step, as text: `0–10: 1 2`. Steps without output are left out. */
function run<W extends Window>(options: Options<W>, steps: readonly Step[]): string[] {
  return driverOf(options)
    .run(steps)
    .flat()
    .filter(({ kind }) => kind !== 'ended')
    .map(({ kind, window, contents }) => (kind === 'late' ? `late: ${contents}` : `${window}: ${(contents as number[]).join(' ')}`.trim()));
}

const end = watermark(Number.POSITIVE_INFINITY);

describe('event time', () => {
  test('a tumbling window fires once the watermark has reached its last millisecond', () => {
    const steps = [record(1, 0), record(2, 9), record(3, 10), watermark(8), watermark(9), record(4, 15), watermark(100)];
    expect(run({ assigner: eventTime.tumbling(10) }, steps)).toEqual(['0–10: 1 2', '10–20: 3 4']);
  });

  test('windows fire in the order of their ends, whatever order they were made in', () => {
    const steps = [record(3, 25), record(1, 5), record(2, 15), end];
    expect(run({ assigner: eventTime.tumbling(10) }, steps)).toEqual(['0–10: 1', '10–20: 2', '20–30: 3']);
  });

  test('a record behind the watermark whose window is still open is not late', () => {
    const steps = [watermark(5), record(1, 3), watermark(9), record(2, 3)];
    expect(run({ assigner: eventTime.tumbling(10) }, steps)).toEqual(['0–10: 1', 'late: 2']);
  });

  test('within the allowed lateness every late record fires the window again', () => {
    const steps = [record(1, 1), watermark(9), record(2, 2), watermark(11), record(3, 3), watermark(12), record(4, 4)];
    const expected = ['0–10: 1', '0–10: 1 2', '0–10: 1 2 3', 'late: 4'];
    expect(run({ assigner: eventTime.tumbling(10), allowedLatenessMs: 3 }, steps)).toEqual(expected);
  });

  test('within the allowed lateness a purging trigger hands out only what is new', () => {
    const steps = [record(1, 1), watermark(9), record(2, 2), watermark(12)];
    const trigger = triggers.purging(triggers.eventTime());
    expect(run({ assigner: eventTime.tumbling(10), trigger, allowedLatenessMs: 3 }, steps)).toEqual(['0–10: 1', '0–10: 2']);
  });

  test('a lateness without end never ends a window, and does not overflow', () => {
    const driver = driverOf({ assigner: eventTime.tumbling(10), allowedLatenessMs: Number.MAX_SAFE_INTEGER });
    driver.run([record(1, 1), watermark(1e12), record(2, 2)]);
    expect([driver.logic.size, driver.eventTimers.size]).toEqual([1, 0]);
  });

  test('of sliding windows only those that are not late take a record', () => {
    const steps = [record(1, 12), watermark(14), record(2, 12), end];
    expect(run({ assigner: eventTime.sliding(10, 5) }, steps)).toEqual(['5–15: 1', '10–20: 1 2']);
  });

  test('a late record that meets a live session is not late', () => {
    const steps = [record(1, 10), record(2, 14), watermark(12), record(3, 7), record(4, 1), end];
    expect(run({ assigner: eventTime.session({ gap: 5 }) }, steps)).toEqual(['late: 4', '7–19: 1 2 3']);
  });

  test('sessions that touch are one', () => {
    expect(run({ assigner: eventTime.session({ gap: 5 }) }, [record(1, 0), record(2, 5), end])).toEqual(['0–10: 1 2']);
    expect(run({ assigner: eventTime.session({ gap: 5 }) }, [record(1, 0), record(2, 6), end])).toEqual(['0–5: 1', '6–11: 2']);
  });

  test('a late record that joins two sessions within the allowed lateness fires what they have become', () => {
    const steps = [record(1, 0), record(2, 8), watermark(5), record(3, 4), end];
    const expected = ['0–5: 1', '0–13: 1 2 3'];
    expect(run({ assigner: eventTime.session({ gap: 5 }), allowedLatenessMs: 10 }, steps)).toEqual(expected);
  });

  test('a session that has fired fires at once when a late record extends it no further than the watermark', () => {
    const steps = [record(1, 0), watermark(9), record(2, 2), watermark(10), end];
    const expected = ['0–5: 1', '0–7: 1 2'];
    expect(run({ assigner: eventTime.session({ gap: 5 }), allowedLatenessMs: 100 }, steps)).toEqual(expected);
  });

  test('windows that have become one have one timer in the queue', () => {
    const driver = driverOf({ assigner: eventTime.session({ gap: 5 }), allowedLatenessMs: 7 });
    driver.run([record(1, 0), record(2, 20), record(3, 10)]);
    expect([driver.logic.size, driver.eventTimers.size]).toEqual([3, 3]);
    driver.run([record(4, 5), record(5, 15)]);
    expect([driver.logic.size, driver.eventTimers.size]).toEqual([1, 1]);
  });

  test('a session with a dynamic gap may swallow one that is longer', () => {
    const session = eventTime.session({ gap: (value: number) => value });
    expect(run({ assigner: session }, [record(20, 0), record(3, 5), end])).toEqual(['0–20: 20 3']);
    expect(run({ assigner: session }, [record(3, 5), record(20, 0), end])).toEqual(['0–20: 3 20']);
  });

  test('sessions of all orders of arrival are the same', () => {
    for (const times of [
      [0, 4, 8, 30, 33],
      [0, 5, 10, 15],
      [3, 3, 9, 14, 20, 26],
    ]) {
      for (const order of permutations(times)) {
        const driver = driverOf({ assigner: eventTime.session({ gap: 5 }) });
        const steps = [...order.map((time) => record(time, time)), end];
        const fired = driver
          .run(steps)
          .flat()
          .filter(({ kind }) => kind === 'fired');
        expect(fired.map(({ window, contents }) => [window, [...(contents as number[])].sort((a, b) => a - b)])).toEqual(
          sessionsOf(times, 5),
        );
      }
    }
  });
});

describe('count windows', () => {
  const steps = [1, 2, 3, 4, 5, 6, 7].map((value) => record(value, 0));

  test('tumble', () => {
    expect(run(countWindow(3), steps)).toEqual([`global to ${endOfTime}: 1 2 3`, `global to ${endOfTime}: 4 5 6`]);
  });

  test('slide', () => {
    const contents = driverOf(countWindow(4, 2))
      .run(steps)
      .flat()
      .map((output) => output.contents);
    expect(contents).toEqual([
      [1, 2],
      [1, 2, 3, 4],
      [3, 4, 5, 6],
    ]);
  });

  test('that are complete leave nothing behind', () => {
    const driver = driverOf(countWindow(3));
    driver.run(steps.slice(0, 5));
    expect([driver.logic.size, driver.emptied.has(0)]).toEqual([1, false]);
    driver.run(steps.slice(5, 6));
    expect([driver.logic.size, driver.emptied.has(0)]).toEqual([0, true]);
  });
});

describe('processing time', () => {
  test('a tumbling window takes what comes while the clock is in it', () => {
    const steps = [record(1, 500), clock(9), record(2, -500), clock(10), record(3, 0), clock(30)];
    expect(run({ assigner: processingTime.tumbling(10) }, steps)).toEqual(['0–10: 1 2', '10–20: 3']);
  });

  test('a session waits for its gap anew with every record', () => {
    const steps = [record(1, 0), clock(4), record(2, 0), clock(8), record(3, 0), clock(12), clock(13), record(4, 0), clock(100)];
    expect(run({ assigner: processingTime.session({ gap: 5 }) }, steps)).toEqual(['0–13: 1 2 3', '13–18: 4']);
  });

  test('a timer that is put off again and again is one timer in the queue', () => {
    const driver = driverOf({ assigner: processingTime.session({ gap: 5 }) });
    driver.run(Array.from({ length: 100 }, (_, i) => [clock(i), record(i, 0)]).flat());
    expect([driver.processingTimers.size, driver.eventTimers.size, driver.logic.size]).toEqual([1, 0, 1]);
  });
});

describe('evictors', () => {
  const assigner = eventTime.tumbling(10);
  const steps = [record(1, 1), record(5, 5), record(3, 3), watermark(9), record(9, 9), end];
  test.each([
    ['count', evictors.count(2), ['0–10: 5 3', '0–10: 3 9']],
    ['count, after', evictors.count(2, { after: true }), ['0–10: 1 5 3', '0–10: 5 3 9']],
    ['time', evictors.time(2), ['0–10: 5', '0–10: 9']],
    ['time, after', evictors.time(2, { after: true }), ['0–10: 1 5 3', '0–10: 5 9']],
    ['delta', evictors.delta<number>(2, (a, last) => Math.abs(a - last)), ['0–10: 3', '0–10: 9']],
    ['of everything', evictors.count(0), ['0–10:', '0–10:']],
  ])('%s', (_, evictor, expected) => {
    expect(run({ assigner, evictor, allowedLatenessMs: 5 }, steps)).toEqual(expected);
  });

  test('a window whose records were all evicted does not fire again', () => {
    const trigger = triggers.continuousEventTime(2);
    const early = [record(1, 1), watermark(2), watermark(4), end];
    expect(run({ assigner, trigger, evictor: evictors.count(0) }, early)).toEqual(['0–10:']);
  });
});

describe('definitions', () => {
  const times = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 30 });

  test('without lateness, a window of event time holds what lies in it', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), (stamps, size, slide) => {
        const expected: unknown[] = [];
        for (let start = -100; start < 100; start++) {
          const contents = stamps.filter((time) => start <= time && time < start + size);
          if (start % slide === 0 && contents.length > 0) expected.push([`${start}–${start + size}`, contents]);
        }
        const fired = driverOf({ assigner: eventTime.sliding(size, slide) }).run([...stamps.map((time) => record(time, time)), end]);
        expect(fired.flat().flatMap(({ kind, window, contents }) => (kind === 'fired' ? [[window, contents]] : []))).toEqual(expected);
      }),
    );
  });

  test('a window of sessions holds runs of records with gaps below the gap', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 9 }), (stamps, gap) => {
        const fired = driverOf({ assigner: eventTime.session({ gap }) }).run([...stamps.map((time) => record(time, time)), end]);
        const sorted = fired
          .flat()
          .flatMap(({ kind, window, contents }) => (kind === 'fired' ? [[window, [...(contents as number[])].sort((a, b) => a - b)]] : []));
        expect(sorted).toEqual(sessionsOf(stamps, gap));
      }),
    );
  });
});

test('reducing contents hold one record', () => {
  const driver = new WindowDriver({ assigner: eventTime.session({ gap: 5 }), contents: reducedContents<number>((a, b) => a + b) });
  const outputs = driver.run([record(1, 0), record(2, 8), record(4, 4), end]).flat();
  expect(outputs.map(({ kind, window, contents }) => [kind, window, contents])).toEqual([
    ['fired', '0–13', 7],
    ['ended', '0–13', undefined],
  ]);
});

test('a global window fires at the end of the stream when it is told to', () => {
  const window = `global to ${endOfTime}`;
  expect(run({ assigner: globalWindow({ endOfStream: true }) }, [record(1, 5), watermark(1e15), record(2, 1), end])).toEqual([
    `${window}: 1 2`,
  ]);
  expect(run({ assigner: globalWindow() }, [record(1, 5), end])).toEqual([]);
});

/** Sessions as intervals: names and sorted contents. */
function sessionsOf(times: readonly number[], gap: number): [string, number[]][] {
  const sessions: number[][] = [];
  for (const time of [...times].sort((a, b) => a - b)) {
    const last = sessions.at(-1);
    if (last !== undefined && time - (last.at(-1) as number) <= gap) last.push(time);
    else sessions.push([time]);
  }
  return sessions.map((session) => [`${session[0]}–${(session.at(-1) as number) + gap}`, session]);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
