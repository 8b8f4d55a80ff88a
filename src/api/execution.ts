/**
 * What `execute()` does on this thread: on the host it runs the job, while a job module is being loaded it hands the graph
 * to whoever loads it. The api knows only this interface; entry points say what stands behind it.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { MillraceError } from '../base/errors.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { JobClient } from './job-client.ts';

export interface Execution {
  /** Where `env.args` comes from; undefined for the command line's. */
  readonly args: unknown;
  /** Parallelism of an environment that names none. */
  readonly parallelism: number;
  /** Takes the job; the client's promise never resolves where the module is only loaded for its graph. */
  submit(job: JobDescription): Promise<JobClient>;
}

/** The execution of the module that is being loaded in this asynchronous context. */
const loading = new AsyncLocalStorage<Execution>();
let installed: Execution | undefined;

/** Says what `execute()` does outside of a module that is being loaded. */
export function installExecution(execution: Execution): void {
  installed = execution;
}

/** Runs `load` so that every environment made meanwhile, in this asynchronous context, belongs to `execution`. */
export function withExecution<R>(execution: Execution, load: () => R): R {
  return loading.run(execution, load);
}

export function currentExecution(): Execution {
  const execution = loading.getStore() ?? installed;
  if (execution === undefined)
    throw new MillraceError('INVALID_JOB', "import StreamEnvironment from 'millrace', or use TestEnvironment from 'millrace/testing'");
  return execution;
}
