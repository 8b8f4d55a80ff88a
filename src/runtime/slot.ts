/** Builds the subtasks of one slot from the plan: instances, compilers, writers and gates, wired to their channels. */

import { assert } from '../base/assert.ts';
import type { MillraceError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import { selectRows } from '../batch/select-rows.ts';
import type { ChannelReader, ChannelWriter } from '../channel/channel.ts';
import { readStoredBatches } from '../channel/stored-batches.ts';
import type { StateStorage } from '../checkpoint/checkpoint-storage.ts';
import { ExchangeWriter } from '../compiler/exchange-writer.ts';
import type { Operator, OperatorContext } from '../compiler/operator.ts';
import { operatorFailure, showRecord } from '../compiler/show.ts';
import { StageCompiler } from '../compiler/stage-compiler.ts';
import type { Exchange, JobGraph, Stage } from '../graph/job.ts';
import { isComposite, type KeySpec, type LogicalOperator } from '../graph/logical.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { keyGroupOf, subtaskOfKeyGroup } from '../graph/physical.ts';
import type { SourceReaderContext } from '../graph/source.ts';
import type { MalformedRecord } from '../metrics/bad-records.ts';
import type { SubtaskCounters } from '../metrics/counters.ts';
import { isSourceOperator } from '../operators/source.ts';
import type { ChangeLog } from '../state/change-log.ts';
import type { DiskStates } from '../state/disk/disk-states.ts';
import type { KeyedContents } from '../state/keyed-contents.ts';
import { StateLog } from '../state/state-log.ts';
import type { RestoredRows, SubtaskRestore, WorkerCheckpoints, WorkerMessage } from '../wire/messages.ts';
import { ChainTime } from './chain-time.ts';
import type { ChainedOperator, KeyedState } from './chained-operator.ts';
import { InputGate } from './input-gate.ts';
import { type AlignmentMemory, joinAlignment } from './plan.ts';
import type { ReplayedBatch } from './rows-in-flight.ts';
import { SourceInput, sourceFailure } from './source-input.ts';
import { Subtask } from './subtask.ts';
import { SubtaskCheckpoints } from './subtask-checkpoints.ts';

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
  /** How checkpoints are taken; undefined where none are. Then savepoints are all that is. */
  readonly checkpoints: WorkerCheckpoints | undefined;
  /** Keyed state that may be larger than memory; undefined where all is in it. */
  readonly diskStates?: DiskStates | undefined;
  /** Where state is stored and read: that of checkpoints, or that in the directory of a savepoint. */
  readonly stateStorage: (savepoint: string | undefined) => StateStorage;
  readonly acknowledge: (acknowledgement: Acknowledgement) => void;
  readonly decline: (refusal: {
    readonly checkpoint: number;
    readonly stage: number;
    readonly subtask: number;
    readonly error: unknown;
  }) => void;
  readonly requestFinalCheckpoint: (stage: number, subtask: number) => void;
  /** What subtasks go on from, and the directory of the savepoint that it is in, if it is one. */
  readonly restore: readonly SubtaskRestore[];
  readonly restoreFrom: string | undefined;
  readonly requestSplit: (stage: number, subtask: number) => void;
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
  readonly warn: (message: string, topic?: string, votes?: number) => void;
  /** Counts a record of a source that is not what its format says. */
  readonly countBad: (source: string, record: MalformedRecord) => void;
}

/** A subtask's state is stored. */
export type Acknowledgement = Omit<Extract<WorkerMessage, { type: 'checkpoint-acknowledged' }>, 'type'>;

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
  /** What the operators keep by key, by operator and name. */
  readonly #keyed: Map<string, KeyedState>[] = [];

  constructor(options: SlotOptions, stage: Stage) {
    this.#options = options;
    this.#stage = stage;
    this.#contexts = stage.operators.map((operator, index) => this.#context(operator, index));
  }

  compile() {
    const { plan, slot, limits } = this.#options;
    const stage = this.#stage;
    const chain = stage.operators.map((_, i) => this.#chained(i));
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
    const checkpoints = this.#checkpoints(chain);
    const restore = this.#options.restore.find((each) => each.stage === stage.id && each.subtask === slot);
    const watermark = restore === undefined ? Number.NEGATIVE_INFINITY : checkpoints.restore(restore);
    return new Subtask({
      name: `${stage.operators.map((operator) => operator.name).join(' → ')} (${slot + 1}/${stage.parallelism})`,
      input: this.#input(chain, watermark, restore?.inFlight ?? []),
      checkpoints,
      overtakes: this.#options.checkpoints?.overtakes === true,
      requestFinalCheckpoint:
        this.#options.checkpoints === undefined ? undefined : () => this.#options.requestFinalCheckpoint(stage.id, slot),
      compiler,
      operators: chain,
      outputs: outputs.map(({ writer }) => writer),
      counters: counters(stage.id, slot),
      clock: system.clock,
      bufferTimeoutMs,
      stepMs: limits.stepMs,
      overtakenRowsMax: limits.overtakenRows,
      time: new ChainTime({
        operators: chain,
        outputs: outputs.map(({ exchange, writer }) => ({ writer, from: stage.operators.indexOf(exchange.from.operator) })),
        compiler,
        clock: system.clock,
        rows: limits.batchRows,
        stepMs: limits.stepMs,
      }),
      wake,
      fail,
    });
  }

  #checkpoints(chain: readonly ChainedOperator[]): SubtaskCheckpoints {
    const { slot, system, limits, stateStorage, restoreFrom, acknowledge, decline, wake } = this.#options;
    const { id: stage, operators } = this.#stage;
    return new SubtaskCheckpoints({
      name: `${stage}-${slot}`,
      operators: chain,
      storage: stateStorage,
      restoreFrom,
      owns: (index, hash) => {
        const { maxParallelism, parallelism } = operators[index] as LogicalOperator;
        return subtaskOfKeyGroup(keyGroupOf(hash, maxParallelism), maxParallelism, parallelism) === slot;
      },
      clock: system.clock,
      units: limits.snapshotUnits,
      acknowledge: (checkpoint, state, statistics) => acknowledge({ checkpoint, stage, subtask: slot, state, statistics }),
      decline: (checkpoint, error) => decline({ checkpoint, stage, subtask: slot, error }),
      wake,
    });
  }

  /** The place in the chain of the operator that feeds one; undefined for the head. */
  #parentOf(index: number): number | undefined {
    const from = this.#stage.operators[index]?.inputs[0]?.from;
    return index === 0 ? undefined : this.#stage.operators.findIndex(({ id }) => id === from);
  }

  #input(chain: readonly ChainedOperator[], watermark: number, inFlight: readonly RestoredRows[]): InputGate | SourceInput {
    const { plan, slot, wiring, system, limits, requestSplit, wake, fail, warn } = this.#options;
    const stage = this.#stage;
    const head = stage.operators[0] as LogicalOperator;
    if (!isSourceOperator(head.spec)) {
      const channels = plan.channels.flatMap((channel, index) => {
        const exchange = plan.job.exchanges[channel.exchange] as Exchange;
        const ends = exchange.to.stage === stage.id && channel.to === slot;
        const place = { exchange: exchange.id, subtask: slot };
        return ends ? [{ reader: wiring.reader(index), partitioner: exchange.partitioner, input: exchange.input, place }] : [];
      });
      const { checkpoints } = this.#options;
      const gate = new InputGate(channels, {
        aligns: checkpoints?.exactlyOnce ?? true,
        overtakes: checkpoints?.overtakes === true,
        now: () => system.clock.monotonic(),
      });
      gate.restore(watermark);
      gate.replay(
        this.#replayed(inFlight).map((replayed) => {
          const { partitioner, input } = plan.job.exchanges[replayed.place.exchange as number] as Exchange;
          return { ...replayed, partitioner, input };
        }),
      );
      return gate;
    }
    const { source } = head.spec;
    const failed = (error: unknown): void => fail(sourceFailure(head.name, error));
    const countBad: SourceReaderContext['countBad'] = (record) => {
      this.#options.counters(stage.id, slot).add('badRecords', 1);
      this.#options.countBad(head.name, record);
    };
    const context = { system, limits, subtask: slot, parallelism: stage.parallelism, wake, fail: failed, warn, countBad };
    const input = new SourceInput({
      subtask: slot,
      createReader: () => source.createReader(context),
      sourceName: head.name,
      observeSplits: () =>
        chain.flatMap(({ instance, parent }) => (parent === 0 && instance.observeSplits !== undefined ? [instance.observeSplits()] : [])),
      requestSplit: () => requestSplit(stage.id, slot),
    });
    input.replay(this.#replayed(inFlight));
    return input;
  }

  /** Rows that were on their way to this subtask, and to no other. */
  #replayed(inFlight: readonly RestoredRows[]): ReplayedBatch[] {
    const { slot, stateStorage, restoreFrom } = this.#options;
    const { maxParallelism, parallelism } = this.#stage.operators[0] as LogicalOperator;
    const isOwn = (hash: number): boolean => subtaskOfKeyGroup(keyGroupOf(hash, maxParallelism), maxParallelism, parallelism) === slot;
    return inFlight.flatMap(({ exchange, split, side, rows, shared }) => {
      const place = { exchange, subtask: slot, split, side };
      return readStoredBatches(stateStorage(restoreFrom).read(rows)).flatMap((batch) => {
        const replayed = shared ? selectRows(batch, rowsWhere(batch, isOwn)) : batch;
        return replayed.rowCount === 0 ? [] : [{ place, batch: replayed }];
      });
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
      checkpoints: this.#options.checkpoints !== undefined,
      failure: (error, ...record) =>
        operatorFailure({ operatorName: authorsName(operator), error, record, characters: limits.shownCharacters }),
      wake,
      fail,
      warn: (message, topic, votes) => warn(message === '' ? '' : `'${authorsName(operator)}': ${message}`, topic, votes),
      keyedState: (name, contents) => this.#keyedState(index, name, contents),
      alignment: (alignment) => joinAlignment(plan, this.#options.alignments, { operator: operator.id, subtask: slot, alignment }),
      countLate: (records) => counters.add('lateRecords', records),
    };
  }

  #chained(index: number): ChainedOperator {
    const context = this.#contexts[index] as OperatorContext;
    const failure = (error: unknown): MillraceError => context.failure(error);
    this.#keyed[index] = new Map();
    try {
      const instance = (context.operator.spec as Operator).create(context);
      return { instance, failure, parent: this.#parentOf(index), keyed: this.#keyed[index] };
    } catch (error) {
      throw failure(error);
    }
  }

  #keyedState(index: number, name: string, contents: KeyedContents): ChangeLog {
    const log = this.#log(index, name, contents);
    this.#keyed[index]?.set(name, { contents, log });
    return log;
  }

  #log(index: number, name: string, contents: KeyedContents): ChangeLog {
    const { checkpoints, limits, diskStates, plan } = this.#options;
    const incremental = checkpoints?.incremental === true;
    // At the end of a batch job operators go over all keys that are in memory.
    if (diskStates === undefined || contents.evictable === undefined || plan.job.mode !== 'streaming')
      return new StateLog(contents, { tracks: incremental, segmentsMax: limits.stateSegments });
    const { warn } = this.#contexts[index] as OperatorContext;
    return diskStates.open(contents, { name: `${this.#stage.id}-${index}-${name}`, incremental, warn });
  }

  /** A head's key comes with its rows; an operator in the chain finds it. */
  #keyOf(operator: LogicalOperator, index: number): KeySpec | undefined {
    const { plan } = this.#options;
    const inputs = index > 0 ? [] : this.#stage.inputs.map((id) => plan.job.exchanges[id] as Exchange);
    const keys = inputs.flatMap(({ partitioner }) => (partitioner.kind === 'hash' ? [partitioner.key] : []));
    return keys.length > 0 ? { kind: 'carried', composite: keys.every(isComposite) } : operator.key;
  }
}

function rowsWhere({ hashes, rowCount }: RecordBatch, isOwn: (hash: number) => boolean): number[] {
  assert(hashes !== null, 'rows that are routed by key come with the hashes of their keys');
  return Array.from({ length: rowCount }, (_, row) => row).filter((row) => isOwn(hashes[row] as number));
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
  const bound = plan.channels
    .filter((channel) => channel.exchange === exchange.id && channel.from === producer)
    .map(({ to }) => ({ exchange: exchange.id, subtask: to }));
  return new ExchangeWriter({
    ...(exchange.to.stage === undefined ? {} : { bound }),
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
