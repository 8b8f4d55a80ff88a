/**
 * Simulations whose checkpoints are unaligned, or become so: the faults are those of the others. Watermarks on their way are not taken
 * along, so jobs are left out in which it matters between which records one came.
 */

import { expect, test } from 'vitest';
import { simulate } from '../../src/testing/index.ts';
import { type JobName, jobNames, jobs } from './jobs.ts';

const seeds = 8;
/** Rows late by watermarks, and timers that see what has come. */
const byWatermark: readonly JobName[] = ['timers', 'lateness'];
const names = jobNames.filter((name) => !byWatermark.includes(name));

test.each(names)('%s, with barriers that overtake rows', async (name) => {
  let checkpoints = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const report = await simulate(jobs[name] as (typeof jobs)['counting'], {
      seed,
      plan: (plan) => ({
        ...plan,
        // Rows of no key that were on their way are dealt out where the parallelism is another: they do not keep the order of keys. And
        // other parallelisms may chain or aggregate in another way, so that an exchange is there no more.
        parallelisms: 'keyOf' in jobs[name] ? plan.parallelisms.slice(0, 1) : plan.parallelisms,
        config: { ...plan.config, localAggregation: false, chaining: false },
        checkpoint: {
          ...plan.checkpoint,
          mode: 'exactly-once',
          maxConcurrent: 1,
          unaligned: seed % 3 === 0 ? true : { afterAlignmentTimeout: seed % 5 },
        },
      }),
    });
    checkpoints += report.checkpoints;
  }
  expect(checkpoints).toBeGreaterThan(0);
});
