/**
 * The program around a job, which feeds its inputs: it keeps what it has not been told is safe, and goes on, in another process, from the
 * position that the job says. Invariant that it checks: what was acknowledged once is never asked for again. The host's virtual thread.
 */

import type { JobClient, JobInput } from '../../api/job-client.ts';
import type { VirtualThread, VirtualWorld } from './virtual-world.ts';

export interface HostProgramOptions {
  readonly world: VirtualWorld;
  /** Rows by the name of the input. */
  readonly inputs: Readonly<Record<string, readonly unknown[]>>;
  /** Whether the job may go on from an older checkpoint than its newest. */
  readonly repeats: boolean;
  readonly violated: (error: Error) => void;
}

/** Rows that are written at a time, at most; and milliseconds between two times. */
const rowsAtOnce = 6;
const pauseMs = 5;

export class HostProgram {
  readonly #options: HostProgramOptions;
  /** By input, how many rows need not be kept any more. */
  #acknowledged = new Map<string, number>();

  constructor(options: HostProgramOptions) {
    this.#options = options;
  }

  /** What need not be kept now. Returns what makes it so again: whoever goes back to a savepoint has kept what it needs for that. */
  backup(): () => void {
    const acknowledged = new Map(this.#acknowledged);
    return () => {
      this.#acknowledged = new Map(acknowledged);
    };
  }

  /** The job has begun. */
  feed(job: JobClient, host: VirtualThread): void {
    const { violated } = this.#options;
    for (const [name, rows] of Object.entries(this.#options.inputs)) {
      const input = job.input(name);
      const { position } = input;
      const acknowledged = this.#acknowledged.get(name) ?? 0;
      job.on('status', (status) => {
        // A job that has failed at its start has no position.
        if (status === 'running' && position < acknowledged && !this.#options.repeats && host.alive)
          violated(new Error(`${acknowledged} rows of '${name}' were acknowledged, and the job went on from row ${position}`));
      });
      input.onCheckpoint((records) => {
        if (!host.alive) return;
        if (records > rows.length) violated(new Error(`${records} rows of '${name}' are acknowledged, and there are ${rows.length}`));
        this.#acknowledged.set(name, Math.max(records, this.#acknowledged.get(name) ?? 0));
      });
      this.#write(input, rows.slice(position), host);
    }
  }

  #write(input: JobInput<unknown>, rows: readonly unknown[], host: VirtualThread): void {
    const { world } = this.#options;
    const count = world.between(1, rowsAtOnce);
    const written = rows.length === 0 ? input.end() : input.write(rows.slice(0, count));
    const next = (): void => {
      if (rows.length > 0) world.after(host, world.random.next() * pauseMs, 'write', () => this.#write(input, rows.slice(count), host));
    };
    // What fails with the job is told by the job.
    written.then(next, () => {});
  }
}
