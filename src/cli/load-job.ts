/** From a file to the job in it: finds, bundles and loads the module on this thread. */

import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import type { JobClient } from '../api/job-client.ts';
import { openJobModule } from '../api/job-module.ts';
import { MillraceError, thrownText } from '../base/errors.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { nodeSystem } from '../platform/node-system.ts';
import { bundleJob } from './bundle.ts';
import { findJobFile } from './job-file.ts';

export interface JobOptions {
  /** Parallelism of an environment that names none; the machine's cores when undefined. */
  readonly parallelism: number | undefined;
  /** What stood behind `--`. */
  readonly args: readonly string[];
}

export interface LoadedJob {
  readonly job: JobDescription;
  /** URL of the bundle. */
  readonly module: string;
  readonly parallelism: number;
  /** Lets the module go on behind its `execute()`, as it would in a program of its own. */
  readonly goOn: (client: JobClient) => void;
  /** Resolves when the module has come to its end. @throws MillraceError when something behind `execute()` was thrown */
  readonly end: () => Promise<void>;
}

/**
 * Loads the job in `path` and hands it to `use`. Errors on the way name the file, not the bundle.
 *
 * @throws MillraceError JOB_MODULE when there is no job
 */
export async function withJob<R>(path: string, options: JobOptions, use: (loaded: LoadedJob) => Promise<R>): Promise<R> {
  const file = findJobFile(path);
  const module = await bundleJob(file);
  try {
    return await use(await load(module, { ...options, file }));
  } catch (error) {
    throw naming(error, module, relative('', file));
  }
}

async function load(
  module: string,
  { parallelism = availableParallelism(), args, file }: JobOptions & { readonly file: string },
): Promise<LoadedJob> {
  // A module that reads the command line itself sees what `node job.js` would show it, here and in the workers.
  process.argv.splice(1, process.argv.length, file, ...args);
  process.setSourceMapsEnabled(true);
  let goOn = (_: JobClient): void => {};
  const client = new Promise<JobClient>((resolve) => {
    goOn = resolve;
  });
  const loading = openJobModule({ module, args, parallelism, timers: nodeSystem().timers, client });
  const { job, evaluated } = await Promise.race([loading, idle(module)]);
  return { job, module, parallelism, goOn, end: () => end(module, evaluated) };
}

async function end(module: string, evaluated: Promise<unknown>): Promise<void> {
  // A module that awaits something that never happens is at its end when the thread has nothing left to do.
  const idle = new Promise<void>((resolve) => process.once('beforeExit', () => resolve()));
  try {
    await Promise.race([evaluated, idle]);
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new MillraceError('JOB_MODULE', `${module} failed behind its execute(): ${thrownText(error)}`, { cause: error });
  }
}

/** Fails when the thread has nothing left to do: the process would end without a word. */
function idle(module: string): Promise<never> {
  return new Promise((_, reject) => {
    process.once('beforeExit', () =>
      reject(new MillraceError('JOB_MODULE', `${module} did not come to its env.execute(): it awaits something that never happens`)),
    );
  });
}

function naming(error: unknown, module: string, file: string): unknown {
  if (error instanceof MillraceError) error.message = error.message.replaceAll(module, file);
  return error;
}
