/** Bugs that the simulator must find: a simulator that finds nothing says nothing. */

import { describe, expect, test } from 'vitest';
import { type Bug, bugs } from './bugs.ts';
import { runSeed } from './seeds.ts';

/** Seeds within which a bug is found. */
const seedsMax = 60;

interface Noticed {
  readonly seed: number;
  readonly how: string;
}

/** The first seed with which a bug is noticed, and how. */
async function noticed({ tamper, replace, plan, job, from = 1 }: Bug): Promise<Noticed | undefined> {
  const circumstances = plan === undefined ? {} : { plan };
  for (let seed = from; seed < from + seedsMax; seed++) {
    const putBack = replace?.();
    try {
      await runSeed(seed, tamper === undefined ? circumstances : { ...circumstances, tamper }, job);
    } catch (error) {
      return { seed, how: (error as Error).message };
    } finally {
      putBack?.();
    }
  }
  return undefined;
}

describe('a bug is noticed', () => {
  test.each(bugs.map((bug) => [bug.name, bug] as const))('%s', { timeout: 120_000 }, async (_name, bug) => {
    const found = await noticed(bug);
    expect(found).toMatchObject({ how: expect.stringMatching(/seed \d+/) });
    // It is the bug, and not what has been made of the circumstances.
    await runSeed(found?.seed ?? 1, bug.plan === undefined ? {} : { plan: bug.plan }, bug.job);
  });
});
