/** `millrace explain`: prints the plan of a job, and the code of its stages if asked for. Nothing runs but the job's module, on this thread. */

import { explainJob } from '../api/explain.ts';
import { print } from '../node-execution.ts';
import { nodeSystem } from '../platform/node-system.ts';
import { generatedCode } from './generated-code.ts';
import { type JobOptions, withJob } from './load-job.ts';
import { StopSignals } from './signals.ts';

export interface ExplainOptions extends JobOptions {
  /** Whether the generated code is printed, too. */
  readonly code: boolean;
}

export function explainCommand(file: string, options: ExplainOptions): Promise<number> {
  // Without a job they end the process, in the orderly way that removes the bundle.
  new StopSignals(() => {});
  return withJob(file, options, async ({ job }) => {
    await print(explainJob(job));
    if (options.code) await print(generatedCode(job, nodeSystem()));
    return 0;
  });
}
