/** What subtasks read at a restore: everything that there was, once, whatever the parallelism. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyGroupsOf, overlaps } from '../../src/checkpoint/key-group-range.ts';
import type { OperatorManifest, OperatorSubtaskState } from '../../src/checkpoint/manifest.ts';
import { planRestore, type RestoredItems } from '../../src/checkpoint/restore-plan.ts';
import { subtaskOfKeyGroup } from '../../src/graph/physical.ts';
import type { StoredPart } from '../../src/wire/state-handles.ts';
import { inline, operator, part, segment, subtask } from './manifests.ts';

const routing = () => 'any' as const;

const parallelisms = fc
  .integer({ min: 1, max: 40 })
  .chain((max) => fc.record({ max: fc.constant(max), from: fc.integer({ min: 1, max }), to: fc.integer({ min: 1, max }) }));

test('the key groups of a subtask are those that belong to it', () => {
  fc.assert(
    fc.property(parallelisms, ({ max, from }) => {
      for (let index = 0; index < from; index++) {
        const { start, end } = keyGroupsOf(index, from, max);
        const own = Array.from({ length: max }, (_, group) => group).filter((group) => subtaskOfKeyGroup(group, max, from) === index);
        expect(Array.from({ length: end - start }, (_, i) => start + i)).toEqual(own);
      }
    }),
  );
});

test('key groups overlap where one is in both', () => {
  expect(overlaps({ start: 0, end: 3 }, { start: 2, end: 5 })).toBe(true);
  expect(overlaps({ start: 0, end: 3 }, { start: 3, end: 5 })).toBe(false);
  expect(overlaps({ start: 3, end: 3 }, { start: 0, end: 5 })).toBe(false);
});

/** An operator with one segment for each subtask and name, called by the subtask and the name. */
function keyedOperator(parallelism: number, maxParallelism: number): OperatorManifest {
  const subtasks = Array.from({ length: parallelism }, (_, index) =>
    subtask({ keyed: Object.fromEntries(['value', 'timers'].map((name) => [name, [segment(`${index} ${name}`)]])) }),
  );
  return operator({ subtasks, maxParallelism });
}

describe('entries by key', () => {
  test('are all read by their owner, from segments of those that had their groups', () => {
    fc.assert(
      fc.property(parallelisms, ({ max, from, to }) => {
        const plan = planRestore(keyedOperator(from, max), { parallelism: to, owned: true, routing });
        for (const [index, { keyed }] of plan.entries()) {
          const groups = Array.from({ length: max }, (_, group) => group).filter((group) => subtaskOfKeyGroup(group, max, to) === index);
          const sources = new Set(groups.map((group) => subtaskOfKeyGroup(group, max, from)));
          for (const name of ['value', 'timers']) {
            const read = (keyed[name] ?? []).map((each) => each.segment.id);
            expect(read).toEqual([...sources].map((old) => `${old} ${name}`));
          }
        }
      }),
    );
  });

  test.each([
    ['same parallelism, own files', 2, true, true],
    ['same parallelism, a savepoint', 2, false, false],
    ['other parallelism, own files', 3, true, false],
  ])('go on to count as stored, or not: %s', (_, parallelism, owned, adopts) => {
    const plan = planRestore(keyedOperator(2, 128), { parallelism, owned, routing });
    expect(
      new Set(
        plan.flatMap(({ keyed }) =>
          Object.values(keyed)
            .flat()
            .map((each) => each.adopts),
        ),
      ),
    ).toEqual(new Set([adopts]));
  });
});

/** The items that runs stand for, by name. */
function itemsOf(runs: readonly RestoredItems[] = []): string[] {
  return runs.flatMap(({ items, count, from, to }) => {
    const name = items.kind === 'inline' ? Buffer.from(items.bytes).toString() : '';
    return Array.from({ length: count }, (_, i) => `${name}.${i}`).slice(from, to);
  });
}

/** Subtasks that have parts with so many items; none where undefined. */
function withParts(distribution: StoredPart['distribution'], counts: readonly (number | undefined)[]): OperatorManifest {
  const subtasks = counts.map((count, index): OperatorSubtaskState => {
    if (count === undefined) return subtask();
    return subtask({ parts: { p: { ...part(distribution, count), items: inline(`${index}`) } } });
  });
  return operator({ subtasks });
}

function allItems(counts: readonly (number | undefined)[]): string[] {
  return counts.flatMap((count = 0, index) => Array.from({ length: count }, (_, i) => `${index}.${i}`));
}

const counts = fc.array(fc.option(fc.nat(6), { nil: undefined }), { minLength: 1, maxLength: 8 });
const parallelism = fc.integer({ min: 1, max: 10 });

describe('parts', () => {
  test('that are split are dealt out, each item once, evenly and in order', () => {
    fc.assert(
      fc.property(counts, parallelism, (given, to) => {
        fc.pre(given.length !== to);
        const dealt = planRestore(withParts('split', given), { parallelism: to, owned: true, routing }).map(({ parts }) =>
          itemsOf(parts.p),
        );
        expect(dealt.flat()).toEqual(allItems(given));
        const lengths = dealt.map(({ length }) => length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('that are split stay where they were at the same parallelism', () => {
    fc.assert(
      fc.property(counts, (given) => {
        const plan = planRestore(withParts('split', given), { parallelism: given.length, owned: false, routing });
        const own = given.map((count = 0, index) => Array.from({ length: count }, (_, i) => `${index}.${i}`));
        expect(plan.map(({ parts }) => itemsOf(parts.p))).toEqual(own);
      }),
    );
  });

  test('that are a union go to everybody', () => {
    fc.assert(
      fc.property(counts, parallelism, (given, to) => {
        for (const { parts } of planRestore(withParts('union', given), { parallelism: to, owned: true, routing })) {
          expect(itemsOf(parts.p)).toEqual(allItems(given));
        }
      }),
    );
  });

  test('that are broadcast come from one each', () => {
    const plan = planRestore(withParts('broadcast', [2, undefined, 3]), { parallelism: 5, owned: true, routing });
    const [first, third] = [
      ['0.0', '0.1'],
      ['2.0', '2.1', '2.2'],
    ];
    expect(plan.map(({ parts }) => itemsOf(parts.p))).toEqual([first, third, first, third, first]);
  });

  test('may have any name, and are apart from each other', () => {
    const parts = Object.fromEntries(['a', '__proto__', 'toString'].map((name, i) => [name, part('split', i + 1, name)]));
    const plan = planRestore(operator({ subtasks: [subtask({ parts }), subtask()] }), { parallelism: 1, owned: true, routing });
    expect(Object.entries(plan[0]?.parts ?? {}).map(([name, runs]) => [name, itemsOf(runs).length])).toEqual([
      ['a', 1],
      ['__proto__', 2],
      ['toString', 3],
    ]);
  });
});

test('rows in flight go to one subtask each', () => {
  const rows = (index: number) => ({ exchange: `x${index}`, rows: inline(''), count: 1 });
  const from = operator({ subtasks: [0, 1, 2].map((index) => subtask({ inFlight: [rows(index)] })) });
  const exchanges = (to: number) =>
    planRestore(from, { parallelism: to, owned: true, routing }).map(({ inFlight }) => inFlight.map(({ exchange }) => exchange));
  expect(exchanges(3)).toEqual([['x0'], ['x1'], ['x2']]);
  expect(exchanges(2)).toEqual([['x0', 'x2'], ['x1']]);
  expect(exchanges(4)).toEqual([['x0'], ['x1'], ['x2'], []]);
});

test('rows in flight of keys are read by all who may own one, copies go with the state of one subtask', () => {
  const rows = (index: number) => ({ exchange: `x${index}`, rows: inline(''), count: 1 });
  const from = operator({ subtasks: [0, 1].map((index) => subtask({ inFlight: [rows(index)] })), maxParallelism: 4 });
  const exchanges = (parallelism: number, route: 'by-key' | 'copies') =>
    planRestore(from, { parallelism, owned: true, routing: () => route }).map(({ inFlight }) =>
      inFlight.map(({ exchange, shared }) => (shared ? `${exchange}, a share` : exchange)),
    );
  expect(exchanges(2, 'by-key')).toEqual([['x0'], ['x1']]);
  expect(exchanges(1, 'by-key')).toEqual([['x0, a share', 'x1, a share']]);
  expect(exchanges(4, 'by-key')).toEqual([['x0, a share'], ['x0, a share'], ['x1, a share'], ['x1, a share']]);
  expect(exchanges(3, 'copies')).toEqual([['x0'], ['x1'], ['x0']]);
  expect(exchanges(1, 'copies')).toEqual([['x0']]);
});

test('the watermark of an input is none where rows are in flight and a subtask had none', () => {
  const parts = { $watermark: part('union', 1) };
  const inFlight = [{ exchange: 'x', rows: inline(''), count: 1 }];
  const plan = (...subtasks: OperatorSubtaskState[]) =>
    planRestore(operator({ subtasks }), { parallelism: 2, owned: true, routing }).map(
      ({ parts: { $watermark = [] } }) => $watermark.length,
    );
  expect(plan(subtask({ parts }), subtask({ inFlight }))).toEqual([0, 0]);
  expect(plan(subtask({ parts }), subtask({ parts, inFlight }))).toEqual([2, 2]);
  expect(plan(subtask({ parts }), subtask())).toEqual([1, 1]);
});
