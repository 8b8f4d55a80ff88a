/** Where time is cut, against a list of all windows and their bounds. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Slices } from '../../../../src/operators/window/slices/slices.ts';

const shapes = fc
  .record({ sizeMs: fc.integer({ min: 1, max: 30 }), slideMs: fc.integer({ min: 1, max: 40 }), offset: fc.nat(39) })
  .map(({ sizeMs, slideMs, offset }) => ({ sizeMs, slideMs, offsetMs: offset % slideMs }));

test('a slice is what lies between two cuts, and a window is a run of slices', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: -500, max: 500 }), (shape, time) => {
      const slices = new Slices(shape);
      const slice = slices.at(time);
      expect(slices.start(slice)).toBeLessThanOrEqual(time);
      expect(slices.end(slice)).toBeGreaterThan(time);
      expect(slices.at(time + 0.5)).toBe(slice);
      expect(slices.at(slices.end(slice))).toBe(slice + 1);
      const windows: number[] = [];
      for (let window = slices.firstWindow(slice); window <= slices.lastWindow(slice); window++) {
        windows.push(slices.windowStart(window));
        expect(slices.windowEnd(window) - slices.windowStart(window)).toBe(shape.sizeMs);
        expect(slices.firstSlice(window)).toBeLessThanOrEqual(slice);
        expect(slices.endSlice(window)).toBeGreaterThan(slice);
        expect(slices.start(slices.firstSlice(window))).toBe(slices.windowStart(window));
        expect(slices.start(slices.endSlice(window))).toBe(slices.windowEnd(window));
      }
      expect(windows).toEqual(startsOfWindows(shape, time));
    }),
  );
});

test('the first window that a watermark does not complete', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: -500, max: 500 }), (shape, watermark) => {
      const slices = new Slices(shape);
      const window = slices.firstBehind(watermark);
      expect(slices.windowEnd(window) - 1).toBeGreaterThan(watermark);
      expect(slices.windowEnd(window - 1) - 1).toBeLessThanOrEqual(watermark);
    }),
  );
});

function startsOfWindows({ sizeMs, slideMs, offsetMs }: { sizeMs: number; slideMs: number; offsetMs: number }, time: number): number[] {
  const starts: number[] = [];
  for (let start = time - sizeMs + 1; start <= time; start++) {
    if ((((start - offsetMs) % slideMs) + slideMs) % slideMs === 0) starts.push(start);
  }
  return starts;
}
