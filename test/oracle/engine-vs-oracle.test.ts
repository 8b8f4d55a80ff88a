/**
 * Random jobs on random data come to the same on the engine as on the interpreter, whatever the parallelism, the limits and
 * the plan. `MILLRACE_RUNS=100 npx vitest run test/oracle` tries a hundred times as many as are named below, and by itself it tries half of
 * them; `MILLRACE_SEED` repeats a run.
 * A failure shows the job as a program.
 */

import fc from 'fast-check';
import { describe, test } from 'vitest';
import { runsOf, timesAsMany } from '../property-runs.ts';
import { columnarPlans, driftingPlans, orderedPlans, plans, voluminousPlans } from './arbitraries.ts';
import { expectSame } from './comparison.ts';
import type { Plan } from './plan.ts';

const seed = process.env.MILLRACE_SEED === undefined ? {} : { seed: Number(process.env.MILLRACE_SEED) };
/** A property stops after this time, on a slow machine before it has tried everything: then it has held so far. */
const limitMs = 20_000 * Math.max(1, timesAsMany);
const timeout = limitMs + 100_000;

function holds(arbitrary: fc.Arbitrary<Plan>, numRuns: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(arbitrary, fc.nat(1000), (plan, random) => expectSame(plan, random)),
    { numRuns: runsOf(numRuns), interruptAfterTimeLimit: limitMs, ...seed },
  );
}

describe('the engine comes to the same as the interpreter', () => {
  test('on records whose shape changes, through every partitioning', () => holds(driftingPlans(), 100), timeout);

  test('on columns that go through several exchanges', () => holds(columnarPlans(), 100), timeout);

  test('on keyed streams of one producer, in their order', () => holds(orderedPlans(), 125), timeout);

  test('on short graphs', () => holds(plans(3), 100), timeout);

  test('on large graphs', () => holds(plans(12), 100), timeout);

  test('on many records', () => holds(voluminousPlans(), 15), timeout);
});
