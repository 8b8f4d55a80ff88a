/**
 * Runs a whole job — host, workers, channels, checkpoints, disk — on one thread, from a seed, with everything going wrong that can: first
 * a safety phase, in which faults happen, then a liveness phase, in which they have stopped and the job has to come to its end.
 */

import type { DataStream } from '../../api/data-stream.ts';
import type { StreamEnvironment } from '../../api/environment.ts';
import { thrownText } from '../../base/errors.ts';
import { seededRandom } from '../../base/random.ts';
import type { Storage } from '../../base/system.ts';
import { TestEnvironment } from '../test-environment.ts';
import { Simulation } from './simulation.ts';
import { planSimulation, type SimulationPlan } from './simulation-plan.ts';
import { VirtualDisk } from './virtual-disk.ts';
import type { Tampering } from './virtual-process.ts';
import { VirtualThread, VirtualWorld } from './virtual-world.ts';

/** A job whose rows do not depend on how its threads come to run. */
export interface SimulatedJob<T = unknown> {
  /**
   * Builds the job and returns what its exactly-once sink is to get: rows that JSON can hold.
   *
   * @param mayFail for a function of the job: returns what it is given, or throws
   * @param later for a function that returns promises: resolves to what it is given, some time
   */
  build(env: StreamEnvironment, mayFail: <V>(value: V) => V, later: <V>(value: V) => Promise<V>): DataStream<T>;
  /** Rows of one key come in one order. Without it they may come in any. */
  keyOf?(row: T): string;
  /**
   * Whether the rows depend on where in the stream watermarks come, as those of timers and of late records do. Rows that an unaligned
   * checkpoint has taken along come again before the watermarks that were between them: such a job is simulated without.
   */
  readonly followsWatermarks?: boolean;
  /** Rows for inputs of the host, by name. */
  readonly inputs?: Readonly<Record<string, readonly unknown[]>>;
  /** Files that are there before the job starts: their text by their absolute path. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface SimulationOptions {
  /** Decides about everything that is left to chance. */
  readonly seed: number;
  /** Replaces decisions of chance. */
  readonly plan?: (plan: SimulationPlan) => SimulationPlan;
  /** Takes a line for everything that happens. */
  readonly trace?: ((line: string) => void) | undefined;
  /** Rows of an undisturbed run; found by one where they are not given. */
  readonly expected?: readonly unknown[];
  /** Puts a bug into the engine. @internal */
  readonly tamper?: Tampering;
}

/** What a simulation has tried. */
export interface SimulationReport {
  readonly seed: number;
  /** Things that happened. */
  readonly steps: number;
  /** Milliseconds of virtual time. */
  readonly virtualMs: number;
  readonly processes: number;
  readonly workerDeaths: number;
  readonly restarts: number;
  readonly checkpoints: number;
  readonly failedCheckpoints: number;
  readonly savepoints: number;
  /** Starts from a savepoint. */
  readonly savepointStarts: number;
  readonly rows: number;
}

/** The engine has broken a promise. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly seed: number;

  constructor(seed: number, what: string, options?: { cause?: unknown }) {
    super(`seed ${seed}: ${what}`, options);
    this.seed = seed;
  }
}

/**
 * Simulates a job with faults.
 *
 * @throws SimulationError when its output is not that of an undisturbed run, or another promise is broken
 * @example
 * const report = await simulate({ build: (env) => env.fromSequence(1, 100).keyBy((n) => n % 3).sum() }, { seed: 7 });
 */
export async function simulate<T>(job: SimulatedJob<T>, options: SimulationOptions): Promise<SimulationReport> {
  const { seed, plan = (each) => each, trace, tamper = {} } = options;
  const random = seededRandom(seed);
  const planned = plan(planSimulation(random, { aligns: job.followsWatermarks === true }));
  const expected = (options.expected ?? (await undisturbed(job))) as readonly T[];
  const simulation = new Simulation({ job, plan: planned, random, expected, trace, tamper });
  try {
    return { seed, ...(await simulation.run()) };
  } catch (error) {
    throw new SimulationError(seed, thrownText(error), { cause: error });
  }
}

/** The rows of a run in which nothing goes wrong. */
export async function undisturbed<T>(job: SimulatedJob<T>): Promise<T[]> {
  const { inputs = {} } = job;
  const env = new TestEnvironment({ runtimeMode: 'streaming', autoWatermarkInterval: 0, storage: storageOf(job), inputs });
  const rows = job.build(
    env,
    (value) => value,
    async (value) => value,
  );
  return env.collect(rows);
}

/** A disk on which nothing goes wrong. */
function storageOf({ files = {} }: Pick<SimulatedJob, 'files'>): Storage {
  const world = new VirtualWorld({ random: seededRandom(0), readingMs: 0, trace: undefined });
  const disk = new VirtualDisk();
  for (const [path, text] of Object.entries(files)) disk.put(path, text);
  return disk.reliable(new VirtualThread(world, 'undisturbed', 0));
}
