/** Whole jobs in front of a sink that takes nothing for the moment: subtasks of all slots in turn, on one thread, and their checkpoints. */

import { expect, onTestFinished } from 'vitest';
import { type Limits, limitsWith } from '../../src/base/limits.ts';
import { LocalChannel } from '../../src/channel/local-channel.ts';
import { RingChannelReader, RingChannelWriter } from '../../src/channel/ring-channel.ts';
import type { CheckpointManifest } from '../../src/checkpoint/manifest.ts';
import { memoryStorage } from '../../src/checkpoint/memory-storage.ts';
import { PendingCheckpoint } from '../../src/cluster/pending-checkpoint.ts';
import { type RecoveredState, recoverState } from '../../src/cluster/recovered-state.ts';
import { SplitAssigner } from '../../src/cluster/split-assigner.ts';
import type { Sink } from '../../src/graph/sink.ts';
import { type CheckpointConfig, count, type DataStream, eventTime, StreamEnvironment, watermarks } from '../../src/index.ts';
import { createCounterMemory, SubtaskCounters } from '../../src/metrics/counters.ts';
import { createAlignmentMemories, createRings, planDescription, subtaskCount, subtaskNumber } from '../../src/runtime/plan.ts';
import { type Acknowledgement, buildSlot, type SlotSubtask, type Wiring } from '../../src/runtime/slot.ts';
import { SourceInput } from '../../src/runtime/source-input.ts';
import { withoutCheckpoints } from '../../src/runtime/without-checkpoints.ts';
import { manualClock, manualSystem, turn } from './support.ts';

export const records = 3000;
export const keys = 7;

/** Begins to take a row, and is not through with it before it is told. */
export class SlowSink {
  readonly rows: { readonly key: number; readonly n: number }[] = [];
  isOpen = false;
  #waiting: (() => void)[] = [];

  readonly sink: Sink<{ key: number; n: number }> = {
    name: 'slow',
    createWriter: () => ({
      write: (row) => {
        this.rows.push(row);
        if (this.isOpen) return;
        return new Promise<void>((resolve) => this.#waiting.push(resolve));
      },
    }),
  };

  /** Lets what is being written come to its end. */
  finishWrites(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** What comes in front of the slow sink. */
export type Build = (env: StreamEnvironment) => DataStream<{ key: number; n: number }>;

const counting: Build = (env) =>
  env
    .generate({ count: records, create: (n) => ({ key: n % keys, text: 'x'.repeat(n % 50) }), parallelism: 1, uid: 'numbers' })
    .rebalance()
    .map((record) => record)
    .keyBy('key')
    .aggregate({ n: count() });

/** A window of as many keys as there are records, and as many records behind it, or none: then it fires at the end. */
export const firing =
  (behind: number): Build =>
  (env) =>
    env
      .generate({
        count: records + behind,
        create: (n) => ({ key: n, time: n < records ? 0 : 3_600_000 }),
        parallelism: 1,
        watermarks: watermarks.monotonous({ timestamp: 'time' }),
        uid: 'numbers',
      })
      .keyBy('key')
      .window(eventTime.tumbling('1m'))
      .aggregate({ n: count() })
      .uid('windows');

export interface RunningJobOptions {
  readonly limits?: Partial<Limits>;
  readonly localAggregation?: boolean;
  readonly checkpoint?: CheckpointConfig;
}

export class RunningJob {
  readonly sink = new SlowSink();
  readonly acknowledged: Acknowledgement[] = [];
  readonly #plan;
  readonly #job;
  readonly #failures: unknown[] = [];
  #tasks: SlotSubtask[] = [];
  #splits: SplitAssigner | undefined;

  constructor(parallelism: number, build: Build = counting, options: RunningJobOptions = {}) {
    const env = new StreamEnvironment({
      parallelism,
      limits: { batchRows: 16, ringBytes: 1024, localQueueBatches: 2, ...options.limits },
      localAggregation: options.localAggregation ?? false,
      ...(options.checkpoint === undefined ? {} : { checkpoint: options.checkpoint }),
      bufferTimeout: 0,
      runtimeMode: 'streaming',
    });
    build(env)
      .rebalance()
      .map((row) => row)
      .disableChaining()
      .sinkTo(this.sink.sink);
    this.#job = env.describe('test');
    this.#plan = planDescription(this.#job);
    onTestFinished(() => {
      for (const { task } of this.#tasks) task.close();
    });
  }

  async start(from?: CheckpointManifest): Promise<void> {
    const plan = this.#plan;
    const limits = limitsWith(this.#job.limits);
    const system = manualSystem(manualClock());
    const recovered: RecoveredState | undefined =
      from === undefined ? undefined : recoverState(from, { plan, name: 'it', savepoint: undefined, allowNonRestoredState: false });
    this.#splits = await SplitAssigner.enumerate(plan, { system, limits }, recovered?.splits);
    const wiring = wiringOf(createRings(plan, limits), limits.localQueueBatches);
    const memory = createCounterMemory(subtaskCount(plan));
    const storage = memoryStorage().openState({ system, limits, stateDir: '' });
    for (let slot = 0; slot < plan.slots; slot++) {
      this.#tasks.push(
        ...buildSlot({
          ...withoutCheckpoints,
          plan,
          slot,
          jobName: 'test',
          bufferTimeoutMs: 0,
          limits,
          system,
          wiring,
          counters: (stage, subtask) => new SubtaskCounters(memory, subtaskNumber(plan, stage, subtask)),
          alignments: createAlignmentMemories(plan),
          checkpoints: { exactlyOnce: true, overtakes: true, incremental: true, stateDir: '' },
          stateStorage: () => storage,
          acknowledge: (acknowledgement) => this.acknowledged.push(acknowledgement),
          decline: ({ error }) => this.#failures.push(error),
          restore: recovered?.restores[slot] ?? [],
          requestSplit: (stage, subtask) => this.#assign(stage, subtask),
          wake: () => {},
          fail: (error) => this.#failures.push(error),
          warn: () => {},
          countBad: () => {},
        }),
      );
    }
    for (const { task } of this.#tasks) task.open();
  }

  #assign(stage: number, subtask: number): void {
    const input = this.#tasks.find((each) => each.stage === stage && each.subtask === subtask)?.task.input;
    if (!(input instanceof SourceInput)) return;
    const split = this.#splits?.next(stage);
    if (split === undefined) input.noMoreSplits();
    else input.addSplit(split);
  }

  /** So many rounds over all subtasks. */
  async rounds(count: number, after: () => void = () => {}): Promise<void> {
    for (let i = 0; i < count; i++) {
      for (const { task } of this.#tasks) if (task.phase !== 'finished') task.step();
      if (this.#failures.length > 0) throw this.#failures[0];
      after();
      await turn();
    }
  }

  trigger(checkpoint: number): void {
    for (const { task } of this.#tasks) task.trigger({ checkpoint, suspends: false });
  }

  overtake(checkpoint: number): void {
    for (const { task } of this.#tasks) task.overtake(checkpoint);
  }

  abort(checkpoint: number): void {
    for (const { task } of this.#tasks) task.abortCheckpoint(checkpoint);
  }

  get subtasks(): number {
    return subtaskCount(this.#plan);
  }

  get isComplete(): boolean {
    return this.acknowledged.length === this.subtasks;
  }

  manifest(checkpoint: number): CheckpointManifest {
    const unassigned = new Map(this.#plan.job.stages.map(({ id }) => [id as number, this.#splits?.unassigned(id) ?? []]));
    const pending = new PendingCheckpoint(this.#plan, {
      id: checkpoint,
      savepoint: undefined,
      suspends: false,
      drains: false,
      triggeredAt: 0,
      startedAt: 0,
      unassigned,
      inOrder: (_, splits) => splits,
      hostInputs: {},
    });
    for (const each of this.acknowledged) pending.acknowledge({ type: 'checkpoint-acknowledged', ...each });
    return pending.manifest(this.#job);
  }

  async toEnd(): Promise<void> {
    this.sink.isOpen = true;
    this.sink.finishWrites();
    for (let rounds = 0; this.#tasks.some(({ task }) => task.phase !== 'finished'); rounds += 10) {
      expect(rounds).toBeLessThan(20_000);
      await this.rounds(10);
    }
  }
}

/** Rings between slots, queues within them. */
function wiringOf(rings: readonly (SharedArrayBuffer | undefined)[], queueBatches: number): Wiring {
  const ends = rings.map((ring) => {
    if (ring !== undefined) return { writer: new RingChannelWriter(ring, () => {}), reader: new RingChannelReader(ring, () => {}) };
    const queue = new LocalChannel(queueBatches);
    return { writer: queue, reader: queue };
  });
  return {
    writer: (channel) => (ends[channel] as (typeof ends)[number]).writer,
    reader: (channel) => (ends[channel] as (typeof ends)[number]).reader,
  };
}
