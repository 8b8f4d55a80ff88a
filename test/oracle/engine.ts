/** Runs a plan on the engine. */

import type { DataStream, DataStreamSink } from '../../src/api/data-stream.ts';
import type { KeyedStream } from '../../src/api/keyed-stream.ts';
import type { EnvironmentConfig } from '../../src/api/options.ts';
import { callbackSink } from '../../src/connectors/callback/callback-sink.ts';
import type { Aggregator } from '../../src/operators/aggregators/aggregator.ts';
import * as aggregators from '../../src/operators/aggregators/index.ts';
import type { AggregateFunction } from '../../src/operators/keyed-fold.ts';
import { OutputTag } from '../../src/operators/process/context.ts';
import type { ProcessFunction } from '../../src/operators/process/process.ts';
import { TestEnvironment } from '../../src/testing/test-environment.ts';
import {
  type Aggregate,
  type Edge,
  isKeyed,
  type Key,
  type KeyedOperation,
  type Plan,
  type PlanNode,
  type ProcessSpec,
  type SinkKind,
} from './plan.ts';

type Stream = DataStream<unknown>;
type Keyed = KeyedStream<unknown, unknown>;

/** The records that arrived at each sink, in the order in which they came, by the sink's node. */
export async function runOnEngine(plan: Plan, seed: number): Promise<Map<number, unknown[]>> {
  const { mode, limits, ...config } = plan.config;
  const inputs = Object.fromEntries(
    plan.nodes.flatMap(({ operation }, i) => (operation.op === 'fromHost' ? [[nameOf(i), operation.rows]] : [])),
  );
  const env = new TestEnvironment({
    ...config,
    runtimeMode: mode,
    limits: limits as NonNullable<EnvironmentConfig['limits']>,
    seed,
    inputs,
  });
  const job = new JobBuilder(env);
  for (const [index, node] of plan.nodes.entries()) job.add(index, node);
  await job.run();
  return job.rows;
}

function nameOf(node: number): string {
  return `n${node}`;
}

class JobBuilder {
  readonly rows = new Map<number, unknown[]>();
  readonly #env: TestEnvironment;
  readonly #streams: (Stream | undefined)[] = [];
  readonly #onHost: number[] = [];
  #collected: { readonly node: number; readonly stream: Stream } | undefined;

  constructor(env: TestEnvironment) {
    this.#env = env;
  }

  add(index: number, node: PlanNode): void {
    const { operation } = node;
    if (operation.op !== 'sink') this.#streams.push(this.#configured(node, index, this.#stream(index, node)));
    else {
      this.#streams.push(undefined);
      this.#addSink(index, node, operation.to);
    }
  }

  async run(): Promise<void> {
    if (this.#collected === undefined) await this.#env.execute();
    else this.rows.set(this.#collected.node, await this.#env.collect(this.#collected.stream));
    for (const node of this.#onHost) this.rows.set(node, this.#env.outputs[nameOf(node)] ?? []);
  }

  #addSink(index: number, node: PlanNode, to: SinkKind): void {
    const input = this.#input(node);
    if (to === 'collect') this.#collected = { node: index, stream: input };
    else if (to === 'toHost') {
      input.toHost(nameOf(index));
      this.#onHost.push(index);
    } else this.#configureSink(node, input.sinkTo(callbackSink(to === 'promise' ? this.#later(index) : this.#atOnce(index))));
  }

  #atOnce(index: number): (row: unknown) => void {
    const rows: unknown[] = [];
    this.rows.set(index, rows);
    return (row) => void rows.push(row);
  }

  /** Takes every third row when it likes. */
  #later(index: number): (row: unknown) => void | Promise<void> {
    const take = this.#atOnce(index);
    let count = 0;
    return (row) => (++count % 3 === 0 ? Promise.resolve().then(() => take(row)) : take(row));
  }

  #configureSink(node: PlanNode, sink: DataStreamSink): void {
    if (node.parallelism !== undefined) sink.setParallelism(node.parallelism);
    if (node.chaining === 'never') sink.disableChaining();
  }

  #stream(index: number, node: PlanNode): Stream {
    const { operation } = node;
    const options = node.parallelism === undefined ? {} : { parallelism: node.parallelism };
    switch (operation.op) {
      case 'data':
        return this.#env.fromData(operation.rows, options);
      case 'fromHost':
        return this.#env.fromHost(nameOf(index), options);
      case 'sequence':
        return this.#env.fromSequence(operation.from, operation.to, options) as unknown as Stream;
      case 'map':
        return this.#input(node).map(operation.fn as (value: unknown) => unknown);
      case 'filter':
        return this.#input(node).filter(operation.fn as (value: unknown) => unknown);
      case 'flatMap':
        return this.#input(node).flatMap(operation.fn as (value: unknown) => Iterable<unknown>);
      case 'process':
        return this.#input(node).process(processFunction(operation.process));
      default:
        if (!isKeyed(operation)) throw new Error(`${operation.op} makes no stream`);
        return keyedResult(this.#keyed(node), operation);
    }
  }

  #configured(node: PlanNode, index: number, stream: Stream): Stream {
    stream.name(nameOf(index));
    if (node.parallelism !== undefined) stream.setParallelism(node.parallelism);
    if (node.chaining === 'never') stream.disableChaining();
    if (node.chaining === 'head') stream.startNewChain();
    return node.returns === undefined ? stream : stream.returns({ record: node.returns });
  }

  #keyed(node: PlanNode): Keyed {
    const partition = node.inputs[0]?.partition;
    if (partition?.kind !== 'key') throw new Error('a keyed operation has a keyed input');
    return keyBy(unionOf(node.inputs.map((edge) => this.#source(edge))), partition.key);
  }

  #input(node: PlanNode): Stream {
    return unionOf(node.inputs.map((edge) => this.#partitioned(edge)));
  }

  #partitioned(edge: Edge): Stream {
    const stream = this.#source(edge);
    const { partition } = edge;
    if (partition === undefined) return stream;
    if (partition.kind === 'key') return keyBy(stream, partition.key);
    if (partition.kind !== 'custom') return stream[partition.kind]();
    const { key } = partition;
    if (key.kind === 'fields') throw new Error('partitionCustom takes one field');
    return stream.partitionCustom(partition.partition, keyArgument(key) as (value: unknown) => unknown);
  }

  #source({ from, side }: Edge): Stream {
    const stream = this.#streams[from] as Stream;
    return side === undefined ? stream : stream.getSideOutput(new OutputTag<unknown>(side));
  }
}

function unionOf([first, ...others]: readonly Stream[]): Stream {
  return others.length === 0 ? (first as Stream) : (first as Stream).union(...others);
}

function keyBy(stream: Stream, key: Key): Keyed {
  return stream.keyBy(keyArgument(key) as (value: unknown) => unknown);
}

function keyArgument(key: Key): unknown {
  return key.kind === 'selector' ? key.select : key.kind === 'field' ? key.field : key.fields;
}

function processFunction({ sides, body }: ProcessSpec): ProcessFunction<unknown, unknown> {
  const tags = new Map(sides.map((id) => [id, new OutputTag<unknown>(id)]));
  return {
    processElement(value, ctx, out) {
      body(value as never, (id, record) => ctx.output(tags.get(id) as OutputTag<unknown>, record), out);
    },
  };
}

function keyedResult(stream: Keyed, operation: KeyedOperation): Stream {
  switch (operation.op) {
    case 'reduce':
      return stream.reduce(operation.fn as (a: unknown, b: unknown) => unknown);
    case 'fold':
      return stream.aggregate(operation.fold as AggregateFunction<unknown, unknown, unknown>, operation.toRow as (row: unknown) => unknown);
    case 'aggregate': {
      const entries = Object.entries(operation.aggregates).map(([name, aggregate]) => [name, aggregator(aggregate)] as const);
      return stream.aggregate(Object.fromEntries(entries), operation.toRow as (row: unknown) => unknown);
    }
    default:
      return stream[operation.op](operation.field as never);
  }
}

type Factory = (...args: readonly unknown[]) => Aggregator<unknown, unknown>;

function aggregator(aggregate: Aggregate): Aggregator<unknown, unknown> {
  const factory = aggregators[aggregate.kind] as unknown as Factory;
  if (aggregate.kind === 'count') return factory();
  const input = aggregate.of === undefined ? [] : [aggregate.of];
  if ('q' in aggregate) return factory(...input, aggregate.q);
  return 'k' in aggregate ? factory(...input, aggregate.k) : factory(...input);
}
