/** The panes of one key: the order that a sorted array would have, for a fraction of its work. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { Pane } from '../../../src/time/windows/pane.ts';
import { PaneList } from '../../../src/time/windows/pane-list.ts';
import { compareWindows, TimeWindow } from '../../../src/time/windows/window.ts';
import { record, WindowDriver, watermark } from './driver.ts';

/** Windows that touch none of the others, each at a place of its own. */
const windowAt = (place: number): TimeWindow => new TimeWindow(place * 10, place * 10 + 5);
const paneAt = (place: number): Pane<TimeWindow> => new Pane(0, place, windowAt(place), undefined);
const byWindow = (a: Pane, b: Pane): number => compareWindows(a.window, b.window);

function shuffled(count: number): number[] {
  const random = seededRandom(1);
  const places = Array.from({ length: count }, (_, i) => ({ i, by: random.next() }));
  return places.sort((a, b) => a.by - b.by).map(({ i }) => i);
}

function listOf(panes: readonly Pane<TimeWindow>[]): PaneList<TimeWindow> {
  const list = new PaneList<TimeWindow>();
  for (const pane of panes) list.add(pane);
  return list;
}

describe('a list of panes', () => {
  const places = fc.uniqueArray(fc.integer({ min: -2000, max: 2000 }), { minLength: 1, maxLength: 600, size: 'max' });

  test('keeps the order of the windows, whatever comes, goes and grows', () => {
    fc.assert(
      fc.property(places, fc.infiniteStream(fc.nat()), (places, choices) => {
        let panes = places.map(paneAt);
        const list = listOf(panes);
        const choose = (): Pane<TimeWindow> => panes[choices.next().value % panes.length] as Pane<TimeWindow>;
        while (panes.length > 1) {
          const gone = choose();
          list.remove(gone);
          panes = panes.filter((pane) => pane !== gone);
          const grown = choose();
          list.rename(grown, new TimeWindow(grown.window.start - 2, grown.window.end + 2));
          // One that has grown again and again ends behind its neighbour.
          panes.sort(byWindow);
          expect([list.first, list.last, list.size]).toEqual([panes[0], panes.at(-1), panes.length]);
          if (panes.length % 16 === 0) expect(list.all()).toEqual(panes);
        }
      }),
      // To shrink a failure takes many minutes, in which nothing else runs.
      { numRuns: 30, endOnFailure: true },
    );
  });

  test('finds panes by their windows, and by windows that meet theirs', () => {
    const window = fc.record({ start: fc.integer({ min: -21_000, max: 21_000 }), length: fc.integer({ min: 1, max: 3000 }) });
    fc.assert(
      fc.property(places, window, (places, { start, length }) => {
        const panes = places.map(paneAt).sort(byWindow);
        const list = listOf(panes);
        const met = new TimeWindow(start, start + length);
        expect(list.meeting(met)).toEqual(panes.filter((pane) => pane.window.intersects(met)));
        for (const pane of panes) expect(list.find(windowAt(pane.namespace))).toBe(pane);
        expect(list.find(met)).toBe(panes.find((pane) => compareWindows(pane.window, met) === 0));
      }),
    );
  });

  test('tells panes apart that a merge has given the same window', () => {
    const panes = Array.from({ length: 400 }, () => paneAt(1));
    const list = listOf(panes);
    for (const pane of panes) list.remove(pane);
    expect(list.size).toBe(0);
  });

  test('looks at a few panes for each that comes or goes, however many there are', () => {
    let looks = 0;
    class Seen extends TimeWindow {
      override get maxTimestamp(): number {
        looks++;
        return super.maxTimestamp;
      }
    }
    const count = 20_000;
    const order = shuffled(count);
    const panes = order.map((place) => new Pane<TimeWindow>(0, place, new Seen(place * 10, place * 10 + 5), undefined));
    const list = listOf(panes);
    for (const pane of panes) list.rename(pane, new Seen(pane.window.start, pane.window.end + 1));
    for (const pane of panes) list.remove(pane);
    // Adding, renaming (which is both) and removing: four searches for each, and a comparison is at least two looks.
    expect(looks).toBeLessThan(count * 4 * 2 * 2 * Math.log2(count));
  });
});

// An array for each key makes it quadratic: minutes, not a second or two.
test('sessions of one key may be many', () => {
  const count = 150_000;
  const driver = new WindowDriver({
    assigner: eventTime.session({ gap: 4 }),
    contents: { create: (value) => value, add: (sum, value) => sum + value, merge: (into, from) => into + from },
  });
  driver.run(shuffled(count).map((place) => record(1, place * 10)));
  expect(driver.logic.size).toBe(count);
  const [ended = []] = driver.run([watermark(Number.POSITIVE_INFINITY)]);
  expect(ended).toHaveLength(2 * count);
  expect(driver.logic.size).toBe(0);
}, 30_000);
