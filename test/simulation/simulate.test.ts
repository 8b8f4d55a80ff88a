/** The simulator as its users have it. */

import { describe, expect, it } from 'vitest';
import { restart, type StreamEnvironment } from '../../src/index.ts';
import { type SimulatedJob, SimulationError, type SimulationPlan, simulate } from '../../src/testing/index.ts';
import { noFaults } from '../../src/testing/simulation/simulation-plan.ts';
import { jobs } from './jobs.ts';

/** What happens in a simulation, line by line. */
async function traceOf(seed: number): Promise<string[]> {
  const lines: string[] = [];
  await simulate(jobs.counting, { seed, trace: (line) => lines.push(line) });
  return lines;
}

const failing = (plan: SimulationPlan): SimulationPlan => ({
  ...plan,
  safetySteps: 800,
  checkpoint: { interval: 5, tolerableFailures: 100 },
  config: { ...plan.config, restart: restart.fixedDelay({ attempts: 100, delay: 1 }) },
  faults: { ...noFaults, workerDeath: 0.02 },
  sink: 'ledger',
});

/** What is found with the first of some seeds. */
async function found(job: SimulatedJob, plan: (each: SimulationPlan) => SimulationPlan): Promise<Error | undefined> {
  for (let seed = 1; seed <= 10; seed++) {
    try {
      await simulate(job, { seed, plan });
    } catch (error) {
      return error as Error;
    }
  }
  return undefined;
}

describe('simulate', () => {
  it('does the same for the same seed, whatever was simulated before', async () => {
    const first = await traceOf(11);
    await simulate(jobs.sessions, { seed: 3 });
    expect(first.length).toBeGreaterThan(50);
    expect(await traceOf(11)).toEqual(first);
    expect(await traceOf(12)).not.toEqual(first);
  });

  it('says what it has tried', async () => {
    const report = await simulate(jobs.tumbling, { seed: 5, plan: failing });
    expect(report).toMatchObject({ seed: 5, processes: expect.any(Number), rows: expect.any(Number) });
    expect(report.workerDeaths).toBeGreaterThan(0);
    expect(report.restarts).toBeGreaterThan(0);
    expect(report.checkpoints).toBeGreaterThan(0);
  });

  it('starts a job again from an older checkpoint whose input is not kept any more, as the error says', async () => {
    const report = await simulate(jobs.hosted, { seed: 50632 });
    expect(report.processes).toBeGreaterThan(1);
  });

  it('finds a job that keeps something beside its state', async () => {
    const forgetful: SimulatedJob = {
      build: (env: StreamEnvironment) => {
        let count = 0;
        return env
          .fromSequence(1, 60, { parallelism: 1 })
          .map((n) => ({ n, count: ++count }))
          .setParallelism(1);
      },
    };
    const error = await found(forgetful, failing);
    expect(error).toBeInstanceOf(SimulationError);
    expect(error?.message).toMatch(/^seed \d+: .*which an undisturbed run does not give/);
  });

  it('finds a job that fails whatever is done', async () => {
    const failingAlways: SimulatedJob = {
      build: (env) => {
        // An undisturbed run is fine: it reads no more than it needs.
        const last = env.parallelism === 1 ? 21 : 20;
        return env.fromSequence(1, 20).map((n) => {
          if (n === last) throw new Error('never');
          return n;
        });
      },
    };
    const plan = (each: SimulationPlan): SimulationPlan => ({ ...failing(each), parallelisms: [2] });
    expect((await found(failingAlways, plan))?.message).toMatch(/fails again and again.*never/s);
  });
});
