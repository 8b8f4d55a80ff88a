/** Hands Node's threads, clock and files to the engine: the entry points of the package stand on this. */

import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Logger } from 'pino';
import { type Execution, executedAlready } from './api/execution.ts';
import { MillraceError } from './base/errors.ts';
import { checkOptions, type OptionRules, optional, wholeNumber } from './base/options.ts';
import { Cluster } from './cluster/cluster.ts';
import { nodeSystem } from './platform/node-system.ts';
import { piscinaSpawner } from './platform/piscina-spawner.ts';
import { workerFile } from './runtime/worker-file.ts';

export interface LocalClusterOptions {
  /** Worker threads: the most subtasks of one operator that can run. Default: the machine's cores. */
  readonly slots?: number;
  /** Mebibytes of JavaScript heap that a worker may take. */
  readonly heapMebibytes?: number;
}

const clusterRules: OptionRules<LocalClusterOptions> = {
  slots: optional(wholeNumber(1)),
  heapMebibytes: optional(wholeNumber(16)),
};

const require = createRequire(import.meta.url);

/**
 * Worker threads in this process, kept warm between jobs.
 *
 * @example
 * await using cluster = new LocalCluster({ slots: 4 });
 * const job = await cluster.submit(new URL('./alerts.job.js', import.meta.url), { args: { threshold: 500 } });
 */
export class LocalCluster extends Cluster {
  constructor(options: LocalClusterOptions = {}) {
    refuseInWorker();
    const { slots = availableParallelism(), heapMebibytes } = checkOptions<LocalClusterOptions>(options, clusterRules, 'LocalCluster');
    super({
      spawner: piscinaSpawner({ slots, worker: workerFile, heapMebibytes }),
      system: nodeSystem(),
      print,
      warn,
    });
  }
}

/** Set on `globalThis` of the threads that are workers: one symbol for all copies of the package. */
export const workerMark = Symbol.for('millrace.worker');

/** A program that starts clusters would start them again in each of its workers, and those in theirs. */
function refuseInWorker(): void {
  if (!Reflect.has(globalThis, workerMark)) return;
  throw new MillraceError(
    'INVALID_JOB',
    'a worker thread starts no cluster: the module that it loads executes a job with the copy of millrace that runs it, and creates no LocalCluster',
  );
}

/** Writes to standard output; resolves when it is written. @throws MillraceError SINK_FAILED when nobody reads it any more */
export function print(text: string): Promise<void> {
  const { stdout } = process;
  return new Promise((resolve, reject) => {
    // A failed write is an event as well, which would end the process if nobody listened.
    const failed = (): void => {};
    stdout.once('error', failed);
    stdout.write(text, (error) => {
      if (error) {
        reject(new MillraceError('SINK_FAILED', `print: cannot write to standard output: ${error.message}`, { cause: error }));
        return;
      }
      stdout.off('error', failed);
      resolve();
    });
  });
}

let log: Logger | undefined;

/** The log is loaded when there is something to say: it takes longer than the rest of the package's start. */
function warn(message: string): void {
  if (log === undefined) {
    const { pino } = require('pino') as typeof import('pino');
    log = pino({ name: 'millrace', level: process.env.MILLRACE_LOG ?? 'warn' }, pino.destination({ dest: 2, sync: true }));
  }
  log.warn(message);
}

/** Runs the job of the program that was started: its workers load the same program, each up to `execute`. */
export function nodeExecution(parallelism: number): Execution {
  let executed = false;
  return {
    args: programArguments(),
    parallelism,
    standalone: true,
    async submit(job) {
      if (executed) throw executedAlready();
      executed = true;
      const module = programModule();
      const cluster = new LocalCluster({ slots: Math.max(...job.graph.operators.map((operator) => operator.parallelism)) });
      try {
        const client = cluster.run(job, { module, args: programArguments(), parallelism });
        const close = (): Promise<void> => cluster.close();
        client.end.then(close, () => {
          // As with a promise whose rejection nobody handles.
          if (!client.isWatched) process.exitCode ??= 1;
          return close();
        });
        return client;
      } catch (error) {
        await cluster.close();
        throw error;
      }
    },
  };
}

/** The URL of the program that was started, as Node finds it: `node job` may mean job.js, and `node .` an index.js. */
function programModule(): string {
  const [, program] = process.argv;
  if (program === undefined || !isAbsolute(program)) {
    throw new MillraceError(
      'INVALID_JOB',
      'the job is in no file, but its workers have to load it, too; put it in a module and start that',
    );
  }
  return pathToFileURL(require.resolve(program)).href;
}

/** What stands behind the program on the command line, without the `--` that may set it apart. */
function programArguments(): string[] {
  const all = process.argv.slice(2);
  return all[0] === '--' ? all.slice(1) : all;
}
