/** The seeds of a part: parts are files, so that they run on several cores. */

import { expect, test } from 'vitest';
import { runSeeds } from './seeds.ts';

const seedsOfTest = 50;
const testsOfPart = 2;

/** @param part from 1 */
export function testSeeds(part: number): void {
  const first = (part - 1) * seedsOfTest * testsOfPart + 1;
  const starts = Array.from({ length: testsOfPart }, (_, i) => first + i * seedsOfTest);
  test.each(starts)(`${seedsOfTest} seeds from %i on`, { timeout: 120_000 }, async (from) => {
    const reports = await runSeeds(from, seedsOfTest);
    expect(reports).toHaveLength(seedsOfTest);
    // They have tried what they are for.
    expect(Math.max(...reports.map(({ processes }) => processes))).toBeGreaterThan(1);
    expect(Math.max(...reports.map(({ restarts }) => restarts))).toBeGreaterThan(0);
    expect(reports.reduce((sum, { checkpoints }) => sum + checkpoints, 0)).toBeGreaterThan(seedsOfTest);
  });
}
