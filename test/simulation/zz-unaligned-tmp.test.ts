import { expect, test } from 'vitest';
import { simulate } from '../../src/testing/index.ts';
import { jobNames, jobs } from './jobs.ts';

const from = Number(process.env.FROM ?? 1),
  count = Number(process.env.COUNT ?? 60);
test('seeds', async () => {
  const failures: string[] = [];
  const total = { steps: 0, checkpoints: 0, restarts: 0, processes: 0 };
  for (let seed = from; seed < from + count; seed++) {
    const name = jobNames[seed % jobNames.length];
    try {
      const report = await simulate(
        jobs[name] as never,
        {
          seed,
          trace: process.env.TRACE ? (line) => console.log(line) : undefined,
          plan: (plan) => ({
            ...plan,
            parallelisms: process.env.RESCALE ? plan.parallelisms : [plan.parallelisms[0]],
            checkpoint: {
              ...plan.checkpoint,
              mode: 'exactly-once',
              maxConcurrent: 1,
              ...(process.env.ALIGNED ? {} : { unaligned: seed % 3 === 0 ? true : { afterAlignmentTimeout: seed % 5 } }),
            },
            config: { ...plan.config, localAggregation: false },
          }),
        } as never,
      );
      total.steps += report.steps;
      total.checkpoints += report.checkpoints;
      total.restarts += report.restarts;
      total.processes += report.processes;
    } catch (error) {
      failures.push(`${name} ${seed}: ${(error as Error).message.slice(0, 600)}`);
      if (process.env.TRACE) console.log((error as any).cause?.stack, (error as any).stack);
    }
  }
  console.log(total, failures.length, failures.slice(0, 8).join('\n'));
  expect(failures).toEqual([]);
}, 500_000);
