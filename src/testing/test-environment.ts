/** An environment for tests: the whole job runs on the calling thread, deterministically, on a manual clock. */

import { collectEndpoint, DataStream, printEndpoint } from '../api/data-stream.ts';
import { StreamEnvironment } from '../api/environment.ts';
import type { Execution } from '../api/execution.ts';
import type { JobInput, JobResult } from '../api/job-client.ts';
import { type EnvironmentConfig, environmentRules } from '../api/options.ts';
import { MillraceError } from '../base/errors.ts';
import { anything, callable, checkOptions, type OptionRules, optional, unexpected, wholeNumber } from '../base/options.ts';
import { seededRandom } from '../base/random.ts';
import type { Storage, System } from '../base/system.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { nodeSystem } from '../platform/node-system.ts';
import { ManualClock } from './manual-clock.ts';
import { SingleThreadJob } from './single-thread-job.ts';

export interface TestEnvironmentConfig extends EnvironmentConfig {
  /** What the job sees as `env.args`. */
  readonly args?: unknown;
  /** Seeds `shuffle` and whatever else is left to chance; default 1. */
  readonly seed?: number;
  /** Time of day to begin with, in epoch milliseconds; default 0. */
  readonly now?: number;
  /** Rows for each input of the host, `fromHost(name)`, by name. */
  readonly inputs?: Readonly<Record<string, readonly unknown[]>>;
  /** Takes what the job prints, a line each. */
  readonly onPrint?: (line: string) => void;
  /** Takes warnings; by default they are gathered in `warnings`. */
  readonly onWarning?: (message: string) => void;
  /** Files; default: the machine's. */
  readonly storage?: Storage;
}

const testRules: OptionRules<TestEnvironmentConfig> = {
  args: optional(anything),
  seed: optional(wholeNumber()),
  now: optional({ expected: 'a number of milliseconds', accepts: Number.isFinite }),
  inputs: optional({ expected: 'arrays of rows by name', accepts: isRowsByName }),
  onPrint: optional(callable),
  onWarning: optional(callable),
  storage: optional(anything),
  ...environmentRules,
};

function isRowsByName(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(Array.isArray);
}

/**
 * @example
 * const env = new TestEnvironment({ parallelism: 2 });
 * const doubled = env.fromData([1, 2, 3]).map((n) => n * 2);
 * (await env.collect(doubled)).sort(); // [2, 4, 6]
 */
export class TestEnvironment extends StreamEnvironment {
  readonly clock: ManualClock;
  readonly warnings: string[] = [];
  /** What the job handed to the host, `toHost(name)`, by name. */
  readonly outputs: Record<string, unknown[]> = {};
  readonly #test: TestEnvironmentConfig;
  readonly #system: System;

  constructor(config: TestEnvironmentConfig = {}) {
    const {
      args,
      seed = 1,
      now = 0,
      inputs,
      onPrint,
      onWarning,
      storage,
      ...environment
    } = checkOptions<TestEnvironmentConfig>(config, testRules, 'TestEnvironment');
    super(environment, testExecution(args));
    this.#test = config;
    const node = nodeSystem();
    this.clock = new ManualClock(now, (callback) => node.timers.soon(callback));
    this.#system = { clock: this.clock, timers: this.clock, random: seededRandom(seed), storage: storage ?? node.storage };
  }

  /** Runs the job and returns the rows of a stream, in the order in which they came. */
  async collect<T>(stream: DataStream<T>, name = 'test'): Promise<T[]> {
    if (!(stream instanceof DataStream)) throw unexpected('collect', 'a stream', stream);
    if (stream.environment !== this) throw new MillraceError('INVALID_JOB', 'collect: the stream belongs to another environment');
    const endpoint = this.addEndpoint('output', collectEndpoint, stream.edges, 'collect').spec.endpoint as { readonly name: string };
    const rows: T[] = [];
    await this.#run(this.describe(name), endpoint.name, (batch) => {
      for (const row of batch) rows.push(row as T);
    });
    return rows;
  }

  override async execute(name = 'test'): Promise<JobResult> {
    return this.#run(this.describe(name), undefined, () => {});
  }

  #rowsOf(name: string): readonly unknown[] {
    const rows = this.#test.inputs?.[name];
    if (rows === undefined)
      throw new MillraceError(
        'ENDPOINT',
        `the job reads fromHost('${name}'): give its rows with new TestEnvironment({ inputs: { ${name}: […] } })`,
      );
    return rows;
  }

  async #run(job: JobDescription, collected: string | undefined, take: (rows: unknown[]) => void): Promise<JobResult> {
    const startedAt = this.clock.monotonic();
    const warn = this.#test.onWarning ?? ((message: string) => void this.warnings.push(message));
    const run = new SingleThreadJob({ job, system: this.#system, clock: this.clock, warn });
    const outputs = run.endpoints.outputNames.map(async (name) => {
      for await (const rows of run.endpoints.batches(name)) {
        if (name === collected) take(rows);
        else if (name.startsWith(printEndpoint)) for (const line of rows) this.#test.onPrint?.(line as string);
        else {
          this.outputs[name] ??= [];
          for (const row of rows) this.outputs[name].push(row);
        }
      }
    });
    for (const name of run.endpoints.inputNames) feed(run.endpoints.input(name), this.#rowsOf(name));
    // The job's own failure is the one to report; an output only repeats it.
    for (const output of outputs) output.catch(() => {});
    await run.run();
    await Promise.all(outputs);
    return { name: job.name, runtimeMs: this.clock.monotonic() - startedAt, metrics: run.metrics() };
  }
}

/** Writes all rows, as fast as they are taken. What goes wrong with them is what the job fails with. */
function feed(input: JobInput<unknown>, rows: readonly unknown[]): void {
  input.write(rows).catch(() => {});
  input.end().catch(() => {});
}

function testExecution(args: unknown): Execution {
  return {
    args,
    parallelism: 1,
    submit: () => Promise.reject(new MillraceError('INVALID_JOB', 'a TestEnvironment runs with execute() or collect(stream)')),
  };
}
