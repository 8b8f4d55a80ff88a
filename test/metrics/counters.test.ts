/** Counters in shared memory: written by one, read by anybody. */

import { describe, expect, test } from 'vitest';
import { createCounterMemory, SubtaskCounters } from '../../src/metrics/counters.ts';

describe('the counters of a subtask', () => {
  test('start at 0, and are set and added to by name', () => {
    const counters = new SubtaskCounters(createCounterMemory(1), 0);
    const { watermark, ...counts } = counters.read();
    expect(watermark).toBe(Number.NEGATIVE_INFINITY);
    expect(new Set(Object.values(counts))).toEqual(new Set([0]));
    counters.set('recordsIn', 5);
    counters.add('recordsIn', 2);
    counters.add('busyMs', 0.25);
    expect(counters.read()).toMatchObject({ recordsIn: 7, busyMs: 0.25, recordsOut: 0 });
  });

  test('are read by whoever has the memory, without asking', () => {
    const memory = createCounterMemory(2);
    const reader = new SubtaskCounters(memory, 1);
    new SubtaskCounters(memory, 1).set('bytesOut', 9);
    expect(reader.read().bytesOut).toBe(9);
  });

  test('touch no others', () => {
    const memory = createCounterMemory(3);
    const [first, second, third] = [0, 1, 2].map((subtask) => new SubtaskCounters(memory, subtask)) as [
      SubtaskCounters,
      SubtaskCounters,
      SubtaskCounters,
    ];
    for (const [i, name] of (Object.keys(second.read()) as (keyof ReturnType<SubtaskCounters['read']>)[]).entries())
      second.set(name, i + 1);
    expect(Object.values(second.read())).toEqual(Object.keys(second.read()).map((_, i) => i + 1));
    for (const other of [first, third]) expect(new Set(Object.values(other.read()))).toEqual(new Set([0, Number.NEGATIVE_INFINITY]));
  });

  test('of different subtasks lie on different cache lines', () => {
    expect((createCounterMemory(2).byteLength - createCounterMemory(1).byteLength) % 64).toBe(0);
  });
});
