/** The file that worker threads run. A task is a worker's part in one job; the thread outlives it and takes the next. */

import type { MessagePort } from 'node:worker_threads';
import { loadJobModule } from '../api/job-module.ts';
import { keepCompiledCode } from '../base/engine-script.ts';
import { nodePort } from '../platform/node-port.ts';
import { nodeSystem } from '../platform/node-system.ts';
import type { WorkerTask } from '../wire/messages.ts';
// Job modules import the package; loading it here, while the thread is idle, makes the first job start sooner.
import '../index.ts';
import { workerMark } from '../node-execution.ts';
import { runWorker } from './worker-run.ts';

Reflect.set(globalThis, workerMark, true);

// A job that was compiled or bundled fails with the lines that its author wrote. Modules loaded before this cost nothing.
process.setSourceMapsEnabled(true);

const system = nodeSystem();

export default function work({ port, ...task }: WorkerTask & { readonly port: MessagePort }): Promise<void> {
  const run = runWorker(task, { system, port: nodePort(port), loadJob: () => loadJobModule({ ...task, timers: system.timers }) });
  // One of the workers is enough.
  if (task.slot === 0) keepCompiledCode(run);
  return run;
}
