/**
 * Runs a whole job on the calling thread: the real subtasks, channels and endpoints of all slots, stepped in turn. Time passes
 * only when nothing else can happen, and then jumps to the next moment at which something will.
 */

import type { JobMetrics } from '../api/job-client.ts';
import { type Limits, limitsWith } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import { Warnings } from '../base/warnings.ts';
import type { ChannelReader, ChannelWriter } from '../channel/channel.ts';
import { LocalChannel } from '../channel/local-channel.ts';
import { RingChannelReader, RingChannelWriter } from '../channel/ring-channel.ts';
import { HostEndpoints } from '../cluster/host-endpoints.ts';
import { jobMetrics, type MeteredJob } from '../cluster/job-metrics.ts';
import { SplitAssigner } from '../cluster/split-assigner.ts';
import type { JobDescription } from '../graph/job-description.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { type BadRecordCount, BadRecordCounts } from '../metrics/bad-records.ts';
import { createCounterMemory, SubtaskCounters } from '../metrics/counters.ts';
import {
  type AlignmentMemory,
  createAlignmentMemories,
  createRings,
  planDescription,
  subtaskCount,
  subtaskNumber,
} from '../runtime/plan.ts';
import { buildSlot, type SlotSubtask, type Wiring } from '../runtime/slot.ts';
import { SourceInput } from '../runtime/source-input.ts';
import { withoutCheckpoints } from '../runtime/without-checkpoints.ts';
import type { ManualClock } from './manual-clock.ts';

export interface SingleThreadOptions {
  readonly job: JobDescription;
  readonly system: System;
  readonly clock: ManualClock;
  readonly warn: (message: string) => void;
}

export class SingleThreadJob {
  readonly #options: SingleThreadOptions;
  readonly #plan: PhysicalPlan;
  readonly endpoints: HostEndpoints;
  readonly #limits: Limits;
  readonly #wiring: Wiring;
  readonly #alignments: AlignmentMemory;
  readonly #memory: MeteredJob['memory'];
  readonly #warnings: Warnings;
  /** By source and reason. */
  readonly #badRecords = new Map<string, BadRecordCount>();
  readonly #badCounts = new BadRecordCounts((count) => this.#badRecords.set(JSON.stringify([count.source, count.reason]), count));
  #subtasks: SlotSubtask[] = [];
  #splits: SplitAssigner | null = null;
  #failure: unknown;
  #woken = false;

  constructor(options: SingleThreadOptions) {
    this.#options = options;
    const { job, system } = options;
    this.#warnings = new Warnings(options.warn);
    this.#plan = planDescription(job);
    this.#limits = limitsWith(job.limits);
    this.#memory = { rings: createRings(this.#plan, this.#limits), counters: createCounterMemory(subtaskCount(this.#plan)) };
    this.#alignments = createAlignmentMemories(this.#plan);
    this.#wiring = singleThreadWiring(this.#memory.rings, this.#limits);
    this.endpoints = new HostEndpoints({
      plan: this.#plan,
      wiring: this.#wiring,
      limits: this.#limits,
      system,
      bufferTimeoutMs: job.bufferTimeoutMs,
      retain: 0,
    });
  }

  /** As of a job on worker threads. */
  metrics(): JobMetrics {
    this.#badCounts.flush();
    return jobMetrics({
      plan: this.#plan,
      memory: this.#memory,
      inputBytes: this.#splits?.inputBytes,
      badRecords: this.#badRecords.values(),
    });
  }

  /** Runs the job to its end. @throws what made it fail */
  async run(): Promise<void> {
    const { job, system, warn } = this.#options;
    for (const notice of job.notices) warn(notice);
    try {
      this.#splits = await SplitAssigner.enumerate(this.#plan, { system, limits: this.#limits });
      for (let slot = 0; slot < this.#plan.slots; slot++) this.#subtasks.push(...this.#buildSlot(slot));
      for (const { task } of this.#subtasks) task.open();
      while (!this.#finished()) await this.#advance();
      const failure = this.#close();
      if (failure !== undefined) throw failure;
      this.endpoints.close(undefined);
    } catch (error) {
      this.#close();
      this.endpoints.close(error);
      throw error;
    }
  }

  /** Lets every subtask go; returns the first thing that went wrong. */
  #close(): unknown {
    const failures = this.#subtasks.splice(0).map(({ task }) => task.close());
    return failures.find((failure) => failure !== undefined);
  }

  #buildSlot(slot: number): SlotSubtask[] {
    const { job, system } = this.#options;
    const warnings = this.#warnings;
    const badRecords = this.#badCounts;
    return buildSlot({
      plan: this.#plan,
      slot,
      jobName: job.name,
      bufferTimeoutMs: job.bufferTimeoutMs,
      limits: this.#limits,
      system,
      wiring: this.#wiring,
      counters: (stage, subtask) => new SubtaskCounters(this.#memory.counters, subtaskNumber(this.#plan, stage, subtask)),
      alignments: this.#alignments,
      ...withoutCheckpoints,
      requestSplit: (stage, subtask) => this.#assignSplit(stage, subtask),
      wake: () => {
        this.#woken = true;
      },
      fail: (error) => {
        this.#failure ??= error;
        this.#woken = true;
      },
      warn: (message, topic = message, votes = 1) => warnings.take({ message, topic, votes }),
      countBad: (source, record) => badRecords.add(source, record),
    });
  }

  #assignSplit(stage: number, subtask: number): void {
    const input = this.#subtasks.find((each) => each.stage === stage && each.subtask === subtask)?.task.input;
    if (!(input instanceof SourceInput)) return;
    const split = this.#splits?.next(stage);
    if (split === undefined) input.noMoreSplits();
    else input.addSplit(split);
    this.#woken = true;
  }

  #finished(): boolean {
    return this.#subtasks.every(({ task }) => task.phase === 'finished');
  }

  /** One round over everything; lets the event loop turn, and time pass, when nothing moved. */
  async #advance(): Promise<void> {
    this.#woken = false;
    let moved = this.endpoints.step();
    for (const { task } of this.#subtasks) {
      if (task.phase !== 'finished' && task.step() === 'worked') moved = true;
      if (this.#failure !== undefined) throw this.#failure;
    }
    if (moved || this.#woken) return;
    await new Promise<void>((resolve) => this.#options.system.timers.soon(resolve));
    if (this.#woken) return;
    this.#passTime();
  }

  /** To the next timer, or the next batch that has waited long enough. */
  #passTime(): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    const next = Math.min(clock.nextTimer, ...this.#subtasks.map(({ task }) => task.deadline));
    if (Number.isFinite(next)) clock.advance(Math.max(0, next - now));
  }
}

/** Queues within a slot, and rings between slots as between threads. */
function singleThreadWiring(rings: MeteredJob['memory']['rings'], limits: Limits): Wiring {
  const ends = rings.map((memory): { writer: ChannelWriter; reader: ChannelReader } => {
    if (memory === undefined) {
      const queue = new LocalChannel(limits.localQueueBatches, limits.pooledBatches);
      return { writer: queue, reader: queue };
    }
    const silent = (): void => {};
    return { writer: new RingChannelWriter(memory, silent, limits.pooledBatches), reader: new RingChannelReader(memory, silent) };
  });
  return {
    writer: (channel) => (ends[channel] as (typeof ends)[number]).writer,
    reader: (channel) => (ends[channel] as (typeof ends)[number]).reader,
  };
}
