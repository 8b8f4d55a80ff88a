import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PartitionerSpec } from '../../src/graph/logical.ts';
import { hostSlot, keyGroupOf, planPhysical, subtaskOfKeyGroup } from '../../src/graph/physical.ts';
import { graphOf, hash, plan } from './graphs.ts';

/** The channels `from → to` of one exchange. */
function channels(partitioner: PartitionerSpec, producers: number, consumers: number): string[] {
  const graph = graphOf({ name: 'a', parallelism: producers }, { name: 'b', parallelism: consumers, from: [{ name: 'a', partitioner }] });
  return planPhysical(plan(graph, { chaining: false })).channels.map(({ from, to }) => `${from}→${to}`);
}

const parallelism = fc.integer({ min: 1, max: 40 });

describe('channels', () => {
  test('join every subtask to its own in a forward exchange', () => {
    expect(channels({ kind: 'forward' }, 3, 3)).toEqual(['0→0', '1→1', '2→2']);
  });

  test('end at the first subtask in a global exchange', () => {
    expect(channels({ kind: 'global' }, 3, 2)).toEqual(['0→0', '1→0', '2→0']);
  });

  test.each([{ kind: 'rebalance' }, { kind: 'shuffle' }, { kind: 'broadcast' }, hash] as const)(
    'join everybody with everybody: $kind',
    (partitioner) => {
      expect(channels(partitioner, 2, 3)).toEqual(['0→0', '0→1', '0→2', '1→0', '1→1', '1→2']);
    },
  );

  test.each([
    [2, 4, ['0→0', '0→1', '1→2', '1→3']],
    [4, 2, ['0→0', '1→0', '2→1', '3→1']],
    [2, 3, ['0→0', '1→1', '1→2']],
    [3, 3, ['0→0', '1→1', '2→2']],
    [1, 3, ['0→0', '0→1', '0→2']],
  ])('join neighbours when %d subtasks rescale to %d', (producers, consumers, expected) => {
    expect(channels({ kind: 'rescale' }, producers, consumers)).toEqual(expected);
  });

  test('cover every consumer evenly when they rescale', () => {
    fc.assert(
      fc.property(parallelism, parallelism, (producers, consumers) => {
        const pairs = channels({ kind: 'rescale' }, producers, consumers).map((pair) => pair.split('→').map(Number));
        const loads = Array.from({ length: consumers }, (_, to) => pairs.filter((pair) => pair[1] === to).length);
        const fans = Array.from({ length: producers }, (_, from) => pairs.filter((pair) => pair[0] === from).length);
        expect(pairs).toHaveLength(Math.max(producers, consumers));
        for (const counts of [loads, fans]) {
          expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('name the slots at their ends: subtask i of every stage is on slot i', () => {
    const graph = graphOf(
      { name: 'in', spec: { endpoint: { direction: 'input', name: 'in' } } },
      { name: 'a', from: ['in'] },
      { name: 'b', parallelism: 3, from: [{ name: 'a', partitioner: hash }] },
    );
    const physical = planPhysical(plan(graph));
    expect(physical.slots).toBe(3);
    const [fromHost] = physical.channels;
    expect([fromHost?.fromSlot, fromHost?.toSlot]).toEqual([hostSlot, 0]);
    for (const { exchange, from, to, fromSlot, toSlot } of physical.channels) {
      expect([fromSlot, toSlot]).toEqual([exchange === 0 ? hostSlot : from, to]);
    }
  });

  test('come in the order of exchange, producer and consumer', () => {
    const graph = graphOf(
      { name: 'a' },
      { name: 'b', from: [{ name: 'a', partitioner: hash }] },
      { name: 'c', from: [{ name: 'b', partitioner: hash }] },
    );
    const order = planPhysical(plan(graph)).channels.map(({ exchange, from, to }) => exchange * 100 + from * 10 + to);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).toHaveLength(8);
  });

  test('need at least one slot', () => {
    expect(planPhysical(plan({ operators: [] })).slots).toBe(1);
  });
});

describe('key groups', () => {
  test('are from 0 to maxParallelism − 1, for negative hashes too', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 32_768 }), (hashed, maxParallelism) => {
        const group = keyGroupOf(hashed, maxParallelism);
        expect(Number.isInteger(group) && group >= 0 && group < maxParallelism).toBe(true);
      }),
    );
    expect([-1, 0, 1, 127, 128].map((hashed) => keyGroupOf(hashed, 128))).toEqual([127, 0, 1, 127, 0]);
  });

  test('belong to the ranges that Flink gives to its subtasks', () => {
    const sizes = fc
      .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }))
      .map(([a, b]) => [Math.max(a, b), Math.min(a, b)] as const);
    fc.assert(
      fc.property(sizes, ([maxParallelism, subtasks]) => {
        for (let subtask = 0; subtask < subtasks; subtask++) {
          const { first, last } = flinkRange(maxParallelism, subtasks, subtask);
          const groups = Array.from({ length: last - first + 1 }, (_, i) => first + i);
          expect(groups.every((group) => subtaskOfKeyGroup(group, maxParallelism, subtasks) === subtask)).toBe(true);
        }
        expect(flinkRange(maxParallelism, subtasks, subtasks - 1).last).toBe(maxParallelism - 1);
      }),
      { numRuns: 50 },
    );
  });
});

/** `KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex` of Apache Flink 1.20. */
function flinkRange(maxParallelism: number, parallelism: number, index: number): { first: number; last: number } {
  const first = Math.floor((index * maxParallelism + parallelism - 1) / parallelism);
  const last = Math.floor(((index + 1) * maxParallelism - 1) / parallelism);
  return { first, last };
}
