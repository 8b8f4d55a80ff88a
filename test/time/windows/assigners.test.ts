/** Which windows a record belongs to; and what is refused. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Duration } from '../../../src/base/duration.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { countWindow } from '../../../src/time/windows/assigners/count-window.ts';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { globalWindow } from '../../../src/time/windows/assigners/global-windows.ts';
import { processingTime } from '../../../src/time/windows/assigners/processing-time.ts';
import { compareWindows, GlobalWindow, sameWindow, TimeWindow, windowStart } from '../../../src/time/windows/window.ts';

const at = (time: number) => ({ processingTime: time });
const spans = (windows: Iterable<TimeWindow>) => [...windows].map(({ start, end }) => [start, end]);

describe('tumbling', () => {
  test.each([
    [0, 0, [0, 10]],
    [9, 0, [0, 10]],
    [10, 0, [10, 20]],
    [-1, 0, [-10, 0]],
    [-10, 0, [-10, 0]],
    [0, 3, [-7, 3]],
    [3, 3, [3, 13]],
    [0, -3, [-3, 7]],
    [-4, -3, [-13, -3]],
  ])('%i with offset %i is in %j', (timestamp, offset, expected) => {
    expect(spans(eventTime.tumbling(10, { offset }).assignWindows(null, timestamp, at(0)))).toEqual([expected]);
    expect(spans(processingTime.tumbling(10, { offset }).assignWindows(null, undefined, at(timestamp)))).toEqual([expected]);
  });

  test('days of a zone eight hours east of Greenwich', () => {
    const days = eventTime.tumbling('1d', { offset: '-8h' });
    const noon = Date.UTC(2024, 0, 5, 12);
    expect(spans(days.assignWindows(null, noon, at(0)))).toEqual([[Date.UTC(2024, 0, 4, 16), Date.UTC(2024, 0, 5, 16)]]);
  });

  test('is data that says what it is', () => {
    expect(eventTime.tumbling('1m', { offset: '5s' })).toMatchObject({
      kind: 'tumbling',
      isEventTime: true,
      sizeMs: 60_000,
      offsetMs: 5000,
    });
    expect(processingTime.sliding('1m', '5s')).toMatchObject({
      kind: 'sliding',
      isEventTime: false,
      sizeMs: 60_000,
      slideMs: 5000,
      offsetMs: 0,
    });
    expect(eventTime.session({ gap: '5s' })).toMatchObject({ kind: 'session', gapMs: 5000 });
    expect(eventTime.session({ gap: () => 1 })).toMatchObject({ kind: 'session', gapMs: undefined });
    expect(globalWindow()).toMatchObject({ kind: 'global', isEventTime: false, endOfStream: false });
  });

  test('staggered windows are shifted once for each subtask', () => {
    const context = { processingTime: 1234, random: seededRandom(3) };
    const natural = processingTime.tumbling(1000, { stagger: 'natural' });
    expect(natural.resolve?.(context)).toMatchObject({ offsetMs: 234, stagger: 'aligned' });
    expect(spans(natural.resolve?.(context).assignWindows(null, undefined, at(1234)) as TimeWindow[])).toEqual([[1234, 2234]]);
    const random = eventTime.tumbling(1000, { stagger: 'random', offset: -5 }).resolve?.(context);
    expect(random).toMatchObject({ offsetMs: Math.floor(seededRandom(3).next() * 1000) - 5 });
    const aligned = eventTime.tumbling(1000);
    expect(aligned.resolve?.(context)).toBe(aligned);
  });
});

describe('sliding', () => {
  test.each([
    [
      10,
      5,
      0,
      12,
      [
        [10, 20],
        [5, 15],
      ],
    ],
    [
      10,
      5,
      0,
      -1,
      [
        [-5, 5],
        [-10, 0],
      ],
    ],
    [
      10,
      4,
      1,
      0,
      [
        [-3, 7],
        [-7, 3],
      ],
    ],
    [3, 5, 0, 4, []],
    [3, 5, 0, 5, [[5, 8]]],
  ])('size %i, slide %i, offset %i: %i is in %j', (size, slide, offset, timestamp, expected) => {
    expect(spans(eventTime.sliding(size, slide, { offset }).assignWindows(null, timestamp, at(0)))).toEqual(expected);
  });

  test('all windows that start at a multiple of the slide and hold the time, the latest first', () => {
    const small = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(small, small, fc.integer({ min: -19, max: 19 }), fc.integer({ min: -100, max: 100 }), (size, slide, shift, time) => {
        const offset = shift % slide;
        const expected: number[][] = [];
        for (let start = time; start > time - size; start--) if ((start - offset) % slide === 0) expected.push([start, start + size]);
        expect(spans(eventTime.sliding(size, slide, { offset }).assignWindows(null, time, at(0)))).toEqual(expected);
      }),
    );
  });
});

test('a window starts at or before its time, by less than its size', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: -99, max: 99 }), fc.integer({ min: 1, max: 100 }), (time, offset, size) => {
      const start = windowStart(time, offset, size);
      expect(start <= time && time < start + size && Math.abs((start - offset) % size) === 0).toBe(true);
    }),
  );
});

test('windows have an order and an identity', () => {
  const [a, b] = [new TimeWindow(0, 10), new TimeWindow(0, 10)];
  expect([sameWindow(a, b), sameWindow(a, new TimeWindow(1, 10)), sameWindow(a, new TimeWindow(0, 11))]).toEqual([true, false, false]);
  const ids = ['b', 2, 'a', 10].map((id) => ({ maxTimestamp: 5, id }));
  expect([...ids, { maxTimestamp: 4, id: 'z' }].sort(compareWindows).map(({ id }) => id)).toEqual(['z', 2, 10, 'a', 'b']);
  expect([...globalWindow().assignWindows(null, undefined, at(0))]).toEqual([GlobalWindow.instance]);
});

describe('refused', () => {
  test.each([
    [
      'a record without a timestamp',
      () => eventTime.tumbling(10).assignWindows(null, undefined, at(0)),
      /no timestamp.*assignTimestampsAndWatermarks/,
    ],
    ['the same of sliding windows', () => eventTime.sliding(10, 5).assignWindows(null, Number.NaN, at(0)), /no timestamp/],
    ['the same of sessions', () => eventTime.session({ gap: 5 }).assignWindows(null, undefined, at(0)), /no timestamp/],
    ['an offset that is not below the size', () => eventTime.tumbling('1s', { offset: '1s' }), /tumbling: offset: 1s/],
    ['the same of a negative one', () => eventTime.tumbling('1s', { offset: '-1s' }), /tumbling: offset: -1s/],
    ['an offset that is not below the slide', () => eventTime.sliding('1m', '1s', { offset: '2s' }), /sliding: offset/],
    ['a size of nothing', () => processingTime.tumbling(0), /tumbling: size: 0/],
    ['half a millisecond', () => processingTime.sliding(10, 0.5), /sliding: slide: 0.5/],
    ['a text', () => eventTime.session({ gap: 'soon' as Duration }), /session: gap: 'soon'/],
    ['an unknown stagger', () => eventTime.tumbling(5, { stagger: 'wild' as 'random' }), /stagger/],
    ['a gap of nothing', () => eventTime.session({ gap: () => 0 }).assignWindows(1, 0, at(0)), /gap of a record/],
    ['a count of nothing', () => countWindow(0), /countWindow: size/],
    ['a slide of a half', () => countWindow(2, 0.5), /countWindow: slide/],
  ])('%s', (_, attempt, message) => {
    expect(attempt).toThrow(message);
  });
});
