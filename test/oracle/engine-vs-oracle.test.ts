/**
 * Random jobs on random data come to the same on the engine as on the interpreter, whatever the parallelism, the limits and
 * the plan. `MILLRACE_RUNS=100 npx vitest run test/oracle` tries a hundred times as many; `MILLRACE_SEED` repeats a run.
 */

import fc from 'fast-check';
import { describe, test } from 'vitest';
import { columnarPlans, driftingPlans, orderedPlans, plans, voluminousPlans } from './arbitraries.ts';
import { expectSame } from './comparison.ts';
import type { Plan } from './plan.ts';

const times = Number(process.env.MILLRACE_RUNS ?? 1);
const seed = process.env.MILLRACE_SEED === undefined ? {} : { seed: Number(process.env.MILLRACE_SEED) };
const timeout = 60_000 * Math.max(1, times);

function holds(arbitrary: fc.Arbitrary<Plan>, numRuns: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(arbitrary, fc.nat(1000), (plan, random) => expectSame(plan, random)),
    { numRuns: Math.ceil(numRuns * times), ...seed, endOnFailure: process.env.MILLRACE_NO_SHRINK !== undefined },
  );
}

describe('the engine comes to the same as the interpreter', () => {
  test('on records whose shape changes, through every partitioning', () => holds(driftingPlans(), 300), timeout);

  test('on columns that go through several exchanges', () => holds(columnarPlans(), 250), timeout);

  test('on keyed streams of one producer, in their order', () => holds(orderedPlans(), 300), timeout);

  test('on short graphs', () => holds(plans(3), 300), timeout);

  test('on large graphs', () => holds(plans(12), 200), timeout);

  test('on many records', () => holds(voluminousPlans(), 40), timeout);
});
