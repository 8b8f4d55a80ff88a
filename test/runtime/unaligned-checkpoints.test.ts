/** Whole jobs behind a sink that takes nothing for the moment: whether a checkpoint comes through, and what a restart makes of it. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { limitsWith } from '../../src/base/limits.ts';
import { LocalChannel } from '../../src/channel/local-channel.ts';
import { RingChannelReader, RingChannelWriter } from '../../src/channel/ring-channel.ts';
import type { CheckpointManifest } from '../../src/checkpoint/manifest.ts';
import { memoryStorage } from '../../src/checkpoint/memory-storage.ts';
import { PendingCheckpoint } from '../../src/cluster/pending-checkpoint.ts';
import { type RecoveredState, recoverState } from '../../src/cluster/recovered-state.ts';
import { SplitAssigner } from '../../src/cluster/split-assigner.ts';
import type { Sink } from '../../src/graph/sink.ts';
import { count, StreamEnvironment } from '../../src/index.ts';
import { createCounterMemory, SubtaskCounters } from '../../src/metrics/counters.ts';
import { createAlignmentMemories, createRings, planDescription, subtaskCount, subtaskNumber } from '../../src/runtime/plan.ts';
import { type Acknowledgement, buildSlot, type SlotSubtask, type Wiring } from '../../src/runtime/slot.ts';
import { SourceInput } from '../../src/runtime/source-input.ts';
import { withoutCheckpoints } from '../../src/runtime/without-checkpoints.ts';
import { manualClock, manualSystem, turn } from './support.ts';

const records = 3000;
const keys = 7;

/** Begins to take a row, and is not through with it before it is told. */
class SlowSink {
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

class RunningJob {
  readonly sink = new SlowSink();
  readonly acknowledged: Acknowledgement[] = [];
  readonly #plan;
  readonly #job;
  readonly #failures: unknown[] = [];
  #tasks: SlotSubtask[] = [];
  #splits: SplitAssigner | undefined;

  constructor(parallelism: number) {
    const limits = { batchRows: 16, ringBytes: 1024, localQueueBatches: 2 };
    const env = new StreamEnvironment({ parallelism, limits, localAggregation: false, bufferTimeout: 0, runtimeMode: 'streaming' });
    env
      .generate({ count: records, create: (n) => ({ key: n % keys, text: 'x'.repeat(n % 50) }), parallelism: 1, uid: 'numbers' })
      .rebalance()
      .map((record) => record)
      .keyBy('key')
      .aggregate({ n: count() })
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
      for (const { task } of this.#tasks) if (task.state !== 'finished') task.step();
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
      asked: false,
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
    for (let rounds = 0; this.#tasks.some(({ task }) => task.state !== 'finished'); rounds += 10) {
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

/** How often each key was counted, by the last count of it. */
function counted(...parts: readonly SlowSink['rows'][]): number[] {
  return Array.from({ length: keys }, (_, key) => Math.max(...parts.flat().flatMap((row) => (row.key === key ? [row.n] : []))));
}

const all = Array.from({ length: keys }, (_, key) => Math.ceil((records - key) / keys));

/** A job of which nothing moves any more but one row at a time. */
async function stalledJob(parallelism: number): Promise<RunningJob> {
  const job = new RunningJob(parallelism);
  await job.start();
  await job.rounds(100);
  expect(job.sink.rows.length).toBeLessThan(50);
  return job;
}

describe.each([1, 2])('under full back-pressure, with parallelism %i', (parallelism) => {
  test('a checkpoint does not come through while its barriers wait behind rows', async () => {
    const job = await stalledJob(parallelism);
    job.trigger(1);
    await job.rounds(40, () => job.sink.finishWrites());
    expect(job.isComplete).toBe(false);
  });

  test.each([0, 10])('it does once they overtake, %i rounds later', async (rounds) => {
    const job = await stalledJob(parallelism);
    job.trigger(1);
    await job.rounds(rounds);
    job.overtake(1);
    // A row that is being written is not taken along: the sink has it.
    await job.rounds(40, () => job.sink.finishWrites());
    expect(job.isComplete).toBe(true);
    const bytes = job.acknowledged.map(({ statistics }) => statistics.persistedInFlightBytes);
    expect(Math.max(...bytes)).toBeGreaterThan(0);
    expect(job.sink.rows.length).toBeLessThan(records / 2);
  });

  test('the same happens again and again, without more and more rows on their way', async () => {
    const job = await stalledJob(parallelism);
    const sizes: number[] = [];
    for (let checkpoint = 1; checkpoint <= 5; checkpoint++) {
      job.acknowledged.length = 0;
      job.trigger(checkpoint);
      job.overtake(checkpoint);
      await job.rounds(40, () => job.sink.finishWrites());
      expect(job.isComplete).toBe(true);
      sizes.push(job.acknowledged.reduce((sum, { statistics }) => sum + statistics.persistedInFlightBytes, 0));
    }
    expect(Math.max(...sizes)).toBeLessThan(2 * Math.min(...sizes));
  });

  test.each([1, 2, 3])('a restart with parallelism %i counts every record once', async (next) => {
    const job = await stalledJob(parallelism);
    job.trigger(1);
    await job.rounds(3);
    job.overtake(1);
    await job.rounds(40, () => job.sink.finishWrites());
    expect(job.isComplete).toBe(true);
    const manifest = job.manifest(1);
    const again = new RunningJob(next);
    await again.start(manifest);
    await again.toEnd();
    expect(counted(job.sink.rows, again.sink.rows)).toEqual(all);
    // So does the job if nothing happens to it.
    await job.toEnd();
    expect(counted(job.sink.rows)).toEqual(all);
  });

  test('a checkpoint that is given up keeps nobody from the next', async () => {
    const job = await stalledJob(parallelism);
    job.trigger(1);
    await job.rounds(3);
    job.abort(1);
    job.acknowledged.length = 0;
    job.trigger(2);
    job.overtake(2);
    job.overtake(1);
    job.overtake(2);
    await job.rounds(60, () => job.sink.finishWrites());
    const taken = job.acknowledged.filter(({ checkpoint }) => checkpoint === 2);
    expect(taken).toHaveLength(job.subtasks);
    await job.toEnd();
    expect(counted(job.sink.rows)).toEqual(all);
  });
});
