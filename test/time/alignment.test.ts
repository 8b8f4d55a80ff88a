import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AlignmentGroup, createAlignmentMemory } from '../../src/time/alignment.ts';

function groupOf(subtasks: number, maxDriftMs = 1000): AlignmentGroup[] {
  const memory = createAlignmentMemory(subtasks);
  return Array.from({ length: subtasks }, (_, subtask) => new AlignmentGroup({ memory, subtask, maxDriftMs, updateIntervalMs: 100 }));
}

const never = Number.NEGATIVE_INFINITY;
const end = Number.POSITIVE_INFINITY;

describe('AlignmentGroup', () => {
  test('lets a subtask read that is ahead of the slowest by no more than the drift', () => {
    const [a, b] = groupOf(2) as [AlignmentGroup, AlignmentGroup];
    expect(a.mayRead(1e15)).toBe(true);
    b.update(0, 5000, false);
    a.update(0, 9000, false);
    expect(a.minimum).toBe(5000);
    expect([6000, 6001].map((watermark) => a.mayRead(watermark))).toEqual([true, false]);
    b.update(100, 8000, false);
    expect(a.mayRead(9000)).toBe(false);
    expect(a.deadline).toBe(100);
    a.update(100, 9000, false);
    expect(a.mayRead(9000)).toBe(true);
  });

  test('does not wait for subtasks without a watermark, idle ones and those at their end', () => {
    const [a, b, c] = groupOf(3) as [AlignmentGroup, AlignmentGroup, AlignmentGroup];
    a.update(0, never, false);
    expect(a).toMatchObject({ minimum: never, deadline: 100 });
    expect(a.mayRead(1e15)).toBe(true);
    b.update(0, 100, true);
    c.update(0, end, false);
    a.update(0, 5000, false);
    expect(a.minimum).toBe(5000);
    b.update(0, 100, false);
    a.update(0, 5000, false);
    expect(a.minimum).toBe(100);
    for (const each of [a, b, c]) each.update(0, 7, true);
    c.update(0, 7, true);
    expect(c.minimum).toBe(end);
    expect(c.mayRead(end)).toBe(true);
  });

  test('somebody may always read: the slowest', () => {
    const watermark = fc.oneof(
      fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
      fc.integer({ min: 0, max: 10 }),
      fc.constantFrom(never, end),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(watermark, fc.boolean()), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(0, 1, 500),
        (told, drift) => {
          const group = groupOf(told.length, drift);
          for (let round = 0; round < 2; round++)
            for (const [i, each] of group.entries()) each.update(0, ...(told[i] as [number, boolean]));
          const active = told.filter(([time, idle]) => !idle && Number.isFinite(time)).map(([time]) => time);
          const least = Math.min(...active);
          for (const [i, each] of group.entries()) {
            const [time, idle] = told[i] as [number, boolean];
            if (idle || !Number.isFinite(time)) continue;
            expect(each.minimum).toBe(Math.floor(least) + 0);
            if (time === least) expect(each.mayRead(time)).toBe(true);
            expect(each.mayRead(time)).toBe(Math.floor(time) <= Math.floor(least) + drift);
          }
        },
      ),
    );
  });
});
