/** The beginning of every job: sources, configuration, and running. */

import { MillraceError } from '../base/errors.ts';
import {
  anything,
  callable,
  checkArgument,
  checkOptions,
  flag,
  type OptionRules,
  optional,
  text,
  unexpected,
  wholeNumber,
} from '../base/options.ts';
import { dataSource } from '../connectors/data/data-source.ts';
import { sequenceSource } from '../connectors/data/sequence-source.ts';
import { type FileSourceOptions, fileSource, fileSourceRules } from '../connectors/files/file-source.ts';
import { type SocketOptions, socketRules, socketSource } from '../connectors/socket/socket-source.ts';
import { type StdinOptions, stdinRules, stdinSource } from '../connectors/stdin/stdin-source.ts';
import { type Format, type TextOptions, text as textFormat } from '../formats/format.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { KeySpec, OperatorSpec, UserFunction } from '../graph/logical.ts';
import type { Source, Split } from '../graph/source.ts';
import { assignWatermarksOperator } from '../operators/assign-watermarks.ts';
import { endpointOperator } from '../operators/endpoint.ts';
import { mapOperator } from '../operators/map.ts';
import { projectSources } from '../operators/projection.ts';
import { generateOperator, type SourceOperator, sourceOperator } from '../operators/source.ts';
import type { WatermarkStrategy } from '../time/watermarks.ts';
import { checkEndpointName, DataStream, isInternal } from './data-stream.ts';
import { currentExecution, type Execution } from './execution.ts';
import { explainJob } from './explain.ts';
import { type EdgeDraft, edgeFrom, GraphBuilder, type OperatorDraft } from './graph-builder.ts';
import type { JobClient, JobResult } from './job-client.ts';
import { KeyedStream } from './keyed-stream.ts';
import {
  type CheckedEnvironmentConfig,
  checkEnvironmentConfig,
  type EnvironmentConfig,
  type SourceOptions,
  sourceRules,
} from './options.ts';
import { type AsyncRows, type RowGroup, RowIterator } from './row-iterator.ts';

export interface GenerateOptions<T> extends SourceOptions<T> {
  /** Records in all; endless when absent. */
  readonly count?: number;
  /** Records a second in all, over all subtasks; as fast as possible when absent. */
  readonly ratePerSecond?: number;
  /** Makes record `index`, counted from 0. */
  readonly create: (index: number) => T;
}

const generateRules: OptionRules<GenerateOptions<never>> = {
  count: optional(wholeNumber(0)),
  ratePerSecond: optional({ expected: 'a number above 0', accepts: (value) => typeof value === 'number' && value > 0 }),
  create: callable,
  ...sourceRules,
};

export interface TextFileOptions extends SourceOptions<string>, Pick<FileSourceOptions, 'encoding' | 'follow'>, TextOptions {}

export interface ReadFileOptions<T> extends SourceOptions<T>, Pick<FileSourceOptions<T>, 'encoding' | 'onError' | 'follow'> {}

export type SocketTextOptions = SourceOptions<string> & Pick<SocketOptions, 'reconnect' | 'delimiter'>;

const { encoding, follow, onError } = fileSourceRules;
const textFileStreamRules: OptionRules<TextFileOptions> = { encoding, follow, multiline: optional(anything), ...sourceRules };
const readFileRules: OptionRules<ReadFileOptions<never>> = { encoding, follow, onError, ...sourceRules };
const socketStreamRules: OptionRules<SocketTextOptions> = {
  reconnect: socketRules.reconnect,
  delimiter: socketRules.delimiter,
  ...sourceRules,
};
const stdinStreamRules: OptionRules<SourceOptions<never> & StdinOptions<never>> = { ...stdinRules, ...sourceRules };

/**
 * A job in the making.
 *
 * @example
 * const env = new StreamEnvironment({ parallelism: 2 });
 * env.fromData([1, 2, 3]).map((n) => n * n).print();
 * await env.execute('squares');
 */
export class StreamEnvironment {
  /** The operators so far. @internal */
  readonly builder = new GraphBuilder();
  readonly #execution: Execution;
  readonly #config: CheckedEnvironmentConfig;
  #endpoints = 0;
  #executed = false;

  constructor(config?: EnvironmentConfig);
  /** For environments that run in another way. @internal */
  constructor(config: EnvironmentConfig, execution: Execution);
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
  fromData<T>(rows: readonly T[], options: SourceOptions<T> = {}): DataStream<T> {
    checkArgument(rows, { expected: 'an array', accepts: Array.isArray }, 'fromData: the rows');
    return this.#read(sourceOperator(dataSource(rows)), options, 'fromData', 1);
  }

  /** The whole numbers from `from` to `to`, both included. */
  fromSequence(from: number, to: number, options: SourceOptions<number> = {}): DataStream<number> {
    checkArgument(from, wholeNumber(), 'fromSequence: from');
    checkArgument(to, wholeNumber(), 'fromSequence: to');
    return this.#read(sourceOperator(sequenceSource({ from, to })), options, 'fromSequence');
  }

  /** Records made by a function from their index. */
  generate<T>(options: GenerateOptions<T>): DataStream<T> {
    const { count, ratePerSecond, create, ...further } = checkOptions<GenerateOptions<T>>(options, generateRules as never, 'generate');
    const indices = sequenceSource({ from: 0, to: count === undefined ? undefined : count - 1, ratePerSecond, name: 'generate' });
    return this.#read(generateOperator(indices, create as UserFunction), further, 'generate');
  }

  /** The lines of text files: a path, a glob, or several of them. Large files are divided among all subtasks; `.gz` is unpacked. With `follow` what is written to them later is read, too. */
  readTextFile(pathOrGlob: string | readonly string[], options: TextFileOptions = {}): DataStream<string> {
    const { encoding, follow, multiline, ...further } = checkOptions<TextFileOptions>(options, textFileStreamRules, 'readTextFile');
    const source = fileSource(pathOrGlob, { format: textFormat({ multiline }), encoding, follow }, 'readTextFile');
    return this.#read(sourceOperator(source), further, 'readTextFile');
  }

  /**
   * The records of files in a format: a path, a glob, or several of them. Only the fields that the job reads are parsed. With `follow` what
   * is written to the files later is read, too.
   *
   * @example
   * env.readFile('logs/access.log*', formats.combinedLog()).filter((request) => request.status >= 500)
   */
  readFile<T>(pathOrGlob: string | readonly string[], format: Format<T>, options: ReadFileOptions<T> = {}): DataStream<T> {
    const { encoding, follow, onError, ...further } = checkOptions<ReadFileOptions<T>>(options, readFileRules as never, 'readFile');
    return this.#read(sourceOperator(fileSource<T>(pathOrGlob, { format, encoding, follow, onError }, 'readFile')), further, 'readFile');
  }

  /** The lines that come over a TCP connection; see `SocketOptions` for what happens when it closes. */
  socketTextStream(host: string, port: number, options: SocketTextOptions = {}): DataStream<string> {
    const { reconnect, delimiter, ...further } = checkOptions<SocketTextOptions>(options, socketStreamRules, 'socketTextStream');
    const source = socketSource({ host, port, reconnect, delimiter }, 'socketTextStream');
    return this.#read(sourceOperator(source), further, 'socketTextStream');
  }

  /** The lines of standard input. A pipe or file counts as bounded, unless `bounded` says otherwise. */
  stdin<T = string>(options: SourceOptions<T> & StdinOptions<T> = {}): DataStream<T> {
    const { bounded, front, format, encoding, onError, ...further } = checkOptions<SourceOptions<T> & StdinOptions<T>>(
      options,
      stdinStreamRules as never,
      'stdin',
    );
    return this.#read(sourceOperator(stdinSource<T>({ bounded, front, format, encoding, onError })), further, 'stdin');
  }

  /** Records that the program which submitted the job writes to `job.input(name)`. */
  fromHost<T>(name: string, options: SourceOptions<T> = {}): DataStream<T> {
    checkEndpointName(name, 'fromHost');
    const { watermarks, ...further } = checkOptions<SourceOptions<T>>(options, sourceRules as never, 'fromHost');
    const endpoint = this.builder.add(endpointOperator('input', name), [], { name: `fromHost(${name})` });
    const draft = this.builder.add(hostEntry(name), [edgeFrom(endpoint)], further);
    return this.#assigned(draft, watermarks, 'fromHost');
  }

  /** The records of any source. */
  fromSource<T, S extends Split>(source: Source<T, S>, options: SourceOptions<T> = {}): DataStream<T> {
    if (typeof source?.createReader !== 'function')
      throw unexpected('fromSource', 'a source, such as files.source(…) or socket.source(…)', source);
    checkArgument(source.name, text, 'fromSource: name of the source');
    checkArgument(source.bounded, flag, 'fromSource: bounded of the source');
    checkArgument(source.enumerate, callable, 'fromSource: enumerate of the source');
    return this.#read(sourceOperator(source), options, 'fromSource');
  }

  /** Adds the operator of a source. The type that the source knows is that of the records, unless a function makes others of them. */
  #read<T>(operator: SourceOperator, options: SourceOptions<T>, of: string, usual = operator.parallelismMax): DataStream<T> {
    const { name, uid, parallelism = usual, watermarks } = checkOptions<SourceOptions<T>>(options, sourceRules as never, of);
    const { source, parallelismMax } = operator;
    if (parallelism !== undefined && parallelismMax !== undefined && parallelism > parallelismMax) {
      throw new MillraceError(
        'INVALID_OPTION',
        `${of}: the source '${source.name}' cannot be divided among ${parallelism} subtasks; at most ${parallelismMax}`,
      );
    }
    const draft = this.builder.add(operator, [], { name, uid, parallelism });
    if (source.type !== undefined && operator.functions.create === undefined) draft.type = source.type;
    return this.#assigned(draft, watermarks, of);
  }

  /** The stream of a source, with the watermarks that its options ask for: they are made where the source runs. */
  #assigned<T>(source: OperatorDraft, strategy: WatermarkStrategy<T> | undefined, of: string): DataStream<T> {
    if (strategy === undefined) return new DataStream<T>(this, [edgeFrom(source)], source);
    const operator = assignWatermarksOperator(
      { strategy: strategy as WatermarkStrategy<never>, intervalMs: this.autoWatermarkIntervalMs },
      `${of}: watermarks`,
    );
    const assigner = this.builder.add(operator, [edgeFrom(source)]);
    assigner.follows = source;
    return new DataStream<T>(this, [edgeFrom(assigner)], source);
  }

  /** Milliseconds between two watermarks. @internal */
  get autoWatermarkIntervalMs(): number {
    return this.#config.autoWatermarkIntervalMs;
  }

  /**
   * Runs the job to its end. In a worker, and wherever a module is loaded by `LocalCluster.submit`, it never returns.
   *
   * @throws MillraceError when the job fails or is cancelled
   */
  async execute(name = 'job'): Promise<JobResult> {
    const check = this.#execution.standalone === true ? refuseEndpoints : undefined;
    return (await this.#execution.submit(this.describe(name, check))).result();
  }

  /** Starts the job. */
  async executeAsync(name = 'job'): Promise<JobClient> {
    return this.#execution.submit(this.describe(name));
  }

  /** The plan: stages, their operators, the exchanges between them, and which fields each function reads. */
  explain(): string {
    return explainJob(this.#description('job'));
  }

  /** The job as it stands, if `check` lets it pass; the environment takes no further execution. @internal */
  describe(name: string, check?: (job: JobDescription) => void): JobDescription {
    checkArgument(name, text, 'execute: the name');
    if (this.#executed) {
      throw new MillraceError(
        'INVALID_JOB',
        'this environment was executed already: an environment is one job; make another environment in another module',
      );
    }
    const description = this.#description(name);
    this.builder.checkComplete();
    check?.(description);
    this.#executed = true;
    return description;
  }

  #description(name: string): JobDescription {
    const { mode, bufferTimeoutMs, localAggregation, chaining, limits, maxParallelism, faultTolerance, stateMemory } = this.#config;
    const graph = projectSources(this.builder.build({ parallelism: this.parallelism, maxParallelism }));
    return { name, graph, mode, bufferTimeoutMs, localAggregation, chaining, limits, faultTolerance, stateMemory, notices: [] };
  }

  /** A stream grouped by a key; `stream.keyBy(…)` is the way to it. @internal */
  keyedStream<T, K>(stream: DataStream<T>, key: KeySpec): KeyedStream<T, K> {
    return new KeyedStream<T, K>(stream, key);
  }

  /** Adds an endpoint of the engine's own, under a fresh name; the plan shows its title. @internal */
  addEndpoint(direction: 'input' | 'output', prefix: string, edges: readonly EdgeDraft[], title?: string): OperatorDraft {
    const name = `${prefix}${this.#endpoints++}`;
    return this.builder.add(endpointOperator(direction, name, title), edges);
  }

  /** Runs the job and reads one of its outputs. @internal */
  collectFrom<T>(output: string, name: string): AsyncRows<T> {
    return new RowIterator<T>(this.#groupsFrom(output, name));
  }

  async *#groupsFrom<T>(output: string, name: string): AsyncGenerator<RowGroup<T>, undefined> {
    const job = await this.executeAsync(name);
    // A failure reaches the reader through `result` below; until then it is not unhandled.
    job.result().catch(() => {});
    let complete = false;
    try {
      // The outputs of every job are such.
      yield* (job.output<T>(output) as RowIterator<T>).groups;
      complete = true;
    } finally {
      if (complete) await job.result();
      else await job.cancel();
    }
  }
}

/** Takes what the host feeds in: the head of the stage behind a host input. */
function hostEntry(name: string): OperatorSpec {
  const operator = mapOperator((value: never) => value);
  return { ...operator, kind: 'from-host', title: `fromHost(${name})`, functions: {} };
}

/** Who waits for the result of a job that runs by itself can neither feed it nor read it. */
function refuseEndpoints({ graph }: JobDescription): void {
  const endpoint = graph.operators.map(({ spec }) => spec.endpoint).find((each) => each !== undefined && !isInternal(each.name));
  if (endpoint === undefined) return;
  const method = endpoint.direction === 'input' ? 'fromHost' : 'toHost';
  throw new MillraceError(
    'INVALID_JOB',
    `execute: nobody is at the other end of ${method}('${endpoint.name}'): use executeAsync() and job.${endpoint.direction}('${endpoint.name}'), ` +
      'or submit this module to a LocalCluster from another program',
  );
}
