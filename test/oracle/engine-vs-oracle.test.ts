/**
 * Random jobs on random data come to the same on the engine as on the interpreter, whatever the parallelism, the limits and
 * the plan. `MILLRACE_RUNS=100 npx vitest run test/oracle` tries a hundred times as many; `MILLRACE_SEED` repeats a run.
 * A failure shows the job as a program.
 */

import fc from 'fast-check';
import { describe, test } from 'vitest';
import { columnarPlans, driftingPlans, orderedPlans, plans, voluminousPlans } from './arbitraries.ts';
import { expectSame } from './comparison.ts';
import type { Plan } from './plan.ts';

const times = Number(process.env.MILLRACE_RUNS ?? 1);
const seed = process.env.MILLRACE_SEED === undefined ? {} : { seed: Number(process.env.MILLRACE_SEED) };
/** A property stops after this time, on a slow machine before it has tried everything: then it has held so far. */
const limitMs = 20_000 * Math.max(1, times);
const timeout = limitMs + 20_000;

function holds(arbitrary: fc.Arbitrary<Plan>, numRuns: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(arbitrary, fc.nat(1000), (plan, random) => expectSame(plan, random)),
    { numRuns: Math.ceil(numRuns * times), interruptAfterTimeLimit: limitMs, ...seed },
  );
}

describe('the engine comes to the same as the interpreter', () => {
  test('on records whose shape changes, through every partitioning', () => holds(driftingPlans(), 200), timeout);

  test('on columns that go through several exchanges', () => holds(columnarPlans(), 200), timeout);

  test('on keyed streams of one producer, in their order', () => holds(orderedPlans(), 250), timeout);

  test('on short graphs', () => holds(plans(3), 200), timeout);

  test('on large graphs', () => holds(plans(12), 200), timeout);

  test('on many records', () => holds(voluminousPlans(), 30), timeout);
});
