/**
 * Worker threads of this process and the jobs that run on them. The threads start with the cluster and stay warm between jobs.
 */

import type { JobDescription } from '../api/execution.ts';
import type { JobClient } from '../api/job-client.ts';
import { checkPositiveInteger } from '../api/options.ts';
import { MillraceError } from '../base/errors.ts';
import type { JobId } from '../base/ids.ts';
import type { Spawner, System } from '../base/system.ts';
import { loadJobModule } from '../runtime/job-module.ts';
import { planDescription } from '../runtime/plan.ts';
import { JobCoordinator, type Printer } from './job-coordinator.ts';

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
}

export class Cluster {
  readonly #parts: ClusterParts;
  readonly #jobs = new Set<JobCoordinator>();
  /** Slots that running jobs hold. */
  #taken = 0;
  #submitted = 0;
  #closed = false;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
  }

  /** Slots in all. */
  get slots(): number {
    return this.#parts.spawner.slots;
  }

  /**
   * Runs the job of a module, which ends with `env.execute(…)`.
   *
   * @throws MillraceError when the module cannot be loaded, the job is wrong, or there are too few free slots
   */
  async submit(module: URL | string, { args, parallelism = this.slots }: SubmitOptions = {}): Promise<JobClient> {
    const url = moduleUrl(module);
    checkPositiveInteger(parallelism, 'submit: parallelism');
    const id = this.#nextId();
    const job = await loadJobModule({ module: url, loadId: id, args, parallelism });
    return this.run(job, { module: url, args, parallelism, id });
  }

  /** Runs a job whose module the host has loaded already. */
  run(job: JobDescription, options: { readonly module: string; readonly args: unknown; readonly parallelism: number; readonly id?: JobId }): JobClient {
    const { module, args, parallelism, id = this.#nextId() } = options;
    const plan = planDescription(job);
    this.#takeSlots(plan.slots, job.name);
    try {
      const coordinator: JobCoordinator = new JobCoordinator({
        id,
        module,
        args,
        job,
        plan,
        parallelism,
        ...this.#parts,
        released: () => {
          this.#taken -= plan.slots;
          this.#jobs.delete(coordinator);
        },
      });
      this.#jobs.add(coordinator);
      return coordinator;
    } catch (error) {
      this.#taken -= plan.slots;
      throw error;
    }
  }

  #nextId(): JobId {
    if (this.#closed) throw new MillraceError('CLUSTER_CLOSED', 'the cluster is closed; make a new one');
    return `job-${++this.#submitted}` as JobId;
  }

  #takeSlots(needed: number, name: string): void {
    const free = this.slots - this.#taken;
    if (needed > free) {
      throw new MillraceError('NO_SLOTS', `the job '${name}' needs ${needed} slots, but ${free} of ${this.slots} are free; lower its parallelism, or make the cluster larger`);
    }
    this.#taken += needed;
  }

  /** Cancels the jobs that still run and ends all threads. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#jobs].map((job) => job.cancel()));
    await this.#parts.spawner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function moduleUrl(module: URL | string): string {
  try {
    return new URL(module).href;
  } catch (error) {
    throw new MillraceError('INVALID_OPTION', `submit: '${String(module)}' is not a URL; write new URL('./my.job.js', import.meta.url)`, { cause: error });
  }
}
