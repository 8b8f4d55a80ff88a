/** `millrace run`: runs a job on worker threads of this process to its end. */

import { collectEndpoint, printEndpoint } from '../api/data-stream.ts';
import type { JobClient, JobResult } from '../api/job-client.ts';
import { MillraceError } from '../base/errors.ts';
import { Cluster } from '../cluster/cluster.ts';
import type { JobDescription } from '../graph/job-description.ts';
import { print } from '../node-execution.ts';
import { nodeSystem } from '../platform/node-system.ts';
import { piscinaSpawner } from '../platform/piscina-spawner.ts';
import { planDescription } from '../runtime/plan.ts';
import { workerFile } from '../runtime/worker-file.ts';
import { type JobOptions, type LoadedJob, withJob } from './load-job.ts';
import { abandonOutput, onOutputClosed, outputClosed } from './output.ts';
import { ProgressDisplay } from './progress-display.ts';
import { StopSignals } from './signals.ts';

export async function runCommand(file: string, options: JobOptions): Promise<number> {
  const display = new ProgressDisplay();
  const signals = new StopSignals((text) => display.note(text));
  return withJob(file, options, (loaded) => run(loaded, { display, signals }));
}

interface Terminal {
  readonly display: ProgressDisplay;
  readonly signals: StopSignals;
}

async function run(loaded: LoadedJob, terminal: Terminal): Promise<number> {
  const { signals } = terminal;
  refuseHostEndpoints(loaded.job);
  const exitCode = await runJob(loaded, terminal);
  signals.attach(undefined);
  if (!signals.cancelled && !outputClosed()) await loaded.end();
  return exitCode;
}

async function runJob({ job, module, parallelism, goOn }: LoadedJob, { display, signals }: Terminal): Promise<number> {
  const plan = planDescription(job);
  const cluster = createCluster(plan.slots);
  try {
    const client = cluster.run(job, { module, args: process.argv.slice(2), parallelism });
    signals.attach(client);
    onOutputClosed(() => void client.cancel());
    display.start(client, plan);
    const result = resultOf(client, signals);
    goOn(client);
    display.end(await result, signals.exitCode === undefined ? 'finished' : 'stopped');
    return signals.exitCode ?? 0;
  } finally {
    display.end();
    await cluster.close();
    if (signals.cancelled) abandonOutput();
  }
}

function createCluster(slots: number): Cluster {
  return new Cluster({
    spawner: piscinaSpawner({ slots, worker: workerFile, heapMebibytes: undefined }),
    system: nodeSystem(),
    print,
    warn: (message) => process.stderr.write(`warning: ${message}\n`),
  });
}

/** Undefined for a job that was called off: by the user, or because nobody reads its output any more. */
async function resultOf(client: JobClient, signals: StopSignals): Promise<JobResult | undefined> {
  try {
    return await client.result();
  } catch (error) {
    if (outputClosed() || (signals.cancelled && client.status() === 'cancelled')) return undefined;
    throw error;
  }
}

/** Nobody would feed the job's inputs, or read its outputs: it would wait for ever. */
function refuseHostEndpoints(job: JobDescription): void {
  for (const { spec } of job.graph.operators) {
    const { endpoint } = spec;
    if (endpoint === undefined || endpoint.name.startsWith(printEndpoint)) continue;
    throw new MillraceError('INVALID_JOB', endpointProblem(endpoint));
  }
}

function endpointProblem({ direction, name }: { readonly direction: 'input' | 'output'; readonly name: string }): string {
  if (name.startsWith(collectEndpoint)) {
    return 'the job uses executeAndCollect(), which hands its rows to the program that it is part of; start it with node, or print() the rows and execute()';
  }
  const call = direction === 'input' ? `fromHost('${name}')` : `toHost('${name}')`;
  return `the job uses ${call}, whose records a program ${direction === 'input' ? 'feeds' : 'reads'}; submit it to a LocalCluster in that program`;
}
