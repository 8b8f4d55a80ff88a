/**
 * Merges the channels that end at a subtask into one input: takes them in turn, keeps the smallest watermark, aligns the barriers of
 * checkpoints, and knows when all channels have ended.
 *
 * Alignment: a channel that has delivered its barrier is not read until the others have delivered theirs. Its data waits where it is,
 * and back-pressure does the rest. A channel that has ended is taken for one that has delivered every barrier.
 */

import { assert } from '../base/assert.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { ChannelReader } from '../channel/channel.ts';
import type { Barrier, Mark } from '../channel/element.ts';
import type { PartitionerSpec } from '../graph/logical.ts';

export interface GateChannel {
  readonly reader: ChannelReader;
  readonly partitioner: PartitionerSpec;
  /** Which of the operator's inputs it belongs to. */
  readonly input: number;
}

interface ChannelState extends GateChannel {
  watermark: number;
  idle: boolean;
  ended: boolean;
  /** The checkpoint whose barrier it has delivered last. */
  barrier: number;
}

/** A batch and the channel it came through. */
export interface GateBatch {
  readonly batch: RecordBatch;
  readonly partitioner: PartitionerSpec;
  readonly input: number;
}

export interface InputGateOptions {
  /** Whether channels wait for each other's barriers. */
  readonly aligns: boolean;
  /** Monotonic time. */
  readonly now: () => number;
}

/** Checkpoints are numbered from 1. */
const noCheckpoint = 0;

export class InputGate {
  readonly #channels: readonly ChannelState[];
  readonly #options: InputGateOptions;
  /** The checkpoint that is being aligned. */
  #aligning = noCheckpoint;
  /** Barriers of this checkpoint, and of those before, are of no interest any more. */
  #taken = noCheckpoint;
  /** Checkpoints that will not complete. */
  readonly #aborted = new Set<number>();
  #alignedSince = 0;
  /** Milliseconds from the first barrier to the last, of the last checkpoint. */
  alignmentMs = 0;
  #next = 0;
  #current: ChannelState | null = null;
  #watermark = Number.NEGATIVE_INFINITY;
  /** The watermark that it goes on from: a channel may say once more what it said before. */
  #restored = Number.NEGATIVE_INFINITY;
  /** Whether every channel that is open is idle. */
  idle = false;

  constructor(channels: readonly GateChannel[], options: InputGateOptions) {
    this.#options = options;
    this.#channels = channels.map((channel) => ({
      ...channel,
      watermark: Number.NEGATIVE_INFINITY,
      idle: false,
      ended: false,
      barrier: noCheckpoint,
    }));
  }

  /** Goes on from the watermark of an earlier run: what was late stays late. Before the first poll. */
  restore(watermark: number): void {
    this.#watermark = watermark;
    // None is behind the others: one that has said nothing yet holds the watermark where it is.
    this.#restored = watermark;
    for (const channel of this.#channels) channel.watermark = watermark;
  }

  /** No record of any active channel is older. */
  get watermark(): number {
    return this.#watermark;
  }

  get ended(): boolean {
    return this.#channels.every((channel) => channel.ended);
  }

  get bytes(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.reader.bytes, 0);
  }

  /** Elements that wait in queues of this worker. */
  get waiting(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.reader.waiting, 0);
  }

  /**
   * The next batch of any channel, valid until `release`; 'advanced' when `watermark` or `idle` changed before one came, so that
   * time advances where it stands in the stream; the barrier of a checkpoint once every channel has delivered it; null when there is
   * nothing.
   */
  poll(): GateBatch | Barrier | 'advanced' | null {
    assert(this.#current === null, 'a batch is released before the next is polled');
    if (this.#isAligned()) return this.#passBarrier();
    const count = this.#channels.length;
    for (let tried = 0; tried < count; tried++) {
      const aligning = this.#aligning;
      const channel = this.#channels[this.#next] as ChannelState;
      this.#next = this.#next + 1 < count ? this.#next + 1 : 0;
      const polled = channel.ended || this.#waits(channel) ? null : this.#pollChannel(channel);
      if (this.#isAligned()) return this.#passBarrier();
      // Channels that waited for an earlier checkpoint do not wait any more.
      if (aligning !== noCheckpoint && this.#aligning !== aligning) tried = -1;
      if (polled === 'advanced') return polled;
      if (polled !== null) return { batch: polled, partitioner: channel.partitioner, input: channel.input };
    }
    return null;
  }

  release(): void {
    assert(this.#current !== null, 'only a polled batch is released');
    this.#current.reader.release();
    this.#current = null;
  }

  /** The checkpoint is given up: what waits for its barriers goes on. */
  abort(checkpoint: number): void {
    this.#aborted.add(checkpoint);
    if (this.#aligning === checkpoint) this.#aligning = noCheckpoint;
    // Barriers come in the order of their checkpoints.
    for (const earlier of this.#aborted) if (earlier <= this.#taken) this.#aborted.delete(earlier);
  }

  /** The snapshot of a checkpoint is taken without its barriers: those that are still to come mean nothing. */
  skip(checkpoint: number): void {
    this.#taken = Math.max(this.#taken, checkpoint);
    if (this.#aligning <= checkpoint) this.#aligning = noCheckpoint;
  }

  /** Whether a channel has delivered its barrier and others have not. */
  #waits(channel: ChannelState): boolean {
    return this.#options.aligns && this.#aligning !== noCheckpoint && channel.barrier === this.#aligning;
  }

  #isAligned(): boolean {
    return this.#aligning !== noCheckpoint && this.#channels.every(({ ended, barrier }) => ended || barrier >= this.#aligning);
  }

  #passBarrier(): Barrier {
    const checkpoint = this.#aligning;
    this.#taken = checkpoint;
    this.#aligning = noCheckpoint;
    this.alignmentMs = this.#options.now() - this.#alignedSince;
    return { kind: 'barrier', checkpoint };
  }

  #takeBarrier(channel: ChannelState, { checkpoint }: Barrier): void {
    assert(checkpoint > channel.barrier, 'the barriers of a channel come in the order of their checkpoints');
    channel.barrier = checkpoint;
    if (checkpoint <= this.#taken || this.#aborted.has(checkpoint)) return;
    // A later checkpoint makes an earlier one that is not aligned yet needless.
    if (checkpoint > this.#aligning) {
      this.#aligning = checkpoint;
      this.#alignedSince = this.#options.now();
    }
  }

  #pollChannel(channel: ChannelState): RecordBatch | 'advanced' | null {
    for (let element = channel.reader.poll(); element !== null; element = channel.reader.poll()) {
      if (element.kind === 'batch') {
        this.#current = channel;
        return element;
      }
      const advanced = this.#take(channel, element);
      channel.reader.release();
      if (advanced) return 'advanced';
      if (channel.ended || this.#waits(channel) || this.#isAligned()) return null;
    }
    return null;
  }

  /** True when the watermark or the idleness of the whole input changed. */
  #take(channel: ChannelState, mark: Mark): boolean {
    switch (mark.kind) {
      case 'watermark':
        assert(mark.time >= channel.watermark || channel.watermark === this.#restored, 'a watermark never goes back');
        channel.watermark = Math.max(channel.watermark, mark.time);
        channel.idle = false;
        break;
      case 'idle':
        channel.idle = true;
        break;
      case 'active':
        channel.idle = false;
        break;
      case 'end':
        channel.ended = true;
        break;
      case 'barrier':
        this.#takeBarrier(channel, mark);
        return false;
    }
    const { watermark, idle } = this;
    this.#combine(channel);
    return this.#watermark !== watermark || this.idle !== idle;
  }

  /**
   * The rules of Flink's `StatusWatermarkValve`: idle channels do not count, nor those that came back from idleness and are still
   * behind; when the last one becomes idle, the furthest speaks for all.
   */
  #combine(changed: ChannelState): void {
    const open = this.#channels.filter((channel) => !channel.ended);
    const active = open.filter((channel) => !channel.idle);
    this.idle = open.length > 0 && active.length === 0;
    this.#watermark = Math.max(this.#watermark, watermarkOf({ open, active, changed, soFar: this.#watermark }));
  }
}

interface Channels {
  readonly open: readonly ChannelState[];
  readonly active: readonly ChannelState[];
  readonly changed: ChannelState;
  readonly soFar: number;
}

function watermarkOf({ open, active, changed, soFar }: Channels): number {
  if (open.length === 0) return Number.POSITIVE_INFINITY;
  // A channel that was still behind when it became idle changes nothing.
  if (active.length === 0) return changed.watermark < soFar ? soFar : Math.max(...open.map((channel) => channel.watermark));
  const aligned = active.filter((channel) => channel.watermark >= soFar);
  return aligned.length === 0 ? soFar : Math.min(...aligned.map((channel) => channel.watermark));
}
