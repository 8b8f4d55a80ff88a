/** The beginning of every job: sources, configuration, and running. */

import { MillraceError } from '../base/errors.ts';
import { dataSource } from '../connectors/data/data-source.ts';
import { sequenceSource } from '../connectors/data/sequence-source.ts';
import { textFileSource } from '../connectors/files/text-source.ts';
import { type SocketOptions, socketTextSource } from '../connectors/socket/socket-source.ts';
import { type StdinOptions, stdinSource } from '../connectors/stdin/stdin-source.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { KeySpec, OperatorSpec, UserFunction } from '../graph/logical.ts';
import type { Source, Split } from '../graph/source.ts';
import { endpointOperator } from '../operators/endpoint.ts';
import { mapOperator } from '../operators/map.ts';
import { sourceOperator } from '../operators/source.ts';
import { checkEndpointName, DataStream } from './data-stream.ts';
import { currentExecution, type Execution } from './execution.ts';
import { explainJob } from './explain.ts';
import { type EdgeDraft, GraphBuilder, type OperatorDraft } from './graph-builder.ts';
import type { JobClient, JobResult } from './job-client.ts';
import { KeyedStream } from './keyed-stream.ts';
import {
  type CheckedEnvironmentConfig,
  checkEnvironmentConfig,
  checkSourceOptions,
  checkText,
  type EnvironmentConfig,
  type SourceOptions,
} from './options.ts';

export interface GenerateOptions<T> extends SourceOptions {
  /** Records in all; endless when absent. */
  readonly count?: number;
  /** Records a second in all, over all subtasks; as fast as possible when absent. */
  readonly ratePerSecond?: number;
  /** Makes record `index`, counted from 0. */
  readonly create: (index: number) => T;
}

export interface TextFileOptions extends SourceOptions {
  /** Default UTF-8; 'latin1' takes every byte as a character. */
  readonly encoding?: 'utf8' | 'latin1';
}

export type SocketTextOptions = SourceOptions & Pick<SocketOptions, 'reconnect' | 'delimiter'>;

/**
 * A job in the making.
 *
 * @example
 * const env = new StreamEnvironment({ parallelism: 2 });
 * env.fromData([1, 2, 3]).map((n) => n * n).print();
 * await env.execute('squares');
 */
export class StreamEnvironment {
  /** The operators so far. */
  readonly builder = new GraphBuilder();
  readonly #execution: Execution;
  readonly #config: CheckedEnvironmentConfig;
  #endpoints = 0;
  #executed = false;

  constructor(config: EnvironmentConfig = {}, execution: Execution = currentExecution()) {
    this.#config = checkEnvironmentConfig(config);
    this.#execution = execution;
  }

  /** What the job was submitted with; the command line behind `--` for a job that was started by itself. */
  get args(): unknown {
    return this.#execution.args;
  }

  /** Subtasks of each operator that names no parallelism of its own. */
  get parallelism(): number {
    return this.#config.parallelism ?? this.#execution.parallelism;
  }

  /** The rows of an array, in its order with parallelism 1 (the default for this source). */
  fromData<T>(rows: readonly T[], options: SourceOptions = {}): DataStream<T> {
    if (!Array.isArray(rows)) throw new MillraceError('INVALID_OPTION', 'fromData: expected an array of rows');
    return this.fromSource(dataSource(rows), { parallelism: 1, ...checkSourceOptions(options, 'fromData') });
  }

  /** The whole numbers from `from` to `to`, both included. */
  fromSequence(from: number, to: number, options: SourceOptions = {}): DataStream<number> {
    return this.fromSource(sequenceSource({ from, to }), checkSourceOptions(options, 'fromSequence'));
  }

  /** Records made by a function from their index. */
  generate<T>({ count, ratePerSecond, create, ...options }: GenerateOptions<T>): DataStream<T> {
    if (typeof create !== 'function') throw new MillraceError('INVALID_OPTION', 'generate: create must be a function of the index');
    if (count !== undefined && !(Number.isSafeInteger(count) && count >= 0)) {
      throw new MillraceError('INVALID_OPTION', `generate: count must be a whole number from 0, got ${String(count)}`);
    }
    if (ratePerSecond !== undefined && !(ratePerSecond > 0)) {
      throw new MillraceError('INVALID_OPTION', `generate: ratePerSecond must be above 0, got ${String(ratePerSecond)}`);
    }
    const checked = checkSourceOptions(options, 'generate');
    const indices = sequenceSource({ from: 0, to: count === undefined ? undefined : count - 1, ratePerSecond, name: 'generate' });
    const stream = this.fromSource(indices, checked).transform<T>({ ...mapOperator(create as UserFunction), title: 'create' });
    return checked.parallelism === undefined ? stream : stream.setParallelism(checked.parallelism);
  }

  /** The lines of text files: a path, a glob, or several of them. Large files are divided among all subtasks; `.gz` is unpacked. */
  readTextFile(pathOrGlob: string | readonly string[], { encoding, ...options }: TextFileOptions = {}): DataStream<string> {
    return this.fromSource(
      textFileSource(pathOrGlob, encoding === undefined ? {} : { encoding }),
      checkSourceOptions(options, 'readTextFile'),
    );
  }

  /** The lines that come over a TCP connection; see `SocketOptions` for what happens when it closes. */
  socketTextStream(host: string, port: number, { reconnect, delimiter, ...options }: SocketTextOptions = {}): DataStream<string> {
    const source = socketTextSource({
      host,
      port,
      ...(reconnect === undefined ? {} : { reconnect }),
      ...(delimiter === undefined ? {} : { delimiter }),
    });
    return this.fromSource(source, checkSourceOptions(options, 'socketTextStream'));
  }

  /** The lines of standard input. A pipe or file counts as bounded, unless `bounded` says otherwise. */
  stdin({ bounded, ...options }: SourceOptions & StdinOptions = {}): DataStream<string> {
    return this.fromSource(stdinSource(bounded === undefined ? {} : { bounded }), checkSourceOptions(options, 'stdin'));
  }

  /** Records that the program which submitted the job writes to `job.input(name)`. */
  fromHost<T>(name: string, options: SourceOptions = {}): DataStream<T> {
    checkEndpointName(name, 'fromHost');
    const { parallelism, ...checked } = checkSourceOptions(options, 'fromHost');
    const endpoint = this.builder.add(endpointOperator('input', name), [], { name: `fromHost(${name})` });
    const entry = mapOperatorIdentity(name);
    const draft = this.builder.add(entry, [{ from: endpoint.id, partitioner: undefined, side: undefined }], {
      ...checked,
      ...(parallelism === undefined ? {} : { parallelism }),
    });
    return new DataStream<T>(this, [{ from: draft.id, partitioner: undefined, side: undefined }], draft);
  }

  /** The records of any source. */
  fromSource<T, S extends Split>(source: Source<T, S>, options: SourceOptions = {}): DataStream<T> {
    if (typeof source?.createReader !== 'function') throw new MillraceError('INVALID_OPTION', 'fromSource: expected a source');
    const checked = checkSourceOptions(options, 'fromSource');
    const most = source.parallelismMax;
    const parallelism = checked.parallelism ?? most;
    if (parallelism !== undefined && most !== undefined && parallelism > most) {
      throw new MillraceError(
        'INVALID_OPTION',
        `the source '${source.name}' cannot be divided among ${parallelism} subtasks; at most ${most}`,
      );
    }
    const draft = this.builder.add(sourceOperator(source as unknown as Source<unknown>), [], {
      ...checked,
      ...(parallelism === undefined ? {} : { parallelism }),
    });
    if (source.type !== undefined) draft.type = source.type;
    return new DataStream<T>(this, [{ from: draft.id, partitioner: undefined, side: undefined }], draft);
  }

  /** Runs the job to its end. In a worker it never returns. @throws MillraceError when the job fails or is cancelled */
  async execute(name = 'job'): Promise<JobResult> {
    return (await this.executeAsync(name)).result();
  }

  /** Starts the job. */
  async executeAsync(name = 'job'): Promise<JobClient> {
    return this.#execution.submit(this.describe(name));
  }

  /** The plan: stages, their operators, the exchanges between them, and which fields each function reads. */
  explain(): string {
    return explainJob(this.#description('job'));
  }

  /** The job as it stands; the environment takes no further execution. */
  describe(name: string): JobDescription {
    checkText(name, 'execute');
    if (this.#executed) {
      throw new MillraceError(
        'INVALID_JOB',
        'this environment was executed already: an environment is one job; make another environment in another module',
      );
    }
    const description = this.#description(name);
    this.builder.checkComplete();
    this.#executed = true;
    return description;
  }

  #description(name: string): JobDescription {
    const { mode, bufferTimeoutMs, localAggregation, chaining, limits, maxParallelism } = this.#config;
    const graph = this.builder.build({ parallelism: this.parallelism, maxParallelism });
    return { name, graph, mode, bufferTimeoutMs, localAggregation, chaining, limits };
  }

  /** A stream grouped by a key; `stream.keyBy(…)` is the way to it. */
  keyedStream<T, K>(stream: DataStream<T>, key: KeySpec): KeyedStream<T, K> {
    return new KeyedStream<T, K>(stream, key);
  }

  /** Adds an endpoint of the engine's own, under a fresh name. */
  addEndpoint(direction: 'input' | 'output', prefix: string, edges: readonly EdgeDraft[]): OperatorDraft {
    const name = `${prefix}${this.#endpoints++}`;
    return this.builder.add(endpointOperator(direction, name), edges);
  }

  /** Runs the job and reads one of its outputs. */
  async *collectFrom<T>(output: string, name = 'job'): AsyncIterableIterator<T> {
    const job = await this.executeAsync(name);
    // A failure reaches the reader through `result` below; until then it is not unhandled.
    job.result().catch(() => {});
    let complete = false;
    try {
      yield* job.output<T>(output);
      complete = true;
    } finally {
      if (complete) await job.result();
      else await job.cancel();
    }
  }
}

/** Takes what the host feeds in: the head of the stage behind a host input. */
function mapOperatorIdentity(name: string): OperatorSpec {
  const operator = mapOperator((value: never) => value);
  return { ...operator, kind: 'from-host', title: `fromHost(${name})`, functions: {} };
}
