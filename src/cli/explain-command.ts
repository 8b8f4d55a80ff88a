/** `millrace explain`: prints the plan of a job. Nothing runs but the job's module, on this thread. */

import { explainJob } from '../api/explain.ts';
import { print } from '../node-execution.ts';
import { type JobOptions, withJob } from './load-job.ts';
import { StopSignals } from './signals.ts';

export function explainCommand(file: string, options: JobOptions): Promise<number> {
  // Without a job they end the process, in the orderly way that removes the bundle.
  new StopSignals(() => {});
  return withJob(file, options, async ({ job }) => {
    await print(explainJob(job));
    return 0;
  });
}
