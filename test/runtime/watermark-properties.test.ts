/**
 * Watermarks in the engine, on random jobs: several sources with strategies of their own, united, dealt out, keyed, some of them
 * idle. At every operator's every subtask the watermark never goes back; and where strategies tell the truth, no record is at or
 * behind it.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DataStream } from '../../src/api/data-stream.ts';
import { TestEnvironment } from '../../src/testing/index.ts';
import { type WatermarkStrategy, watermarks } from '../../src/time/watermarks.ts';

interface Row {
  readonly at: number;
  readonly key: number;
}

interface Seen {
  readonly place: number;
  readonly subtask: number;
  readonly timestamp: number | undefined;
  readonly watermark: number;
}

type StrategyKind = 'bounded' | 'every record' | 'periodic' | 'none';
type Step = 'map' | 'rebalance' | 'rescale' | 'keyBy' | 'observe' | 'flatMap' | 'new chain' | 'timers';

interface SourcePlan {
  /** Times, each at most `lateness` before the latest of those before it. */
  readonly times: readonly number[];
  readonly lateness: number;
  readonly strategy: StrategyKind;
  readonly ratePerSecond: number | undefined;
  readonly steps: readonly Step[];
}

interface JobPlan {
  readonly sources: readonly SourcePlan[];
  readonly steps: readonly Step[];
  readonly parallelism: number;
  readonly interval: number;
  readonly batchRows: number;
  readonly localQueueBatches: number;
}

const step = fc.constantFrom<Step>('map', 'rebalance', 'rescale', 'keyBy', 'observe', 'flatMap', 'new chain', 'timers');

function sourcePlan(rates: readonly (number | undefined)[]): fc.Arbitrary<SourcePlan> {
  return fc
    .record({
      moves: fc.array(fc.record({ by: fc.integer({ min: 0, max: 50 }), late: fc.integer({ min: 0, max: 1000 }) }), { maxLength: 40 }),
      lateness: fc.integer({ min: 0, max: 100 }),
      strategy: fc.constantFrom<StrategyKind>('bounded', 'every record', 'periodic', 'none'),
      ratePerSecond: fc.constantFrom(...rates),
      steps: fc.array(step, { maxLength: 2 }),
    })
    .map(({ moves, lateness, ...plan }) => {
      let latest = 0;
      const times = moves.map(({ by, late }) => {
        latest += by;
        return latest - Math.min(late, lateness);
      });
      return { times, lateness, ...plan };
    });
}

function jobPlan(rates: readonly (number | undefined)[]): fc.Arbitrary<JobPlan> {
  return fc.record({
    sources: fc.array(sourcePlan(rates), { minLength: 1, maxLength: 3 }),
    steps: fc.array(step, { maxLength: 3 }),
    parallelism: fc.integer({ min: 1, max: 3 }),
    interval: fc.constantFrom(0, 1, 100),
    batchRows: fc.constantFrom(1, 2, 1024),
    localQueueBatches: fc.constantFrom(1, 4),
  });
}

function strategyOf({ strategy, lateness }: SourcePlan, idleness: '1s' | false): WatermarkStrategy<Row> {
  switch (strategy) {
    case 'none':
      return watermarks.none({ timestamp: ({ at }: Row) => at, idleness });
    case 'bounded':
      return watermarks.boundedOutOfOrderness(lateness, { timestamp: ({ at }: Row) => at, idleness });
    default:
      return watermarks.generator<Row>({
        timestamp: 'at',
        idleness,
        create: () => {
          let latest = Number.NEGATIVE_INFINITY;
          return {
            onEvent: (_, timestamp, output) => {
              latest = Math.max(latest, timestamp);
              if (strategy === 'every record') output.emitWatermark(latest - lateness - 1);
            },
            onPeriodicEmit: (output) => {
              if (strategy === 'periodic') output.emitWatermark(latest - lateness - 1);
            },
          };
        },
      });
  }
}

/** What operators saw, in the order in which each of their subtasks saw it. */
async function run(plan: JobPlan, idleness: '1s' | false): Promise<{ readonly seen: Seen[]; readonly rows: number }> {
  const { parallelism, interval, batchRows, localQueueBatches } = plan;
  const env = new TestEnvironment({ parallelism, autoWatermarkInterval: interval, limits: { batchRows, localQueueBatches } });
  const seen: Seen[] = [];
  let places = 0;
  const observed = (stream: DataStream<Row>): DataStream<Row> => {
    const place = places++;
    return stream.process({
      processElement(row: Row, { subtask, timestamp, watermark }, out: (row: Row) => void) {
        seen.push({ place, subtask, timestamp, watermark });
        out(row);
      },
    });
  };
  const timed = (stream: DataStream<Row>): DataStream<Row> => {
    const place = places++;
    return stream.keyBy('key').process({
      processElement(row: Row, ctx, out: (row: Row) => void) {
        seen.push({ place, subtask: ctx.subtask, timestamp: ctx.timestamp, watermark: ctx.watermark });
        ctx.timers.registerEventTime(row.at + 10);
        out(row);
      },
      onTimer(_, { subtask, watermark }) {
        seen.push({ place, subtask, timestamp: undefined, watermark });
      },
    });
  };
  const behind = (stream: DataStream<Row>, steps: readonly Step[]): DataStream<Row> => {
    let built = stream;
    for (const each of steps) {
      if (each === 'map') built = built.map(({ at, key }) => ({ at, key }));
      else if (each === 'flatMap') built = built.flatMap((row, emit) => emit(row));
      else if (each === 'rebalance' || each === 'rescale') built = observed(built[each]());
      else if (each === 'keyBy') built = observed(built.keyBy('key'));
      else if (each === 'timers') built = timed(built);
      else if (each === 'new chain') built = observed(built).startNewChain();
      else built = observed(built);
    }
    return built;
  };
  const streams = plan.sources.map((source) => {
    const { times, ratePerSecond } = source;
    const create = (i: number): Row => ({ at: times[i] as number, key: i % 5 });
    const pace = ratePerSecond === undefined ? {} : { ratePerSecond };
    const stream = env.generate({ count: times.length, create, parallelism: 1, watermarks: strategyOf(source, idleness), ...pace });
    return behind(stream, source.steps);
  });
  const [first, ...others] = streams;
  const united = (first as DataStream<Row>).union(...others);
  const rows = await env.collect(behind(observed(united), [...plan.steps, 'observe']));
  return { seen, rows: rows.length };
}

function bySubtask(seen: readonly Seen[]): Seen[][] {
  const groups: Record<string, Seen[]> = {};
  for (const each of seen) {
    const group = `${each.place} ${each.subtask}`;
    groups[group] ??= [];
    groups[group].push(each);
  }
  return Object.values(groups);
}

function goesBack(seen: readonly Seen[]): Seen | undefined {
  return bySubtask(seen)
    .flatMap((each) => each.filter(({ watermark }, i) => i > 0 && watermark < (each[i - 1] as Seen).watermark))
    .at(0);
}

test('the watermark never goes back, and no record is at or behind it, where strategies tell the truth', { timeout: 100_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(jobPlan([undefined, 100]), async (plan) => {
      const { seen, rows } = await run(plan, false);
      expect(rows).toBe(plan.sources.reduce((sum, { times }) => sum + times.length, 0));
      expect(goesBack(seen)).toBeUndefined();
      expect(seen.filter(({ timestamp, watermark }) => timestamp !== undefined && timestamp <= watermark)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('nor does it where sources become idle and come back', { timeout: 100_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(jobPlan([undefined, 100, 1, 0.4]), async (plan) => {
      const { seen, rows } = await run(plan, '1s');
      expect(rows).toBe(plan.sources.reduce((sum, { times }) => sum + times.length, 0));
      expect(goesBack(seen)).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});
