/**
 * The two ends of a channel. A channel has one writer and one reader, keeps order and loses nothing. Neither end ever
 * waits: whoever finds no room or no element comes back later. The same suite of tests runs over every implementation.
 */

import type { RecordBatch } from '../batch/record-batch.ts';
import type { RecordType } from '../schema/type.ts';
import type { StreamElement } from './element.ts';

export interface BatchOptions {
  readonly capacity: number;
  readonly timestamps: boolean;
  readonly hashes: boolean;
}

export interface ChannelWriter {
  /**
   * Puts an element behind those before it. False when there is no room: offer the same element again, and nothing
   * else before it. Once taken, a batch belongs to the channel.
   */
  offer(element: StreamElement): boolean;
  /** An empty batch to fill, one that came back where possible. */
  acquire(type: RecordType, options: BatchOptions): RecordBatch;
  /**
   * Lets the barrier of a checkpoint overtake what is in the channel: the reader learns of it at the latest before it is shown an element
   * that is offered from now on.
   */
  announce(checkpoint: number): void;
  /** Bytes that went through so far; batches handed over by reference have none. */
  readonly bytes: number;
  /** Elements in the channel, taken and not released; 0 for a ring, whose bytes `ringBytesWaiting` knows. */
  readonly waiting: number;
}

export interface ChannelReader {
  /** The next element, or null. It may be read until `release`. */
  poll(): StreamElement | null;
  /** Gives the polled element back. */
  release(): void;
  /** Whether `poll` would return null. */
  isEmpty(): boolean;
  /** The last checkpoint that was announced, 0 for none. Loaded behind an element, it covers all announcements before that one. */
  readonly announced: number;
  /** Whether the end of the input is in the channel: nothing will come behind it. */
  readonly sealed: boolean;
  /**
   * Shows the batches that wait in front of the barrier of a checkpoint, the channel being announced for it or sealed: up to the place of
   * the announcement, the barrier itself, or the end. They stay where they are, and are what they are while `visit` runs.
   *
   * @param behindPolled leaves out the element that was polled last
   */
  ahead(checkpoint: number, behindPolled: boolean, visit: (batch: RecordBatch) => void): void;
  readonly bytes: number;
  /** As the writer's. */
  readonly waiting: number;
}
