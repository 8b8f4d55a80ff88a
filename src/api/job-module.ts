/**
 * Loads a job module for its graph: `execute()` hands the job over. It never returns, unless the one who loads the module runs the
 * job for it. Host and workers, each for itself.
 */

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { importModule } from '../base/engine-script.ts';
import { MillraceError, thrownText } from '../base/errors.ts';
import type { Timers } from '../base/system.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { type Execution, executedAlready, withExecution } from './execution.ts';
import type { JobClient } from './job-client.ts';

export interface LoadOptions {
  readonly module: string;
  readonly args: unknown;
  readonly parallelism: number;
  readonly timers: Timers;
  /** What `execute()` goes on with, once the job runs; without it, it never returns. */
  readonly client?: Promise<JobClient>;
}

export interface JobModule {
  readonly job: JobDescription;
  /** Settles when the module has come to its end, behind `execute()`. */
  readonly evaluated: Promise<unknown>;
}

/** Modules that this thread has loaded. */
let loads = 0;

/** @throws MillraceError JOB_MODULE when the module cannot be loaded, or does not execute exactly one job */
export async function loadJobModule(options: LoadOptions): Promise<JobDescription> {
  return (await openJobModule(options)).job;
}

/** @throws MillraceError JOB_MODULE as `loadJobModule` */
export function openJobModule({ module, args, parallelism, timers, client }: LoadOptions): Promise<JobModule> {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const opened = new Promise<JobModule>((resolve, reject) => {
    const jobs: JobDescription[] = [];
    let decided = false;
    const decide = (): void => {
      const [job, other] = jobs;
      decided = true;
      if (job !== undefined && other === undefined) resolve({ job, evaluated });
      else reject(new MillraceError('JOB_MODULE', `${module} ${job === undefined ? executesNone : executesSeveral(jobs)}`));
    };
    const execution: Execution = {
      args,
      parallelism,
      submit: async (job) => {
        if (decided) throw executedAlready();
        // What the module executes or throws in the same breath counts, too.
        if (jobs.push(job) === 1) timers.soon(decide);
        return client ?? new Promise(() => {});
      },
    };
    const evaluated: Promise<unknown> = withExecution(execution, ended, () => importModule(freshUrl(module)));
    evaluated.then(decide, (error: unknown) => reject(moduleFailure(module, error)));
  });
  // Behind `execute()` a module goes on only where somebody runs the job for it.
  const last = client === undefined ? opened : opened.then(({ evaluated }) => evaluated);
  last.then(end, end);
  return opened;
}

const executesNone =
  "was loaded, but executed no job; end it with: await env.execute('name'). It is this module itself that must execute, " +
  'on its top level: a module that it imports is evaluated only once';

function executesSeveral(jobs: readonly JobDescription[]): string {
  return `executes ${jobs.length} jobs at once: ${jobs.map(({ name }) => `'${name}'`).join(', ')}; a job module executes one job`;
}

/** A thread evaluates a module once for each URL, and a CommonJS module once for each file: both are made to start afresh. */
function freshUrl(module: string): string {
  const url = new URL(module);
  if (url.protocol === 'file:') delete createRequire(url).cache[fileURLToPath(url)];
  url.searchParams.set('job', String(++loads));
  return url.href;
}

function moduleFailure(module: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  return new MillraceError('JOB_MODULE', `${module} cannot be loaded: ${thrownText(error)}${wayOut(error)}`, { cause: error });
}

/** Threads load modules as Node does by itself: what a program registered to run its own TypeScript is not there. */
function wayOut(error: unknown): string {
  const unknownExtension = error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION';
  return unknownExtension && /\.m?ts\b/.test(error.message)
    ? '; this version of Node loads no TypeScript: run the job with `millrace run`, or name the JavaScript that it is compiled to'
    : '';
}
