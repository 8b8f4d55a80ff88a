/** Hands Node's threads, clock and files to the engine: the entry points of the package stand on this. */

import { availableParallelism } from 'node:os';
import { pino } from 'pino';
import * as v from 'valibot';
import type { Execution } from './api/execution.ts';
import { check } from './api/options.ts';
import { MillraceError } from './base/errors.ts';
import { Cluster } from './cluster/cluster.ts';
import { nodeSystem } from './platform/node-system.ts';
import { piscinaSpawner } from './platform/piscina-spawner.ts';

export interface LocalClusterOptions {
  /** Worker threads: the most subtasks of one operator that can run. Default: the machine's cores. */
  readonly slots?: number;
  /** Mebibytes of JavaScript heap that a worker may take. */
  readonly heapMebibytes?: number;
}

const optionsSchema = v.strictObject({
  slots: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  heapMebibytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(16))),
});

const log = pino({ name: 'millrace', level: process.env.MILLRACE_LOG ?? 'warn' }, pino.destination({ dest: 2, sync: true }));

/**
 * Worker threads in this process, kept warm between jobs.
 *
 * @example
 * await using cluster = new LocalCluster({ slots: 4 });
 * const job = await cluster.submit(new URL('./alerts.job.js', import.meta.url), { args: { threshold: 500 } });
 */
export class LocalCluster extends Cluster {
  constructor(options: LocalClusterOptions = {}) {
    const { slots = availableParallelism(), heapMebibytes } = check(optionsSchema, options, 'LocalCluster');
    super({
      spawner: piscinaSpawner({ slots, worker: new URL('./runtime/worker.js', import.meta.url), heapMebibytes }),
      system: nodeSystem(),
      print,
      warn: (message) => log.warn(message),
    });
  }
}

function print(text: string): void | Promise<void> {
  if (process.stdout.write(text)) return;
  return new Promise((resolve) => process.stdout.once('drain', resolve));
}

/** Set on `globalThis` by the command line, to the place of its package: one symbol for all copies of the package in a process. */
export const commandLineMark = Symbol.for('millrace.command-line');

/** The command line loads a job with its own copy of the package; one that comes here was built with another copy. */
function refuseForeignJob(): void {
  const commandLine: unknown = Reflect.get(globalThis, commandLineMark);
  if (commandLine === undefined) return;
  const own = new URL('.', import.meta.url).href;
  throw new MillraceError(
    'JOB_MODULE',
    `the job was built with another copy of millrace (${own}) than the one that runs it (${String(commandLine)}): ` +
      'a package that it imports brings its own; make millrace a peer dependency of that package, or start the job with node',
  );
}

/** Runs the job of the program that was started: its workers load the same program, each up to `execute`. */
export function nodeExecution(options: { readonly parallelism: number; readonly entry: () => string }): Execution {
  let executed = false;
  return {
    args: process.argv.slice(2),
    parallelism: options.parallelism,
    async submit(job) {
      refuseForeignJob();
      if (executed) {
        throw new MillraceError('INVALID_JOB', 'this program has executed a job already: a job module executes one job; submit further jobs to a LocalCluster');
      }
      executed = true;
      const slots = Math.max(...job.graph.operators.map((operator) => operator.parallelism));
      const cluster = new LocalCluster({ slots });
      try {
        const client = cluster.run(job, { module: options.entry(), args: process.argv.slice(2), parallelism: options.parallelism });
        const close = (): Promise<void> => cluster.close();
        client.result().then(close, close);
        return client;
      } catch (error) {
        await cluster.close();
        throw error;
      }
    },
  };
}
