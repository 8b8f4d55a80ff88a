/**
 * Processes that are killed at any moment and started again: what they commit is what a run commits that nobody disturbs. A few kills
 * in every run of the tests; `npm run test:crash` kills a hundred times.
 */

import { describe, expect, it } from 'vitest';
import { type KilledProgram, surviveKills } from './killed-program.ts';

const isLong = process.env.MILLRACE_CRASH === 'long';
const seed = Number(process.env.MILLRACE_CRASH_SEED ?? Math.floor(Math.random() * 1e9));

const windowedCounts = { program: 'windowed-counts', outputs: ['counts'] };
const timersAndJoins = { program: 'timers-and-joins', outputs: ['customers', 'pairs'] };

type Case = readonly [title: string, test: Omit<KilledProgram, 'seed'>];

const short: readonly Case[] = [
  ['windowed counts', { ...windowedCounts, lines: 12_000, parallelisms: [2], kills: 3 }],
  ['timers and a join, at another parallelism each time', { ...timersAndJoins, lines: 5000, parallelisms: [2, 3, 1], kills: 3 }],
];

const long: readonly Case[] = [
  ['windowed counts', { ...windowedCounts, lines: 120_000, parallelisms: [2], kills: 35 }],
  ['windowed counts, at another parallelism each time', { ...windowedCounts, lines: 90_000, parallelisms: [2, 3, 1], kills: 25 }],
  ['timers and a join', { ...timersAndJoins, lines: 50_000, parallelisms: [2], kills: 20 }],
  ['timers and a join, at another parallelism each time', { ...timersAndJoins, lines: 50_000, parallelisms: [3, 1, 2], kills: 20 }],
];

describe('a process that is killed and started again', () => {
  it.each(isLong ? long : short)('%s', { timeout: isLong ? 600_000 : 180_000 }, async (title, test) => {
    const survived = await surviveKills({ ...test, seed });
    console.log(`${title}, seed ${seed}: killed ${survived.running} times while it ran, ${survived.starting} times while it started`);
    expect(survived.running + survived.starting).toBe(test.kills);
  });
});
