/** Worker threads from piscina: one task for each slot, for the life of a job; the threads stay warm between jobs. */

import { createRequire } from 'node:module';
import { MessageChannel, type Worker } from 'node:worker_threads';
import { exitMsMax } from '../base/limits.ts';
import type { SpawnedTask, Spawner } from '../base/system.ts';
import { nodePort } from './node-port.ts';

/** Loaded where a pool is made: the threads of the pool load this module, too, and make none. */
const require = createRequire(import.meta.url);

export interface SpawnerOptions {
  readonly slots: number;
  /** The file that the threads run. */
  readonly worker: URL;
  /** Mebibytes of JavaScript heap a thread may take; Node's default when undefined. */
  readonly heapMebibytes: number | undefined;
}

export function piscinaSpawner({ slots, worker, heapMebibytes }: SpawnerOptions): Spawner {
  const { Piscina } = require('piscina') as typeof import('piscina');
  const pool = new Piscina({
    filename: worker.href,
    minThreads: slots,
    maxThreads: slots,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
    atomics: 'disabled',
    // A job module that reads the command line must see the same one in every worker.
    argv: process.argv.slice(2),
    ...(heapMebibytes === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMebibytes } }),
  });
  // A thread that dies between two jobs is replaced, and no job is the worse for it.
  pool.on('error', () => {});
  expectPipes(slots);
  const exiting = new Set<Promise<void>>();
  const exit = (threads: readonly Worker[]): Promise<void> => {
    const exited = exitOf(threads).finally(() => exiting.delete(exited));
    exiting.add(exited);
    return exited;
  };
  return {
    slots,
    spawn(task): SpawnedTask {
      const { port1, port2 } = new MessageChannel();
      const abort = new AbortController();
      let exited = Promise.resolve();
      const run = pool.run({ ...task, port: port2 }, { transferList: [port2] as never, signal: abort.signal }) as Promise<void>;
      const done = run.catch(async (error) => {
        await exited;
        throw error;
      });
      return {
        port: nodePort(port1),
        done,
        kill() {
          const before = pool.threads;
          abort.abort();
          exited = exit(before.filter((thread) => !pool.threads.includes(thread)));
        },
      };
    },
    async close() {
      const ended = exit(pool.threads);
      void pool.destroy();
      await Promise.all([ended, ...exiting]);
      expectPipes(-slots);
    },
  };
}

/**
 * What threads write is piped to the output of the process, which gives its streams some listeners for each. That is no leak:
 * without this, whoever listens next makes Node warn of one, on machines of ten cores and more.
 */
function expectPipes(threads: number): void {
  for (const stream of [process.stdout, process.stderr]) {
    const most = stream.getMaxListeners();
    // Zero says that any number is fine.
    if (most !== 0) stream.setMaxListeners(most + threads);
  }
}

/** Resolves when the threads have ended, or have been waited for long enough. */
async function exitOf(threads: readonly Worker[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, exitMsMax);
  });
  const ends = threads.map((thread) => new Promise<void>((resolve) => thread.once('exit', () => resolve())));
  await Promise.race([Promise.all(ends), late]);
  clearTimeout(timer);
}
