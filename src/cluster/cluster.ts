/**
 * Worker threads of this process and the jobs that run on them. The threads start with the cluster and stay warm between jobs.
 */

import { collectEndpoint } from '../api/data-stream.ts';
import type { JobClient } from '../api/job-client.ts';
import { loadJobModule } from '../api/job-module.ts';
import { describeValue } from '../base/describe-value.ts';
import { keepCompiledCode } from '../base/engine-script.ts';
import { MillraceError } from '../base/errors.ts';
import type { JobId } from '../base/ids.ts';
import { anything, checkOptions, flag, type OptionRules, optional, text, wholeNumber } from '../base/options.ts';
import type { Spawner, System } from '../base/system.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { planDescription } from '../runtime/plan.ts';
import { JobCoordinator } from './job-coordinator.ts';
import type { StartOptions } from './job-recovery.ts';
import type { Printer } from './job-run.ts';

export interface ClusterParts {
  readonly spawner: Spawner;
  readonly system: System;
  readonly print: Printer;
  readonly warn: (message: string) => void;
}

export interface SubmitOptions {
  /** What the job sees as `env.args`: anything that can be cloned. */
  readonly args?: unknown;
  /** Parallelism of an environment that names none; default: the cluster's slots. */
  readonly parallelism?: number;
  /** The directory of a savepoint to start from. Default: the newest checkpoint that the job left, if it did not finish. */
  readonly from?: string;
  /** Starts over, whatever checkpoints the job left. */
  readonly fresh?: boolean;
  /** Leaves state behind that no operator takes, instead of failing. */
  readonly allowNonRestoredState?: boolean;
}

const submitRules: OptionRules<SubmitOptions> = {
  args: optional(anything),
  parallelism: optional(wholeNumber(1)),
  from: optional(text),
  fresh: optional(flag),
  allowNonRestoredState: optional(flag),
};

/** What a job needs beside its description: the workers load the same module with it. */
interface RunOptions extends StartOptions {
  readonly module: string;
  readonly args: unknown;
  readonly parallelism: number;
}

export class Cluster {
  readonly #parts: ClusterParts;
  readonly #jobs = new Set<JobCoordinator>();
  /** Slots that running jobs hold. */
  #taken = 0;
  #submitted = 0;
  #closing: Promise<void> | null = null;
  /** Rejects once the cluster is closed: for those who wait for something that may never happen. */
  readonly #closed: Promise<never>;
  #rejectClosed: (error: MillraceError) => void = () => {};

  /** @internal */
  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#closed = new Promise((_, reject) => {
      this.#rejectClosed = reject;
    });
    this.#closed.catch(() => {});
  }

  /** Slots in all. */
  get slots(): number {
    return this.#parts.spawner.slots;
  }

  /**
   * Runs the job of a module, which ends with `env.execute(…)`. The module is loaded here and in every worker, and nowhere does
   * `execute()` return: what stands behind it never runs. What is to happen when the job is over belongs behind `job.result()`.
   *
   * @throws MillraceError when the module cannot be loaded, the job is wrong, or there are too few free slots
   */
  async submit(module: URL | string, options: SubmitOptions = {}): Promise<JobClient> {
    const url = moduleUrl(module);
    const { args, parallelism = this.slots, ...start } = checkOptions<SubmitOptions>(options, submitRules, 'submit');
    const run = { module: url, args: cloned(args), parallelism, ...start };
    this.#checkOpen();
    const job = await Promise.race([loadJobModule({ ...run, timers: this.#parts.system.timers }), this.#closed]);
    refuseCollecting(job);
    return this.run(job, run);
  }

  /** Runs a job whose module the host has loaded already. @internal */
  run(job: JobDescription, options: RunOptions): JobCoordinator {
    this.#checkOpen();
    const plan = planDescription(job);
    this.#checkSlots(plan.slots, job.name);
    const coordinator = new JobCoordinator({
      id: `job-${++this.#submitted}` as JobId,
      ...options,
      job,
      plan,
      ...this.#parts,
      released: () => {
        this.#taken -= plan.slots;
        this.#jobs.delete(coordinator);
      },
    });
    this.#taken += plan.slots;
    this.#jobs.add(coordinator);
    keepCompiledCode(coordinator.end);
    coordinator.start();
    return coordinator;
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw closedError();
  }

  #checkSlots(needed: number, name: string): void {
    const free = this.slots - this.#taken;
    if (needed <= free) return;
    throw new MillraceError(
      'NO_SLOTS',
      `the job '${name}' needs ${needed} slots, but ${free} of ${this.slots} are free; lower its parallelism, or make the cluster larger`,
    );
  }

  /** Cancels the jobs that still run and ends all threads. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#rejectClosed(closedError());
    await Promise.all([...this.#jobs].map((job) => job.cancel()));
    await this.#parts.spawner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Only the program that builds a job can read what it collects. */
function refuseCollecting({ name, graph }: JobDescription): void {
  if (!graph.operators.some(({ spec }) => spec.endpoint?.name.startsWith(collectEndpoint) === true)) return;
  throw new MillraceError(
    'INVALID_JOB',
    `the job '${name}' ends in executeAndCollect(), which only the program itself can read; in a job that is submitted, use toHost('name') and job.output('name')`,
  );
}

function closedError(): MillraceError {
  return new MillraceError('CLUSTER_CLOSED', 'the cluster is closed; make a new one');
}

function moduleUrl(module: URL | string): string {
  try {
    return new URL(module).href;
  } catch (error) {
    throw new MillraceError(
      'INVALID_OPTION',
      `submit: ${describeValue(module)} is not a URL; write new URL('./my.job.js', import.meta.url)`,
      {
        cause: error,
      },
    );
  }
}

/** The host sees what the workers see, whatever becomes of the original. */
function cloned(args: unknown): unknown {
  try {
    return structuredClone(args);
  } catch (error) {
    throw new MillraceError(
      'INVALID_OPTION',
      `submit: args must be plain data, because every worker gets a copy: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
