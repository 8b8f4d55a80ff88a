/** Streams as users write them. A stream is a position in its environment's graph; every method adds an operator behind it. */

import { MillraceError } from '../base/errors.ts';
import { callable, checkArgument, checkOnly, fieldRule, oneOrMore, type Rule, text, unexpected } from '../base/options.ts';
import type { KeySpec, LogicalEdge, OperatorSpec, UserFunction } from '../graph/logical.ts';
import type { Sink } from '../graph/sink.ts';
import { assignWatermarksOperator } from '../operators/assign-watermarks.ts';
import { type AsyncContext, asyncMapOperator } from '../operators/async/async-map.ts';
import { endpointOperator } from '../operators/endpoint.ts';
import { filterOperator } from '../operators/filter.ts';
import { flatMapOperator } from '../operators/flat-map.ts';
import { synchronous } from '../operators/functions.ts';
import { mapOperator } from '../operators/map.ts';
import { printOperator } from '../operators/print.ts';
import { checkTag, type OutputTag } from '../operators/process/context.ts';
import { type ProcessFunction, processOperator } from '../operators/process/process.ts';
import { sinkOperator } from '../operators/sink.ts';
import { isType, type Type, t } from '../schema/type.ts';
import type { ListStateDeclarations } from '../state/descriptors.ts';
import type { WatermarkStrategy } from '../time/watermarks.ts';
import { countWindow } from '../time/windows/assigners/count-window.ts';
import type { GlobalWindow, Window } from '../time/windows/window.ts';
import type { WindowAssigner } from '../time/windows/window-assigner.ts';
import { type AsyncOptions, asyncMapSpec } from './async-options.ts';
import { BroadcastConnectedStreams, ConnectedStreams } from './connected-streams.ts';
import type { StreamEnvironment } from './environment.ts';
import { type EdgeDraft, edgeFrom, type OperatorDraft } from './graph-builder.ts';
import { JoinableStreams } from './joined-streams.ts';
import type { KeyedStream } from './keyed-stream.ts';
import { maxParallelismRule, parallelismRule } from './options.ts';
import type { AsyncRows } from './row-iterator.ts';
import { type AllWindowedStream, allCountWindowed, allWindowed } from './windowed-stream.ts';

/** A field of an object, or the index of an array's element. */
export type FieldOf<T> = T extends readonly unknown[] ? number : T extends object ? keyof T & string : never;

/** The type of a field. Not a conditional type: those would keep a stream from being a stream of a wider type. */
export type FieldValue<T, F> = T[F & keyof T];

/** The prefix of endpoints that the engine itself makes; users' names cannot start with it. */
const internalEndpoint = '$';
/** Endpoints whose lines go to standard output. */
export const printEndpoint = `${internalEndpoint}print`;
/** Endpoints that the program which builds the job reads itself. */
export const collectEndpoint = `${internalEndpoint}collect`;

/** A stream of records of the type `T`: each method adds an operator behind it, and returns what comes out of that. */
export class DataStream<T> {
  /** @internal */
  readonly environment: StreamEnvironment;
  /** Where its records come from: more than one operator for a union. @internal */
  readonly edges: readonly EdgeDraft[];
  /** The operator that `name`, `uid` and the like are about; undefined for a union or a partitioned stream. */
  readonly #operator: OperatorDraft | undefined;

  /** Streams are made by an environment's sources and by other streams. @internal */
  constructor(environment: StreamEnvironment, edges: readonly EdgeDraft[], operator: OperatorDraft | undefined) {
    this.environment = environment;
    this.edges = edges;
    this.#operator = operator;
  }

  /**
   * One record out for each record in.
   *
   * @example numbers.map((n) => n * 2)
   */
  map<R>(fn: (value: T) => R): DataStream<R> {
    return this.transform<R>(mapOperator(fn as UserFunction));
  }

  /** Keeps the records for which `fn` returns something truthy. A type guard narrows the stream. */
  filter<S extends T>(fn: (value: T) => value is S): DataStream<S>;
  filter(fn: (value: T) => unknown): DataStream<T>;
  filter(fn: (value: T) => unknown): DataStream<T> {
    return this.transform<T>(filterOperator(fn as UserFunction));
  }

  /**
   * Any number of records out for each record in: those of the iterable that `fn` returns, and those that it emits.
   *
   * @example lines.flatMap((line) => line.split(' '))
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that only emits returns nothing.
  flatMap<R>(fn: (value: T, emit: (record: R) => void) => Iterable<R> | null | undefined | void): DataStream<R> {
    return this.transform<R>(flatMapOperator(fn as UserFunction));
  }

  /** Calls a `ProcessFunction`: any number of records out, side outputs, timestamps, a life cycle, state of the subtask. */
  process<R, D extends ListStateDeclarations = Record<never, never>>(fn: ProcessFunction<T, R, D>): DataStream<R> {
    return this.transform<R>(processOperator(fn as unknown as ProcessFunction<never, never>));
  }

  /**
   * Gives the records event time, and says watermarks of it; best right behind the source, or with the source's own option
   * `watermarks`.
   *
   * @example logs.assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness('5s', { timestamp: 'at' }))
   */
  assignTimestampsAndWatermarks(strategy: WatermarkStrategy<T>): DataStream<T> {
    const spec = { strategy: strategy as WatermarkStrategy<never>, intervalMs: this.environment.autoWatermarkIntervalMs };
    const stream = this.transform<T>(assignWatermarksOperator(spec, 'assignTimestampsAndWatermarks'));
    // A generator's watermark stands right behind its record. What a chained flatMap makes of one goes on as a whole.
    return strategy.kind === 'generator' && this.#operator?.spec.kind !== 'source' ? stream.startNewChain() : stream;
  }

  /**
   * One record out for each record in, from a function that returns a promise. Many calls are on their way at once; the stream
   * waits only when they are as many as `capacity`.
   *
   * @example ids.asyncMap((id) => database.find(id), { capacity: 50, timeout: '5s', retry: { attempts: 3 } })
   */
  asyncMap<R>(fn: (value: T, context: AsyncContext) => Promise<R> | R, options: AsyncOptions<T, R> = {}): DataStream<R> {
    checkArgument(fn, callable, 'asyncMap: the function');
    return this.transform<R>(asyncMapOperator(asyncMapSpec(fn as UserFunction, options)));
  }

  /**
   * Groups the stream by a key: all records of a key go to the same subtask, in the order in which each producer sent them. The
   * key is a field, several fields (the key is an array of their values), or what a function returns.
   *
   * @example clicks.keyBy('url')
   */
  keyBy<K>(selector: (value: T) => K): KeyedStream<T, K>;
  keyBy<const F extends readonly FieldOf<T>[]>(fields: F): KeyedStream<T, { [I in keyof F]: FieldValue<T, F[I]> }>;
  // Of several signatures that do not fit, the compiler tells about the last: here stands the one that people mostly mean.
  keyBy<const F extends FieldOf<T>>(field: F): KeyedStream<T, FieldValue<T, F>>;
  keyBy(key: FieldOf<T> | readonly FieldOf<T>[] | ((value: T) => unknown)): KeyedStream<T, unknown> {
    return this.environment.keyedStream(this, keySpec(key, 'keyBy'));
  }

  /** The records of this stream and of others, in no particular order between them. */
  union(...others: readonly DataStream<T>[]): DataStream<T> {
    for (const other of others) this.checkOther(other, 'union');
    return new DataStream(
      this.environment,
      [this, ...others].flatMap((stream) => stream.edges),
      undefined,
    );
  }

  /**
   * This stream and another, for an operator with a function for each. With a broadcast stream, every subtask gets all of its
   * records.
   *
   * @example orders.connect(prices).map((order) => order.id, (price) => price.id)
   */
  connect<U>(other: BroadcastStream<U>): BroadcastConnectedStreams<T, U>;
  connect<U>(other: DataStream<U>): ConnectedStreams<T, U>;
  connect<U>(other: DataStream<U>): ConnectedStreams<T, U> | BroadcastConnectedStreams<T, U> {
    this.checkOther(other, 'connect');
    return other instanceof BroadcastStream ? new BroadcastConnectedStreams(this, other) : new ConnectedStreams(this, other);
  }

  /**
   * Groups all records into windows, whatever their keys: one subtask does all the work.
   *
   * @example readings.windowAll(eventTime.tumbling('1m')).aggregate({ max: max('celsius') })
   */
  windowAll<W extends Window>(assigner: WindowAssigner<T, W>): AllWindowedStream<T, W> {
    return allWindowed<T, W>(this, assigner, 'windowAll');
  }

  /** Windows of `size` records. With a slide, a window of the last `size` records at every `slide` records. One subtask does all the work. */
  countWindowAll(size: number, slide?: number): AllWindowedStream<T, GlobalWindow> {
    return allCountWindowed<T>(this, countWindow(size, slide));
  }

  /**
   * Joins this stream with another: pairs of records of the same key and window.
   *
   * @example clicks.join(purchases).where('user').equalTo('buyer').window(eventTime.tumbling('1m')).apply((click, purchase) => …)
   */
  join<U>(other: DataStream<U>): JoinableStreams<T, U, 'join'> {
    this.checkOther(other, 'join');
    return new JoinableStreams<T, U, 'join'>({ left: this, right: other, meeting: 'join' });
  }

  /**
   * Groups the records of this stream and another by key and window, for a function of both groups.
   *
   * @example clicks.coGroup(purchases).where('user').equalTo('buyer').window(eventTime.tumbling('1m')).apply((clicks, purchases, out) => …)
   */
  coGroup<U>(other: DataStream<U>): JoinableStreams<T, U, 'coGroup'> {
    this.checkOther(other, 'coGroup');
    return new JoinableStreams<T, U, 'coGroup'>({ left: this, right: other, meeting: 'coGroup' });
  }

  /** Deals the records out to the next operator's subtasks in turn. */
  rebalance(): DataStream<T> {
    return this.#partition({ kind: 'rebalance' });
  }

  /** Like `rebalance`, but each subtask deals to a few neighbouring ones only. */
  rescale(): DataStream<T> {
    return this.#partition({ kind: 'rescale' });
  }

  /** Sends each record to a subtask chosen at random. */
  shuffle(): DataStream<T> {
    return this.#partition({ kind: 'shuffle' });
  }

  /** Sends each record to every subtask. Connected to another stream it is the source of broadcast state. */
  broadcast(): BroadcastStream<T> {
    return new BroadcastStream(this.environment, this.#partition({ kind: 'broadcast' }).edges, undefined);
  }

  /** Sends all records to the first subtask. */
  global(): DataStream<T> {
    return this.#partition({ kind: 'global' });
  }

  /** Sends each record to the subtask of the same index; the next operator must have the same parallelism. */
  forward(): DataStream<T> {
    return this.#partition({ kind: 'forward' });
  }

  /** Sends each record to the subtask whose index `partition(key, subtasks)` returns. */
  partitionCustom<K>(partition: (key: K, subtasks: number) => number, key: (value: T) => K): DataStream<T>;
  partitionCustom<const F extends FieldOf<T>>(partition: (key: FieldValue<T, F>, subtasks: number) => number, key: F): DataStream<T>;
  partitionCustom(partition: (key: never, subtasks: number) => number, key: FieldOf<T> | ((value: T) => unknown)): DataStream<T> {
    synchronous(partition, 'partitionCustom');
    return this.#partition({ kind: 'custom', key: keySpec(key, 'partitionCustom'), partition });
  }

  /** The records that the operator before sent to a side output. */
  getSideOutput<S>(tag: OutputTag<S>): DataStream<S> {
    checkTag(tag, 'getSideOutput');
    const operator = this.#named('getSideOutput');
    return new DataStream<S>(this.environment, [{ from: operator.id, partitioner: undefined, side: tag.id }], undefined);
  }

  /** Ends the stream in a sink. */
  sinkTo(sink: Sink<T>): DataStreamSink {
    if (typeof sink?.createWriter !== 'function') throw unexpected('sinkTo', 'a sink, such as files.sink(…) or callback(…)', sink);
    checkArgument(sink.name, text, 'sinkTo: name of the sink');
    return new DataStreamSink(this.#add(sinkOperator(sink as Sink<never>)));
  }

  /** Writes each record to standard output, as a line with the prefix and, with several subtasks, the number of the one it comes from. */
  print(prefix?: string): DataStreamSink {
    checkArgument(prefix, printPrefix, 'print: the prefix');
    const lines = this.transform<string>(printOperator(prefix)).returns(t.string);
    const draft = this.environment.addEndpoint('output', printEndpoint, lines.edges, 'standard output');
    return new DataStreamSink(lines.#named('print'), draft);
  }

  /** Hands the records to the program that submitted the job: `job.output(name)` reads them. */
  toHost(name: string): DataStreamSink {
    checkEndpointName(name, 'toHost');
    return new DataStreamSink(this.#add(endpointOperator('output', name)));
  }

  /**
   * Runs the job and reads this stream. Leaving the loop early cancels the job.
   *
   * @example for await (const row of counts.executeAndCollect()) console.log(row);
   * @example const rows = await counts.executeAndCollect().toArray();
   */
  executeAndCollect(name = 'job'): AsyncRows<T> {
    checkArgument(name, text, 'executeAndCollect: the name');
    const draft = this.environment.addEndpoint('output', collectEndpoint, this.edges, 'executeAndCollect');
    return this.environment.collectFrom<T>((draft.spec.endpoint as { name: string }).name, name);
  }

  /** Names the operator, for the plan, metrics and errors. */
  name(name: string): this {
    this.#named('name').name = checkOnly(name, text, 'name');
    return this;
  }

  /** Identifies the operator's state across versions of the job. */
  uid(uid: string): this {
    this.#named('uid').uid = checkOnly(uid, text, 'uid');
    return this;
  }

  setParallelism(parallelism: number): this {
    const operator = this.#named('setParallelism');
    const { parallelismMax } = operator.spec;
    checkOnly(parallelism, parallelismRule, 'setParallelism');
    if (parallelismMax !== undefined && parallelism > parallelismMax) {
      throw new MillraceError(
        'INVALID_OPTION',
        `setParallelism: ${operator.spec.kind === 'source' ? 'the source ' : ''}'${operator.spec.title}' cannot be divided among ${parallelism} subtasks; at most ${parallelismMax}`,
      );
    }
    operator.parallelism = parallelism;
    return this;
  }

  setMaxParallelism(maxParallelism: number): this {
    this.#named('setMaxParallelism').maxParallelism = checkOnly(maxParallelism, maxParallelismRule, 'setMaxParallelism');
    return this;
  }

  /** Chains the operator neither to the one before nor to those behind it. */
  disableChaining(): this {
    this.#named('disableChaining').chaining = 'never';
    return this;
  }

  /** Chains the operator to those behind it only. */
  startNewChain(): this {
    this.#named('startNewChain').chaining = 'head';
    return this;
  }

  /** Declares the type of the records instead of having it inferred; see `t`. */
  returns<R extends T>(type: Type<R>): DataStream<R> {
    if (!isType(type)) throw unexpected('returns', 'a type, such as t.object({ url: t.string })', type);
    this.#named('returns').type = type.record;
    return this as unknown as DataStream<R>;
  }

  /** @throws MillraceError unless `other` is a stream of the same job @internal */
  protected checkOther(other: unknown, of: string): void {
    if (!(other instanceof DataStream)) throw unexpected(of, 'streams', other);
    if (other.environment !== this.environment)
      throw new MillraceError('INVALID_JOB', `${of}: the streams belong to different environments`);
  }

  /** Adds an operator behind this stream and others, which are its further inputs. @internal */
  transformWith<R>(spec: OperatorSpec, others: readonly DataStream<unknown>[]): DataStream<R> {
    const further = others.flatMap((stream, i) => stream.edges.map((edge) => ({ ...edge, input: i + 1 })));
    const draft = this.environment.builder.add(spec, [...this.edges, ...further]);
    return new DataStream<R>(this.environment, [edgeFrom(draft)], draft);
  }

  /** Adds an operator behind this stream. @internal */
  transform<R>(spec: OperatorSpec): DataStream<R> {
    return this.transformWith<R>(spec, []);
  }

  #add(spec: OperatorSpec): OperatorDraft {
    return this.environment.builder.add(spec, this.edges);
  }

  #partition(partitioner: LogicalEdge['partitioner']): DataStream<T> {
    return new DataStream(
      this.environment,
      this.edges.map((edge) => ({ ...edge, partitioner })),
      undefined,
    );
  }

  #named(method: string): OperatorDraft {
    if (this.#operator === undefined) {
      throw new MillraceError(
        'INVALID_JOB',
        `${method}: this stream is no operator but a union, a partitioning or a side output; call ${method} on the operator before or behind it`,
      );
    }
    return this.#operator;
  }
}

/** A stream of which every subtask gets every record. */
export class BroadcastStream<T> extends DataStream<T> {
  declare protected readonly broadcasts: T;
}

/** The end of a stream. */
export class DataStreamSink {
  readonly #operator: OperatorDraft;
  readonly #parallel: readonly OperatorDraft[];

  /** @internal */
  constructor(operator: OperatorDraft, ...further: readonly OperatorDraft[]) {
    this.#operator = operator;
    this.#parallel = [operator, ...further];
  }

  name(name: string): this {
    this.#operator.name = checkOnly(name, text, 'name');
    return this;
  }

  uid(uid: string): this {
    this.#operator.uid = checkOnly(uid, text, 'uid');
    return this;
  }

  setParallelism(parallelism: number): this {
    checkOnly(parallelism, parallelismRule, 'setParallelism');
    const { endpoint } = this.#operator.spec;
    if (endpoint !== undefined) {
      throw new MillraceError(
        'INVALID_OPTION',
        `setParallelism: toHost('${endpoint.name}') runs on the host, which has no subtasks; set the parallelism of the operator in front of it`,
      );
    }
    for (const operator of this.#parallel) operator.parallelism = parallelism;
    return this;
  }

  disableChaining(): this {
    this.#operator.chaining = 'never';
    return this;
  }
}

const printPrefix: Rule = { expected: 'a text', accepts: (value) => value === undefined || typeof value === 'string' };

const keyRule: Rule = oneOrMore('a field name, an index, an array of these, or a function', fieldRule);

/** How the key of a stream's records is found. */
function keySpec(key: unknown, of: string): KeySpec {
  if (typeof key === 'function') return { kind: 'selector', select: synchronous(key as UserFunction, of) };
  checkOnly(key, keyRule, of);
  const fields = Array.isArray(key) ? key : [key];
  return { kind: 'fields', fields: fields.map(String), composite: Array.isArray(key) };
}

/** Whether an endpoint is one of the engine's own. */
export function isInternal(endpoint: string): boolean {
  return endpoint.startsWith(internalEndpoint);
}

/** A name that users may give an endpoint. */
export function checkEndpointName(name: string, of: string): void {
  checkArgument(name, text, `${of}: the name`);
  if (isInternal(name)) throw new MillraceError('INVALID_OPTION', `${of}: the name cannot start with '${internalEndpoint}'`);
}
