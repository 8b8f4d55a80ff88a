/**
 * Runs jobs with the real coordinator and the real workers, all on this thread, on whatever storage a test hands in: what fails there
 * fails as it would on a disk.
 */

import { MessageChannel } from 'node:worker_threads';
import { StreamEnvironment } from '../../src/api/environment.ts';
import type { Execution } from '../../src/api/execution.ts';
import type { JobClient } from '../../src/api/job-client.ts';
import type { EnvironmentConfig } from '../../src/api/options.ts';
import type { Spawner, Storage, System } from '../../src/base/system.ts';
import { Cluster } from '../../src/cluster/cluster.ts';
import type { StartOptions } from '../../src/cluster/job-recovery.ts';
import type { JobDescription } from '../../src/graph/job-description.ts';
import { nodePort } from '../../src/platform/node-port.ts';
import { nodeSystem } from '../../src/platform/node-system.ts';
import { runWorker } from '../../src/runtime/worker-run.ts';
import type { WorkerTask } from '../../src/wire/messages.ts';

/** Never asked: the tests describe their jobs and hand them over themselves. */
const execution: Execution = { args: undefined, parallelism: 2, submit: () => Promise.reject(new Error('described, not executed')) };

/** The description of a job, made anew for each worker as loading its module would. */
export function describing(config: EnvironmentConfig, build: (env: StreamEnvironment) => void): () => JobDescription {
  return () => {
    const env = new StreamEnvironment(config, execution);
    build(env);
    return env.describe('job');
  };
}

export interface InProcessRun {
  readonly client: JobClient;
  readonly warnings: readonly string[];
  /** Ends with the job. */
  readonly closed: Promise<void>;
}

export function runInProcess(describe: () => JobDescription, storage: Storage, start: StartOptions = {}): InProcessRun {
  const system: System = { ...nodeSystem(), storage };
  const spawner: Spawner = {
    slots: 8,
    spawn: (task) => {
      const { port1, port2 } = new MessageChannel();
      const done = runWorker(task as WorkerTask, { system, port: nodePort(port2), loadJob: async () => describe() });
      return { port: nodePort(port1), done, kill: () => {} };
    },
    close: async () => {},
  };
  const warnings: string[] = [];
  const cluster = new Cluster({ spawner, system, print: () => {}, warn: (message) => void warnings.push(message) });
  const client = cluster.run(describe(), { module: 'in-process:job', args: undefined, parallelism: 2, ...start });
  const close = (): Promise<void> => cluster.close();
  return { client, warnings, closed: client.result().then(close, close) };
}
