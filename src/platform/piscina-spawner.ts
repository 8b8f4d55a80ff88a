/** Worker threads from piscina: one task for each slot, for the life of a job; the threads stay warm between jobs. */

import { Piscina } from 'piscina';
import type { SpawnedTask, Spawner } from '../base/system.ts';

export interface SpawnerOptions {
  readonly slots: number;
  /** The file that the threads run. */
  readonly worker: URL;
  /** Mebibytes of JavaScript heap a thread may take; Node's default when undefined. */
  readonly heapMebibytes: number | undefined;
}

/** Milliseconds after which a thread that does not end is killed. */
const closeTimeoutMs = 5000;

export function piscinaSpawner({ slots, worker, heapMebibytes }: SpawnerOptions): Spawner {
  const pool = new Piscina({
    filename: worker.href,
    minThreads: slots,
    maxThreads: slots,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
    atomics: 'disabled',
    closeTimeout: closeTimeoutMs,
    // A job module that reads the command line must see the same one in every worker.
    argv: process.argv.slice(2),
    ...(heapMebibytes === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMebibytes } }),
  });
  return {
    slots,
    spawn(task, transfer): SpawnedTask {
      const abort = new AbortController();
      const done = pool.run(task, { transferList: transfer as never, signal: abort.signal }) as Promise<void>;
      return { done, kill: () => abort.abort() };
    },
    async close() {
      await pool.destroy();
    },
  };
}
