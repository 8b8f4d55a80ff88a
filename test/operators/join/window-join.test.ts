/** Window joins and co-groups against nested loops for each window. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DataStream } from '../../../src/api/data-stream.ts';
import { OutputTag } from '../../../src/operators/process/context.ts';
import type { SidedRecord } from '../../../src/operators/window/co-window.ts';
import { TestEnvironment } from '../../../src/testing/test-environment.ts';
import { eventTime } from '../../../src/time/windows/assigners/event-time.ts';
import { evictors } from '../../../src/time/windows/evictors/evictors.ts';
import { triggers } from '../../../src/time/windows/triggers/triggers.ts';
import type { TimeWindow } from '../../../src/time/windows/window.ts';
import type { WindowAssigner } from '../../../src/time/windows/window-assigner.ts';
import { bounded, disorder, type Item, items, sizes } from './streams.ts';

type Sided = SidedRecord<Item, Item>;
type Windows = readonly { readonly start: number; readonly end: number }[];

interface Case {
  readonly name: string;
  readonly assigner: WindowAssigner<Sided, TimeWindow>;
  /** The windows that records of these times have. */
  readonly windowsOf: (times: readonly number[]) => Windows;
}

function sliding(size: number, slide: number): (times: readonly number[]) => Windows {
  return (times) => {
    const starts = new Set<number>();
    for (const at of times) for (let start = -200; start <= at; start += slide) if (at < start + size) starts.add(start);
    return [...starts].map((start) => ({ start, end: start + size }));
  };
}

function sessions(gap: number): (times: readonly number[]) => Windows {
  return (times) => {
    const windows: { start: number; end: number }[] = [];
    for (const at of [...times].sort((a, b) => a - b)) {
      const last = windows.at(-1);
      if (last !== undefined && at <= last.end) last.end = at + gap;
      else windows.push({ start: at, end: at + gap });
    }
    return windows;
  };
}

const cases: readonly Case[] = [
  { name: 'tumbling', assigner: eventTime.tumbling(25), windowsOf: sliding(25, 25) },
  { name: 'sliding', assigner: eventTime.sliding(30, 10), windowsOf: sliding(30, 10) },
  { name: 'session', assigner: eventTime.session({ gap: 7 }), windowsOf: sessions(7) },
];

/** For each key and window, the records of either side. */
function groups(
  lefts: readonly Item[],
  rights: readonly Item[],
  windowsOf: Case['windowsOf'],
): [Item[], Item[], { readonly end: number }][] {
  return [0, 1, 2, 3].flatMap((key) => {
    const mine = [lefts, rights].map((side) => side.filter((item) => item.key === key)) as [Item[], Item[]];
    return windowsOf(mine.flat().map(({ at }) => at)).map(({ start, end }): [Item[], Item[], { end: number }] => {
      const [left, right] = mine.map((side) => side.filter(({ at }) => at >= start && at < end)) as [Item[], Item[]];
      return [left, right, { end }];
    });
  });
}

/** A session that has just ended must not fire before one begins at that very time: they are one. */
const slack = (all: readonly Item[]) => bounded(disorder(all) + 1);

const ids = (all: readonly Item[]): string =>
  all
    .map(({ id }) => id)
    .sort()
    .join();

/** Adds the event time of each row. */
function stamped(rows: DataStream<string>): DataStream<string> {
  return rows.process({
    processElement: (row: string, ctx, out: (row: string) => void) => out(`${row} at ${ctx.timestamp}`),
  });
}

describe.each(cases)('$name windows', ({ assigner, windowsOf }) => {
  describe.each(sizes)('with limits %o', (limits) => {
    test.each([1, 2, 4])('join and coGroup as nested loops do, at parallelism %i', { timeout: 60_000 }, async (parallelism) => {
      await fc.assert(
        fc.asyncProperty(items('l'), items('r'), async (lefts, rights) => {
          const env = new TestEnvironment({ limits, parallelism });
          const left = env.fromData(lefts, { watermarks: slack(lefts) });
          const right = env.fromData(rights, { watermarks: slack(rights) });
          const joined = left
            .join(right)
            .where('key')
            .equalTo(({ key }) => key)
            .window(assigner)
            .apply((a, b) => `${a.id} ${b.id}`);
          const grouped = left
            .coGroup(right)
            .where('key')
            .equalTo('key')
            .window(assigner)
            .apply((as, bs, out: (row: string) => void) => out(`${ids(as)}|${ids(bs)}`));
          stamped(joined).toHost('joined');
          stamped(grouped).toHost('grouped');
          await env.execute();
          const all = groups(lefts, rights, windowsOf);
          const pairs = all.flatMap(([as, bs, { end }]) => as.flatMap((a) => bs.map((b) => `${a.id} ${b.id} at ${end - 1}`)));
          expect([...(env.outputs.joined ?? [])].sort()).toEqual(pairs.sort());
          expect([...(env.outputs.grouped ?? [])].sort()).toEqual(
            all.map(([as, bs, { end }]) => `${ids(as)}|${ids(bs)} at ${end - 1}`).sort(),
          );
        }),
        { numRuns: 8 },
      );
    });
  });
});

const item = (id: string, at: number, key = 1): Item => ({ id, key, at });

test('an outer join is a coGroup', async () => {
  const env = new TestEnvironment({ parallelism: 2 });
  const left = env.fromData([item('a', 1), item('b', 11), item('c', 12)], { watermarks: bounded(0) });
  const right = env.fromData([item('x', 2), item('y', 25)], { watermarks: bounded(0) });
  const rows = left
    .coGroup(right)
    .where(['key'])
    .equalTo(['key'])
    .window(eventTime.tumbling(10))
    .apply((as, bs, out: (row: string) => void) => {
      for (const a of as.length === 0 ? [undefined] : as)
        for (const b of bs.length === 0 ? [undefined] : bs) out(`${a?.id ?? '-'} ${b?.id ?? '-'}`);
    });
  expect((await env.collect(rows)).sort()).toEqual(['- y', 'a x', 'b -', 'c -']);
});

describe('of joined streams', () => {
  const pairOf = (env: TestEnvironment) => {
    const lefts = env.fromData(
      [1, 2, 3, 4].map((n) => item(`l${n}`, n)),
      { watermarks: bounded(0) },
    );
    const rights = env.fromData([item('r', 5)], { watermarks: bounded(0) });
    return lefts.join(rights).where('key').equalTo('key').window(eventTime.tumbling(10));
  };
  const ofBoth = (a: Item, b: Item): string => `${a.id} ${b.id}`;

  test('evictors see the records of both', async () => {
    const env = new TestEnvironment();
    const rows = pairOf(env)
      .evictor({
        evictBefore: (elements) => void elements.splice(0, elements.length, ...elements.filter(({ value }) => value.record.id !== 'l2')),
      })
      .apply(ofBoth);
    expect((await env.collect(rows)).sort()).toEqual(['l1 r', 'l3 r', 'l4 r']);
    const few = new TestEnvironment();
    expect(await few.collect(pairOf(few).evictor(evictors.count(1)).apply(ofBoth))).toEqual([]);
  });

  test('triggers are told which side a record is of', async () => {
    const env = new TestEnvironment();
    const sides: string[] = [];
    const rows = pairOf(env)
      .trigger({
        onElement: ({ side, record }) => {
          sides.push(`${side} ${record.id}`);
          return 'continue';
        },
        onEventTime: () => 'fire',
        onProcessingTime: () => 'continue',
      })
      .apply(ofBoth);
    await env.collect(rows);
    expect(sides.sort()).toEqual(['left l1', 'left l2', 'left l3', 'left l4', 'right r']);
    const silent = new TestEnvironment();
    expect(await silent.collect(pairOf(silent).trigger(triggers.never()).apply(ofBoth))).toEqual([]);
  });
});

test('late records have a window fire again, or go to a side output, or are told of', async () => {
  const run = async (lateness: number, tag?: OutputTag<Sided>) => {
    const env = new TestEnvironment();
    const right = env.fromData([item('x', 2)], { watermarks: bounded(0) });
    const lefts = [item('a', 1), item('z', 50), item('b', 3)];
    const left = env.generate({ count: 3, ratePerSecond: 1, create: (i) => lefts[i] as Item, watermarks: bounded(0) });
    let windows = left.join(right).where('key').equalTo('key').window(eventTime.tumbling(10)).allowedLateness(lateness);
    if (tag !== undefined) windows = windows.sideOutputLateData(tag);
    const rows = windows.apply((a, b) => `${a.id} ${b.id}`);
    if (tag !== undefined) rows.getSideOutput(tag).toHost('late');
    return { rows: await env.collect(rows), warnings: env.warnings, late: env.outputs.late };
  };
  expect((await run(100)).rows).toEqual(['a x', 'a x', 'b x']);
  const { rows, warnings } = await run(0);
  expect(rows).toEqual(['a x']);
  expect(warnings).toEqual([expect.stringMatching(/1 record came too late/)]);
  expect(await run(0, new OutputTag<Sided>('late'))).toEqual({
    rows: ['a x'],
    warnings: [],
    late: [{ side: 'left', record: item('b', 3) }],
  });
});
