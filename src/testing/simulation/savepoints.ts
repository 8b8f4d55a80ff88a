/**
 * Somebody who takes savepoints of a job, ends it with them, and starts it from them. Where he goes back to an earlier one, he puts back
 * the output as it was then. Invariant that it checks: a savepoint that was complete is there. The calling thread.
 */

import { MillraceError } from '../../base/errors.ts';
import type { Storage } from '../../base/system.ts';
import { CheckpointFiles } from './checkpoint-files.ts';
import type { SimulatedSavepoints } from './simulation-plan.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { VirtualWorld } from './virtual-world.ts';

export interface SavepointsOptions {
  readonly world: VirtualWorld;
  readonly rates: SimulatedSavepoints;
  /** On which nothing goes wrong. */
  readonly storage: Storage;
  /** Where they are put. */
  readonly directory: string;
  /** Rows of the job's output that can be seen. */
  readonly visible: () => number;
  /** Keeps the output as it is. Returns what puts it back. */
  readonly backup: () => () => void;
  readonly violated: (error: Error) => void;
}

interface Savepoint {
  readonly directory: string;
  /** Puts back the output as it was when it was taken; undefined where rows became visible meanwhile, and nobody knows which are in it. */
  readonly putBack: (() => void) | undefined;
}

export class Savepoints {
  readonly #options: SavepointsOptions;
  /** What the next process is to be started from: until it has taken a checkpoint of its own. */
  from: string | undefined;
  /** The last one that is complete. */
  #last: Savepoint | undefined;
  /** Those that the job was to end with, and nothing newer is there: what is in one that is complete may be committed already. */
  #ends: string[] = [];
  /** Whether the job is about to end with one: it has not finished then. */
  isStopping = false;
  #isTaking = false;
  #directories = 0;
  #taken = 0;
  #starts = 0;

  constructor(options: SavepointsOptions) {
    this.#options = options;
  }

  /** That were taken, and that a process was started from. */
  get counts(): { readonly savepoints: number; readonly savepointStarts: number } {
    return { savepoints: this.#taken, savepointStarts: this.#starts };
  }

  /** A process starts. @throws Error when a savepoint is lost */
  starting(): void {
    const { directory } = this.#last ?? {};
    if (directory !== undefined) this.#filesOf(directory).checkThere();
    for (const end of this.#ends.splice(0)) if (this.#numberOf(end) > 0) this.from = end;
    this.#isTaking = false;
    this.isStopping = false;
    if (this.from === undefined) return;
    this.#starts++;
    this.#options.world.trace(() => `it starts from the savepoint in ${this.from}`);
  }

  /** The job has a checkpoint, and goes on from that where it is newer. */
  checkpointed(id: number): void {
    if (this.from !== undefined && this.#numberOf(this.from) < id) this.from = undefined;
    this.#ends = this.#ends.filter((end) => this.#numberOf(end) === 0 || this.#numberOf(end) > id);
  }

  /** 0 for one that is not complete. */
  #numberOf(directory: string): number {
    return this.#filesOf(directory).newest;
  }

  /** Between two things that happen. Returns whether the job is to go back. */
  interfere(process: VirtualProcess): boolean {
    const { world, rates } = this.#options;
    if (process.job.status() === 'running' && !this.#isTaking && !this.isStopping) {
      if (world.chance(rates.taken)) this.#take(process);
      else if (world.chance(rates.stops)) this.#stop(process);
    }
    return this.#last?.putBack !== undefined && world.chance(rates.returns);
  }

  /** The process has ended: the next one starts from the last savepoint. */
  goBack(): void {
    const { directory, putBack } = this.#last as Savepoint;
    this.#options.world.trace(() => `somebody goes back to the savepoint in ${directory}`);
    this.#ends = [];
    this.from = directory;
    putBack?.();
  }

  #nextDirectory(): string {
    return `${this.#options.directory}/${++this.#directories}`;
  }

  #take({ job, host }: VirtualProcess): void {
    const { world, visible, backup } = this.#options;
    const directory = this.#nextDirectory();
    world.trace(() => `somebody takes a savepoint in ${directory}`);
    const before = visible();
    const putBack = backup();
    this.#isTaking = true;
    this.#follow(job.savepoint(directory), host, (path) => {
      this.#isTaking = false;
      if (path !== undefined) this.#last = { directory, putBack: visible() === before ? putBack : undefined };
    });
  }

  #stop({ job, host }: VirtualProcess): void {
    const directory = this.#nextDirectory();
    this.#options.world.trace(() => `somebody stops the job with a savepoint in ${directory}`);
    this.#ends.push(directory);
    this.isStopping = true;
    this.#follow(job.stop({ savepoint: directory }), host, (path) => {
      this.isStopping = false;
      if (path === undefined) return;
      this.#last = { directory, putBack: undefined };
      host.die();
    });
  }

  #follow(asked: Promise<string | undefined>, host: VirtualProcess['host'], then: (path: string | undefined) => void): void {
    const { world, violated } = this.#options;
    asked.then(
      (path) => {
        if (!host.alive) return;
        world.trace(() => `the savepoint in ${path} is complete`);
        this.#taken++;
        then(path);
      },
      (error: Error) => {
        if (!host.alive) return;
        world.trace(() => `the savepoint failed: ${error.message}`);
        if (!(error instanceof MillraceError)) violated(error);
        then(undefined);
      },
    );
  }

  #filesOf(directory: string): CheckpointFiles {
    return new CheckpointFiles(directory, this.#options.storage);
  }
}
