/** `millrace run`: runs a job on worker threads of this process to its end. */

import { resolve } from 'node:path';
import { collectEndpoint, printEndpoint } from '../api/data-stream.ts';
import type { JobClient, JobResult } from '../api/job-client.ts';
import { MillraceError, thrownText } from '../base/errors.ts';
import { memoryStorage } from '../checkpoint/memory-storage.ts';
import { Cluster } from '../cluster/cluster.ts';
import type { JobCoordinator } from '../cluster/job-coordinator.ts';
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

export interface RunOptions extends JobOptions {
  /** The directory of checkpoints and savepoints, in place of the one that the job names. */
  readonly stateDir: string | undefined;
  /** The directory of a savepoint, or of checkpoints, to start from. */
  readonly from: string | undefined;
  /** Whether the job starts over. */
  readonly fresh: boolean;
  readonly allowNonRestoredState: boolean;
  /** Who reads an output of the job; absent for a job that keeps its rows to itself. */
  readonly reader?: OutputReader;
}

export interface OutputReader {
  readonly output: string;
  /** Says whether it has taken all rows, or as many as it wanted: then the job is called off. */
  read(rows: AsyncIterable<unknown>): Promise<'all' | 'enough'>;
}

export async function runCommand(file: string, options: RunOptions): Promise<number> {
  if (options.fresh && options.from !== undefined)
    throw new MillraceError('INVALID_OPTION', 'run: --fresh starts over, and --from goes on from a checkpoint or savepoint; choose one');
  const display = new ProgressDisplay();
  const signals = new StopSignals((text) => display.note(text));
  return withJob(file, options, (loaded) => run(loaded, options, { display, signals }));
}

interface Terminal {
  readonly display: ProgressDisplay;
  readonly signals: StopSignals;
}

async function run(loaded: LoadedJob, options: RunOptions, terminal: Terminal): Promise<number> {
  const { signals, display } = terminal;
  if (options.reader === undefined) refuseHostEndpoints(loaded.job);
  const job = withStateDir(loaded.job, options.stateDir, (text) => display.say(text));
  const { exitCode, finished } = await runJob({ ...loaded, job }, options, terminal);
  signals.attach(undefined);
  if (finished && !outputClosed()) await loaded.end();
  return exitCode;
}

async function runJob(
  { job, module, parallelism, goOn }: LoadedJob,
  { from, fresh, allowNonRestoredState, reader }: RunOptions,
  { display, signals }: Terminal,
): Promise<{ readonly exitCode: number; readonly finished: boolean }> {
  const plan = planDescription(job);
  const cluster = createCluster(plan.slots);
  try {
    const client = cluster.run(job, { module, args: process.argv.slice(2), parallelism, from, fresh, allowNonRestoredState });
    signals.attach({ interrupt: () => interrupt(client, { display, signals }), cancel: () => client.cancel() });
    onOutputClosed(() => void client.cancel());
    display.start(client, plan);
    let isEnough = false;
    const ended = resultOf(client, () => isEnough || signals.exitCode !== undefined);
    const read = reader === undefined ? undefined : readRows(reader, client, { ended, enough: () => (isEnough = true) });
    goOn(client);
    const [result] = await Promise.all([ended, read]);
    const stopped = signals.exitCode !== undefined;
    display.end(result?.metrics ?? (signals.cancelled ? undefined : client.metrics()), stopped ? 'stopped' : 'finished');
    if (stopped && result === undefined && job.faultTolerance.checkpoints !== undefined) display.say(howToGoOn(job, display));
    return { exitCode: signals.exitCode ?? 0, finished: result !== undefined && !signals.cancelled };
  } finally {
    display.end();
    await cluster.close();
    if (signals.cancelled) abandonOutput();
  }
}

/** Rows that come no more because the job failed are no failure of their own. */
async function readRows(
  reader: OutputReader,
  client: JobClient,
  { ended, enough }: { readonly ended: Promise<unknown>; readonly enough: () => void },
): Promise<void> {
  try {
    if ((await reader.read(client.output(reader.output))) === 'all') return;
    enough();
    await client.cancel();
  } catch (error) {
    await ended;
    if (client.status() === 'finished') throw error;
  }
}

/** A last checkpoint that fails does not keep the job from ending. */
async function interrupt(client: JobCoordinator, { display, signals }: Terminal): Promise<void> {
  try {
    await client.interrupt();
  } catch (error) {
    const status = client.status();
    if (signals.cancelled) return;
    if (status !== 'created' && status !== 'running' && status !== 'restarting') return;
    display.say(`warning: no last checkpoint: ${thrownText(error)}`);
    await client.cancel();
  }
}

/** What becomes of a job that ended in front of its end. */
function howToGoOn({ faultTolerance: { checkpoints, storage } }: JobDescription, { newest }: ProgressDisplay): string {
  if (storage.describe('') === memoryStorage().describe('')) return 'its checkpoints were in memory and are gone: it starts over next time';
  if (checkpoints?.onCancel === 'delete') return "its checkpoints are deleted (checkpoint.onCancel: 'delete'): it starts over next time";
  if (newest === undefined) return 'it has no checkpoint yet: it starts over next time';
  return `the same command goes on from ${newest}; with --fresh it starts over`;
}

/** The job with its state elsewhere. The workers are told by the host. */
function withStateDir(job: JobDescription, stateDir: string | undefined, say: (text: string) => void): JobDescription {
  if (stateDir === undefined) return job;
  const { faultTolerance } = job;
  const { storage, checkpoints } = faultTolerance;
  const absolute = resolve(stateDir);
  if (checkpoints !== undefined && storage.describe(absolute) === storage.describe(resolve(absolute, '..')))
    say(`warning: --state-dir is for savepoints only: the job itself says that checkpoints are kept as ${storage.describe(absolute)}`);
  return { ...job, faultTolerance: { ...faultTolerance, stateDir: absolute } };
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
async function resultOf(client: JobClient, isCalledOff: () => boolean): Promise<JobResult | undefined> {
  try {
    return await client.result();
  } catch (error) {
    if (outputClosed() || (isCalledOff() && client.status() === 'cancelled')) return undefined;
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
