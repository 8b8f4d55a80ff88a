/** `millrace explain`: prints the plan of a job. Nothing runs but the job's module, on this thread. */

import { explainJob } from '../api/explain.ts';
import { type JobOptions, withJob } from './load-job.ts';
import { print } from './output.ts';

export function explainCommand(file: string, options: JobOptions): Promise<number> {
  return withJob(file, options, async ({ job }) => {
    await print(explainJob(job));
    return 0;
  });
}
