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
  /** Whether the job runs by itself, in the program that was started. */
  readonly standalone?: boolean;
  /** Takes the job; the client's promise never resolves where the module is only loaded for its graph. */
  submit(job: JobDescription): Promise<JobClient>;
}

/** Where this copy of the package lies. A process may have several: one for each `node_modules` that it imports from. */
const ownCopy = new URL('..', import.meta.url).href;

interface Loading {
  readonly execution: Execution;
  readonly copy: string;
}

const loadingMark = Symbol.for('millrace.loading');

/** What all copies of the package in a process share, so that a module which builds its job with another copy is noticed. */
interface SharedLoading {
  /** The execution of the module that is being loaded in this asynchronous context. */
  readonly context: AsyncLocalStorage<Loading>;
  /** Modules that are being loaded now. */
  active: number;
}

const shared: SharedLoading = Reflect.get(globalThis, loadingMark) ?? { context: new AsyncLocalStorage<Loading>(), active: 0 };
Reflect.set(globalThis, loadingMark, shared);
let installed: Execution | undefined;

/** A program, or a module that is being loaded, runs one job. */
export function executedAlready(): MillraceError {
  return new MillraceError(
    'INVALID_JOB',
    'this program has executed a job already: a job module executes one job; submit further jobs to a LocalCluster',
  );
}

/** Says what `execute()` does outside of a module that is being loaded. */
export function installExecution(execution: Execution): void {
  installed = execution;
}

/**
 * Runs `load` so that every environment made meanwhile, in this asynchronous context, belongs to `execution`: until `ended` settles. A
 * context that is in use costs every promise of the thread half as much again (Node 20), so none is when nothing is being loaded.
 */
export function withExecution<R>(execution: Execution, ended: Promise<unknown>, load: () => R): R {
  shared.active++;
  const release = (): void => {
    if (--shared.active === 0) shared.context.disable();
  };
  ended.then(release, release);
  return shared.context.run({ execution, copy: ownCopy }, load);
}

export function currentExecution(): Execution {
  const context = shared.context.getStore();
  if (context !== undefined && context.copy !== ownCopy) throw foreignJob(context.copy);
  const execution = context?.execution ?? installed;
  if (execution === undefined)
    throw new MillraceError('INVALID_JOB', "import StreamEnvironment from 'millrace', or use TestEnvironment from 'millrace/testing'");
  return execution;
}

/** The records of one copy are none for the other: its operators would be taken for strangers, or the program for the job. */
function foreignJob(running: string): MillraceError {
  return new MillraceError(
    'JOB_MODULE',
    `the job is built with another copy of millrace (${ownCopy}) than the one that runs it (${running}): ` +
      "the import of 'millrace' in the job, or in a package that it imports, must find the copy that runs it. " +
      '`npm ls millrace` shows where the copies come from; in a package of jobs, make millrace a peer dependency',
  );
}
