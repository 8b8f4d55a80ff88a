/** Bugs that the simulator must find: a simulator that finds nothing says nothing. */

import { describe, expect, test } from 'vitest';
import { bugs } from './bugs.ts';
import { runSeed } from './seeds.ts';

/** Seeds within which a bug is found. */
const seedsMax = 60;

/** The first seed with which a bug is noticed, and how. */
async function noticed({ tamper, replace, plan, job }: (typeof bugs)[number]): Promise<{ seed: number; how: string } | undefined> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const putBack = replace?.();
    try {
      await runSeed(seed, { ...(tamper === undefined ? {} : { tamper }), ...(plan === undefined ? {} : { plan }) }, job);
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
    expect(await noticed(bug)).toMatchObject({ how: expect.stringMatching(/seed \d+/) });
  });

  test.each(bugs.map((bug) => [bug.name, bug] as const))(
    '%s: what it is told of does not come from the circumstances',
    { timeout: 120_000 },
    async (_name, bug) => {
      const { plan, job } = bug;
      for (let seed = 1; seed <= 3; seed++) await runSeed(seed, plan === undefined ? {} : { plan }, job);
    },
  );
});
