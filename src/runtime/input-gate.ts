/**
 * Merges the channels that end at a subtask into one input: takes them in turn, keeps the smallest watermark, and knows when
 * all of them have ended.
 */

import { assert } from '../base/assert.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { ChannelReader } from '../channel/channel.ts';
import type { Mark } from '../channel/element.ts';
import type { PartitionerSpec } from '../graph/logical.ts';

export interface GateChannel {
  readonly reader: ChannelReader;
  readonly partitioner: PartitionerSpec;
}

interface ChannelState extends GateChannel {
  watermark: number;
  idle: boolean;
  ended: boolean;
}

/** A batch and the channel it came through. */
export interface GateBatch {
  readonly batch: RecordBatch;
  readonly partitioner: PartitionerSpec;
}

export class InputGate {
  readonly #channels: readonly ChannelState[];
  #next = 0;
  #current: ChannelState | null = null;
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(channels: readonly GateChannel[]) {
    this.#channels = channels.map((channel) => ({ ...channel, watermark: Number.NEGATIVE_INFINITY, idle: false, ended: false }));
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

  /** The next batch of any channel, or null. It is valid until `release`. */
  poll(): GateBatch | null {
    assert(this.#current === null, 'a batch is released before the next is polled');
    const count = this.#channels.length;
    for (let tried = 0; tried < count; tried++) {
      const channel = this.#channels[this.#next] as ChannelState;
      this.#next = this.#next + 1 < count ? this.#next + 1 : 0;
      const batch = channel.ended ? null : this.#pollChannel(channel);
      if (batch !== null) return { batch, partitioner: channel.partitioner };
    }
    return null;
  }

  release(): void {
    assert(this.#current !== null, 'only a polled batch is released');
    this.#current.reader.release();
    this.#current = null;
  }

  #pollChannel(channel: ChannelState): RecordBatch | null {
    for (let element = channel.reader.poll(); element !== null; element = channel.reader.poll()) {
      if (element.kind === 'batch') {
        this.#current = channel;
        return element;
      }
      this.#take(channel, element);
      channel.reader.release();
      if (channel.ended) return null;
    }
    return null;
  }

  #take(channel: ChannelState, mark: Mark): void {
    switch (mark.kind) {
      case 'watermark':
        assert(mark.time >= channel.watermark, 'a watermark never goes back');
        channel.watermark = mark.time;
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
        throw new Error('barriers come with checkpoints');
    }
    this.#watermark = this.#smallest();
  }

  #smallest(): number {
    const active = this.#channels.filter((channel) => !channel.ended && !channel.idle);
    if (active.length === 0) return this.#channels.every((channel) => channel.ended) ? Number.POSITIVE_INFINITY : this.#watermark;
    return Math.max(this.#watermark, Math.min(...active.map((channel) => channel.watermark)));
  }
}
