/** Loads a job module for its graph: `execute()` hands the job over and never returns. */

import { type Execution, type JobDescription, withExecution } from '../api/execution.ts';
import { MillraceError } from '../base/errors.ts';

export interface LoadOptions {
  readonly module: string;
  /** Makes the module be evaluated again although this thread has loaded it before. */
  readonly loadId: string;
  readonly args: unknown;
  readonly parallelism: number;
}

/** @throws MillraceError JOB_MODULE when the module cannot be loaded or executes no job */
export function loadJobModule({ module, loadId, args, parallelism }: LoadOptions): Promise<JobDescription> {
  return new Promise((resolve, reject) => {
    const execution: Execution = {
      args,
      parallelism,
      submit: (job) => {
        resolve(job);
        return new Promise(() => {});
      },
    };
    const url = new URL(module);
    url.searchParams.set('job', loadId);
    withExecution(execution, () => import(url.href)).then(
      () => reject(new MillraceError('JOB_MODULE', `${module} was loaded, but executed no job; end it with: await env.execute('name')`)),
      (error: unknown) => reject(moduleFailure(module, error)),
    );
  });
}

function moduleFailure(module: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new MillraceError('JOB_MODULE', `${module} cannot be loaded: ${message}`, { cause: error });
}
