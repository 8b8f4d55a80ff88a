/** Builds the subtasks of one slot from the plan: instances, compilers, writers and gates, wired to their channels. */

import type { MillraceError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import type { ChannelReader, ChannelWriter } from '../channel/channel.ts';
import { ExchangeWriter } from '../compiler/exchange-writer.ts';
import type { Operator, OperatorContext } from '../compiler/operator.ts';
import { operatorFailure, showRecord } from '../compiler/show.ts';
import { StageCompiler } from '../compiler/stage-compiler.ts';
import type { Exchange, JobGraph, Stage } from '../graph/job.ts';
import type { KeySpec, LogicalOperator } from '../graph/logical.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import type { SubtaskCounters } from '../metrics/counters.ts';
import { isSourceOperator } from '../operators/source.ts';
import { ChainTime } from './chain-time.ts';
import { InputGate } from './input-gate.ts';
import { type AlignmentMemory, joinAlignment } from './plan.ts';
import { SourceInput, sourceFailure } from './source-input.ts';
import { type ChainedOperator, Subtask } from './subtask.ts';

/** The ends of the channels, by index in the plan. */
export interface Wiring {
  writer(channel: number): ChannelWriter;
  reader(channel: number): ChannelReader;
}

export interface SlotOptions {
  readonly plan: PhysicalPlan;
  readonly slot: number;
  readonly jobName: string;
  readonly bufferTimeoutMs: number;
  readonly limits: Limits;
  readonly system: System;
  readonly wiring: Wiring;
  /** Counters of a subtask by its number in the plan. */
  readonly counters: (stage: number, subtask: number) => SubtaskCounters;
  readonly alignments: AlignmentMemory;
  readonly requestSplit: (stage: number, subtask: number) => void;
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
  readonly warn: (message: string, topic?: string, votes?: number) => void;
}

export interface SlotSubtask {
  readonly stage: number;
  readonly subtask: number;
  readonly task: Subtask;
}

export function buildSlot(options: SlotOptions): SlotSubtask[] {
  const { plan, slot } = options;
  return plan.job.stages
    .filter((stage) => slot < stage.parallelism)
    .map((stage) => ({ stage: stage.id, subtask: slot, task: new SubtaskBuilder(options, stage).build() }));
}

/** The compiler of a stage as a slot has it, for whoever only wants to see its code: no reader or writer of the job is made. */
export function stageCompiler(options: SlotOptions, stage: Stage): StageCompiler {
  return new SubtaskBuilder(options, stage).compile().compiler;
}

class SubtaskBuilder {
  readonly #options: SlotOptions;
  readonly #stage: Stage;
  readonly #contexts: readonly OperatorContext[];

  constructor(options: SlotOptions, stage: Stage) {
    this.#options = options;
    this.#stage = stage;
    this.#contexts = stage.operators.map((operator, index) => this.#context(operator, index));
  }

  compile() {
    const { plan, slot, limits } = this.#options;
    const stage = this.#stage;
    const operators = stage.operators.map((operator) => operator.spec as Operator);
    const chain = operators.map((operator, i) => chained(operator, this.#contexts[i] as OperatorContext, this.#parentOf(i)));
    const outputs = stage.outputs.map((id) => {
      const exchange = plan.job.exchanges[id] as Exchange;
      return { exchange, writer: exchangeWriter(this.#options, exchange, slot) };
    });
    const compiler = new StageCompiler({
      stage,
      outputs,
      instances: chain.map(({ instance }) => instance),
      failures: this.#contexts.map((context) => context.failure),
      retains: retainsRecords(plan.job, stage),
      shownCharacters: limits.shownCharacters,
    });
    return { chain, outputs, compiler };
  }

  build(): Subtask {
    const { slot, system, bufferTimeoutMs, limits, counters, wake, fail } = this.#options;
    const stage = this.#stage;
    const { chain, outputs, compiler } = this.compile();
    return new Subtask({
      name: `${stage.operators.map((operator) => operator.name).join(' → ')} (${slot + 1}/${stage.parallelism})`,
      input: this.#input(chain),
      compiler,
      operators: chain,
      outputs: outputs.map(({ writer }) => writer),
      counters: counters(stage.id, slot),
      clock: system.clock,
      bufferTimeoutMs,
      time: new ChainTime({
        operators: chain,
        outputs: outputs.map(({ exchange, writer }) => ({ writer, from: stage.operators.indexOf(exchange.from.operator) })),
        compiler,
        clock: system.clock,
        rows: limits.batchRows,
      }),
      wake,
      fail,
    });
  }

  /** The place in the chain of the operator that feeds one; undefined for the head. */
  #parentOf(index: number): number | undefined {
    const from = this.#stage.operators[index]?.inputs[0]?.from;
    return index === 0 ? undefined : this.#stage.operators.findIndex(({ id }) => id === from);
  }

  #input(chain: readonly ChainedOperator[]): InputGate | SourceInput {
    const { plan, slot, wiring, system, limits, requestSplit, wake, fail, warn } = this.#options;
    const stage = this.#stage;
    const head = stage.operators[0] as LogicalOperator;
    if (!isSourceOperator(head.spec)) {
      const channels = plan.channels.flatMap((channel, index) => {
        const exchange = plan.job.exchanges[channel.exchange] as Exchange;
        const ends = exchange.to.stage === stage.id && channel.to === slot;
        return ends ? [{ reader: wiring.reader(index), partitioner: exchange.partitioner, input: exchange.input }] : [];
      });
      return new InputGate(channels);
    }
    const { source } = head.spec;
    const failed = (error: unknown): void => fail(sourceFailure(head.name, error));
    const context = { system, limits, subtask: slot, parallelism: stage.parallelism, wake, fail: failed, warn };
    return new SourceInput({
      createReader: () => source.createReader(context),
      sourceName: head.name,
      observeSplits: () =>
        chain.flatMap(({ instance, parent }) => (parent === 0 && instance.observeSplits !== undefined ? [instance.observeSplits()] : [])),
      requestSplit: () => requestSplit(stage.id, slot),
    });
  }

  #context(operator: LogicalOperator, index: number): OperatorContext {
    const { plan, slot, jobName, limits, system, wake, fail, warn } = this.#options;
    const counters = this.#options.counters(this.#stage.id, slot);
    return {
      operator,
      jobName,
      subtask: slot,
      parallelism: operator.parallelism,
      mode: plan.job.mode,
      limits,
      system,
      key: this.#keyOf(operator, index),
      failure: (error, ...record) =>
        operatorFailure({ operatorName: authorsName(operator), error, record, characters: limits.shownCharacters }),
      wake,
      fail,
      warn: (message, topic, votes) => warn(message === '' ? '' : `'${authorsName(operator)}': ${message}`, topic, votes),
      alignment: (alignment) => joinAlignment(plan, this.#options.alignments, { operator: operator.id, subtask: slot, alignment }),
      countLate: (records) => counters.add('lateRecords', records),
    };
  }

  /** A head's key comes with its rows; an operator in the chain finds it. */
  #keyOf(operator: LogicalOperator, index: number): KeySpec | undefined {
    const { plan } = this.#options;
    const inputs = index > 0 ? [] : this.#stage.inputs.map((id) => plan.job.exchanges[id] as Exchange);
    return inputs.some((exchange) => exchange.partitioner.kind === 'hash') ? { kind: 'carried' } : operator.key;
  }
}

function chained(operator: Operator, context: OperatorContext, parent: number | undefined): ChainedOperator {
  const failure = (error: unknown): MillraceError => context.failure(error);
  try {
    return { instance: operator.create(context), failure, parent };
  } catch (error) {
    throw failure(error);
  }
}

/** The name of the operator that the author wrote: its parts go by it, too. */
function authorsName({ partOf, name }: LogicalOperator): string {
  return partOf ?? name;
}

/** The writing end of an exchange for one producer. */
export function exchangeWriter(
  options: Pick<SlotOptions, 'plan' | 'wiring' | 'limits' | 'system'>,
  exchange: Exchange,
  producer: number,
): ExchangeWriter {
  const { plan, wiring, limits, system } = options;
  const channels = plan.channels.flatMap((channel, index) =>
    channel.exchange === exchange.id && channel.from === producer ? [wiring.writer(index)] : [],
  );
  const characters = limits.shownCharacters;
  return new ExchangeWriter({
    operatorName: authorsName(exchange.from.operator),
    keyFailure: (error, ...record) => operatorFailure({ operatorName: authorsName(exchange.to.operator), error, record, characters }),
    partitioner: exchange.partitioner,
    channels,
    maxParallelism: exchange.to.operator.maxParallelism,
    declared: exchange.side === undefined ? exchange.from.operator.type : undefined,
    limits,
    random: system.random,
    show: (record) => showRecord(record, characters),
  });
}

/**
 * Whether a stage, or one that its records reach, keeps values of records. Strings that were cut from a batch's text then must not
 * share its memory: a queue within the worker hands them on as they are.
 */
function retainsRecords(job: JobGraph, stage: Stage): boolean {
  const reached = new Set<Stage>([stage]);
  for (const each of reached) {
    if (each.operators.some((operator) => (operator.spec as Operator).retains)) return true;
    for (const id of each.outputs) {
      const next = (job.exchanges[id] as Exchange).to.stage;
      if (next !== undefined) reached.add(job.stages[next] as Stage);
    }
  }
  return false;
}
