/**
 * Merges the channels that end at a subtask into one input: takes them in turn, keeps the smallest watermark, aligns the barriers of
 * checkpoints, and knows when all channels have ended.
 *
 * Alignment: a channel that has delivered its barrier is not read until the others have delivered theirs. Its data waits where it is,
 * and back-pressure does the rest. A channel that has ended is taken for one that has delivered every barrier.
 *
 * Unaligned: the snapshot is taken as soon as a barrier is announced on any channel, and the rows between there and the barriers are
 * taken along (see `gate-capture.ts`). No element behind an announcement is handed on before the snapshot, since whoever announces
 * takes along what is not in the channel yet. After a restart such rows are replayed before any channel is read.
 */

import { assert } from '../base/assert.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { ChannelReader } from '../channel/channel.ts';
import type { Barrier, Mark } from '../channel/element.ts';
import type { PartitionerSpec } from '../graph/logical.ts';
import { GateCapture } from './gate-capture.ts';
import type { ReplayedBatch, RowsInFlight, RowsInHand, RowsPlace } from './rows-in-flight.ts';

export interface GateChannel {
  readonly reader: ChannelReader;
  readonly partitioner: PartitionerSpec;
  /** Which of the operator's inputs it belongs to. */
  readonly input: number;
  /** Where its rows are bound for. */
  readonly place: RowsPlace;
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

/** A batch that is replayed, as it came through the channel in which a barrier has overtaken it. */
export interface ReplayedGateBatch extends GateBatch, ReplayedBatch {}

export interface InputGateOptions {
  /** Whether channels wait for each other's barriers. */
  readonly aligns: boolean;
  /** Whether barriers may overtake rows. */
  readonly overtakes: boolean;
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
  /** When the first barrier came, and how many bytes had been read by then. */
  #alignedSince = 0;
  #alignedBytes = 0;
  /** Milliseconds from the first barrier to the last, of the last checkpoint. */
  alignmentMs = 0;
  /** Bytes that were read from the first barrier to the last. */
  processedBytes = 0;
  /** A checkpoint that may be taken as soon as one of its barriers is known of. */
  #overtaking = noCheckpoint;
  #capture: GateCapture<ChannelState> | null = null;
  /** What comes before anything of the channels. */
  #replayed: ReplayedGateBatch[] = [];
  #next = 0;
  #current: ChannelState | 'replayed' | null = null;
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

  /** Goes on with rows that were on their way in an earlier run. Before the first poll. */
  replay(batches: readonly ReplayedGateBatch[]): void {
    this.#replayed.push(...batches);
  }

  /** The watermark that it goes on from. */
  get restoredWatermark(): number {
    return this.#restored;
  }

  /** No record of any active channel is older. */
  get watermark(): number {
    return this.#watermark;
  }

  get ended(): boolean {
    return this.#replayed.length === 0 && this.#channels.every((channel) => channel.ended);
  }

  get bytes(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.reader.bytes, 0);
  }

  /** Elements that wait in queues of this worker. */
  get waiting(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.reader.waiting, this.#replayed.length);
  }

  /**
   * The next batch of any channel, valid until `release`; 'advanced' when `watermark` or `idle` changed before one came, so that
   * time advances where it stands in the stream; the barrier of a checkpoint once every channel has delivered it; null when there is
   * nothing.
   */
  poll(): GateBatch | Barrier | 'advanced' | null {
    assert(this.#current === null, 'a batch is released before the next is polled');
    if (this.#replayed.length > 0) {
      this.#current = 'replayed';
      return this.#replayed[0] as ReplayedGateBatch;
    }
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
      if (polled?.kind === 'barrier') return polled;
      if (polled !== null) return { batch: polled, partitioner: channel.partitioner, input: channel.input };
    }
    return null;
  }

  release(): void {
    assert(this.#current !== null, 'only a polled batch is released');
    if (this.#current === 'replayed') this.#replayed.shift();
    else this.#current.reader.release();
    this.#current = null;
  }

  /** The checkpoint is given up: what waits for its barriers goes on. */
  abort(checkpoint: number): void {
    this.#aborted.add(checkpoint);
    if (this.#aligning === checkpoint) this.#aligning = noCheckpoint;
    if (this.#capture?.checkpoint === checkpoint) this.#capture = null;
    // Barriers come in the order of their checkpoints.
    for (const earlier of this.#aborted) if (earlier <= this.#taken) this.#aborted.delete(earlier);
  }

  /** The snapshot of a checkpoint is taken without its barriers: those that are still to come mean nothing. */
  skip(checkpoint: number): void {
    if (this.#aligning !== checkpoint && checkpoint > this.#taken) {
      this.#alignedBytes = this.bytes;
      this.alignmentMs = 0;
    } else if (this.#aligning === checkpoint) this.alignmentMs = this.#options.now() - this.#alignedSince;
    this.#taken = Math.max(this.#taken, checkpoint);
    if (this.#aligning <= checkpoint) this.#aligning = noCheckpoint;
  }

  /** A checkpoint need not wait until its barriers are aligned. */
  overtake(checkpoint: number): void {
    this.#overtaking = checkpoint;
  }

  /** The checkpoint that is to be taken now although its barriers have not come; 0 for none. */
  get overtaken(): number {
    if (!this.#options.overtakes) return noCheckpoint;
    for (const channel of this.#channels) if (this.#isOvertaken(channel)) return channel.reader.announced;
    const checkpoint = this.#overtaking;
    if (!this.#isWanted(checkpoint)) return noCheckpoint;
    const isKnown = this.#aligning === checkpoint || this.#channels.every(({ ended, reader }) => ended || reader.sealed);
    return isKnown ? checkpoint : noCheckpoint;
  }

  /** Whether a checkpoint is still to be taken. */
  #isWanted(checkpoint: number): boolean {
    return checkpoint > this.#taken && !this.#aborted.has(checkpoint);
  }

  #isOvertaken({ ended, reader }: ChannelState): boolean {
    return !ended && this.#isWanted(reader.announced);
  }

  /**
   * The snapshot of a checkpoint is being taken: rows that its barriers have not passed yet are taken along. There are none where it is
   * aligned; and none are where it is given up.
   *
   * @param inHand what is not through of the batch that was polled last
   * @throws MillraceError UNSUPPORTED_VALUE
   */
  capture(checkpoint: number, inHand: RowsInHand | null): void {
    if (this.#aborted.has(checkpoint)) return;
    const capture = new GateCapture<ChannelState>(checkpoint);
    this.#capture = capture;
    for (const [i, { place, batch }] of this.#replayed.entries()) {
      const first = i === 0 && this.#current === 'replayed' ? (inHand?.next ?? batch.rowCount) : 0;
      capture.addRows(place, batch, first);
    }
    for (const channel of this.#channels) {
      if (channel.ended || channel.barrier >= checkpoint) continue;
      capture.open(channel);
      if (inHand !== null && this.#current === channel) capture.read(channel, inHand.batch, inHand.next);
      capture.look(channel, this.#current === channel);
    }
  }

  /** The rows that are taken along, once all of them are; null until then. Nothing where nothing is captured. @throws as `capture` */
  captured(): readonly RowsInFlight[] | null {
    const capture = this.#capture;
    if (capture === null) return [];
    for (const channel of this.#channels) capture.look(channel, this.#current === channel);
    if (!capture.isComplete) return null;
    this.#capture = null;
    this.processedBytes = this.bytes - this.#alignedBytes;
    return capture.rows;
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
    this.processedBytes = this.bytes - this.#alignedBytes;
    return { kind: 'barrier', checkpoint };
  }

  #takeBarrier(channel: ChannelState, { checkpoint }: Barrier): void {
    assert(checkpoint > channel.barrier, 'the barriers of a channel come in the order of their checkpoints');
    channel.barrier = checkpoint;
    if (this.#capture !== null && checkpoint >= this.#capture.checkpoint) this.#capture.passed(channel);
    if (checkpoint <= this.#taken || this.#aborted.has(checkpoint)) return;
    // A later checkpoint makes an earlier one that is not aligned yet needless.
    if (checkpoint > this.#aligning) {
      this.#aligning = checkpoint;
      this.#alignedSince = this.#options.now();
      this.#alignedBytes = this.bytes;
    }
  }

  #pollChannel(channel: ChannelState): RecordBatch | Barrier | 'advanced' | null {
    for (let element = channel.reader.poll(); element !== null; element = channel.reader.poll()) {
      if (this.#options.overtakes) {
        // The element stays where it is: it may lie behind the announcement.
        if (this.#isOvertaken(channel)) return { kind: 'barrier', checkpoint: channel.reader.announced };
        this.#capture?.look(channel, false);
      }
      if (element.kind === 'batch') {
        this.#capture?.read(channel, element);
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
        this.#capture?.passed(channel);
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
