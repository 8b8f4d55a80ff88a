/** Runs seeds of the simulator, each with one of the jobs, and says how to see one that fails again. */

import { simulate } from '../../src/testing/index.ts';
import { type SimulatedJob, type SimulationOptions, type SimulationReport, undisturbed } from '../../src/testing/simulation/simulate.ts';
import { type JobName, jobNames, jobs } from './jobs.ts';

const undisturbedRows = new Map<JobName, Promise<readonly unknown[]>>();

/** The rows of an undisturbed run, found once. */
function rowsOf(name: JobName): Promise<readonly unknown[]> {
  const rows = undisturbedRows.get(name) ?? undisturbed(jobs[name] as SimulatedJob);
  undisturbedRows.set(name, rows);
  return rows;
}

/** The job that a seed has where none is named. */
export function jobOf(seed: number): JobName {
  return jobNames[seed % jobNames.length] as JobName;
}

/** @throws Error with the command that does it again */
export async function runSeed(
  seed: number,
  options: Omit<SimulationOptions, 'seed'> = {},
  name: JobName = jobOf(seed),
): Promise<SimulationReport> {
  try {
    return await simulate(jobs[name] as SimulatedJob, { ...options, seed, expected: await rowsOf(name) });
  } catch (error) {
    throw new Error(`${name}, ${(error as Error).message}\n  again: npm run sim -- --seed ${seed} --job ${name} --trace`, { cause: error });
  }
}

/** Runs `count` seeds from `first` on. */
export async function runSeeds(first: number, count: number): Promise<readonly SimulationReport[]> {
  const reports: SimulationReport[] = [];
  for (let seed = first; seed < first + count; seed++) reports.push(await runSeed(seed));
  return reports;
}
