/**
 * An output of a job that the embedding program reads: takes batches from the channels while somebody takes the rows. A checkpoint
 * is complete only when its barrier has come here, so that no row is lost that was sent before; after a restart rows may come again.
 */

import type { Limits } from '../base/limits.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { ChannelReader } from '../channel/channel.ts';
import type { StreamElement } from '../channel/element.ts';
import { recordReader } from '../compiler/input-row.ts';
import type { RecordType } from '../schema/type.ts';

interface OutputChannel {
  readonly reader: ChannelReader;
  ended: boolean;
  /** The checkpoint whose barrier has come last. */
  barrier: number;
}

export class HostOutput {
  #readers: OutputChannel[] = [];
  readonly #limits: Limits;
  readonly #recordReaders = new Map<RecordType, (batch: RecordBatch, row: number) => unknown>();
  /** Rows that have come; those before `next` are taken. */
  #rows: unknown[] = [];
  #next = 0;
  #wakeReader: () => void = () => {};
  #failure: unknown;
  /** The checkpoint that is not to wait until rows are read; 0 for none. */
  #overtaking = 0;
  /** Whether nothing will come any more. */
  #finished = false;
  /** Whether whoever reads was told that all rows had come: what comes after a restart has come before. */
  #read = false;

  constructor(readers: readonly ChannelReader[], limits: Limits) {
    this.#limits = limits;
    this.rewire(readers);
  }

  /** Goes on with the channels of another attempt at the job. */
  rewire(readers: readonly ChannelReader[]): void {
    this.#readers = readers.map((reader) => ({ reader, ended: false, barrier: 0 }));
    this.#overtaking = 0;
  }

  /** A checkpoint does not wait until rows are read: what is in front of its barriers is taken out of the channels. */
  overtake(checkpoint: number): void {
    this.#overtaking = checkpoint;
  }

  /** A checkpoint is given up: nothing is taken out for it any more. */
  aborted(checkpoint: number): void {
    if (this.#overtaking === checkpoint) this.#overtaking = 0;
  }

  /** Whether all that was sent before the barrier of a checkpoint has come. */
  hasPassed(checkpoint: number): boolean {
    return this.#readers.every(({ ended, barrier }) => ended || barrier >= checkpoint);
  }

  /** Takes batches while the reader of this output keeps up; true when something moved. */
  step(): boolean {
    let moved = false;
    for (const channel of this.#readers) {
      if (channel.ended || this.waiting >= this.#roomFor(channel)) continue;
      const element = channel.reader.poll();
      if (element === null) continue;
      moved = true;
      this.#takeElement(channel, element);
    }
    if (this.waiting > 0 || this.#ended) this.#wakeReader();
    return moved;
  }

  /** Rows that may wait while the channel is still read. */
  #roomFor({ barrier }: OutputChannel): number {
    const { hostRows, hostOvertakenRows } = this.#limits;
    return barrier < this.#overtaking ? Math.max(hostRows, hostOvertakenRows) : hostRows;
  }

  /** Takes everything that has come, whether somebody reads it or not. */
  takeAll(): void {
    for (const channel of this.#readers) {
      for (
        let element = channel.ended ? null : channel.reader.poll();
        element !== null;
        element = channel.ended ? null : channel.reader.poll()
      )
        this.#takeElement(channel, element);
    }
    this.#wakeReader();
  }

  #takeElement(channel: OutputChannel, element: StreamElement): void {
    if (element.kind === 'batch' && !this.#read) this.#take(element);
    if (element.kind === 'barrier') channel.barrier = element.checkpoint;
    channel.ended = element.kind === 'end';
    channel.reader.release();
  }

  #take(batch: RecordBatch): void {
    let read = this.#recordReaders.get(batch.type);
    if (read === undefined) {
      read = recordReader(batch.type);
      this.#recordReaders.set(batch.type, read);
    }
    for (let row = 0; row < batch.rowCount; row++) this.#rows.push(read(batch, row));
  }

  get #ended(): boolean {
    return this.#readers.every((channel) => channel.ended);
  }

  /** Rows that have come and are not taken. */
  get waiting(): number {
    return this.#rows.length - this.#next;
  }

  /** Resolves to true once there are rows to take, to false at the end. @throws the failure of the job */
  async ready(): Promise<boolean> {
    for (;;) {
      if (this.waiting > 0) return true;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) {
        this.#read = true;
        return false;
      }
      // The pump leaves in the channels what there was no room for, and everything once the job has ended.
      if (this.step()) continue;
      // A job that was stopped with a savepoint has sent no end.
      if (this.#finished) return false;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  /** Takes the next row. */
  takeRow(): unknown {
    const row = this.#rows[this.#next++];
    // A pump that refills in time would otherwise keep every row that was ever read.
    if (this.#next * 2 > this.#rows.length) {
      this.#rows = this.#rows.slice(this.#next);
      this.#next = 0;
    }
    return row;
  }

  /** Takes all rows that have come. */
  takeRows(): unknown[] {
    const rows = this.#next === 0 ? this.#rows : this.#rows.slice(this.#next);
    this.#rows = [];
    this.#next = 0;
    return rows;
  }

  /** No more rows will come; those that have can still be read. */
  fail(error: unknown): void {
    this.#failure = error;
    this.#wakeReader();
  }

  /** Nobody steps the output from now on: whoever waits for rows takes the last ones out of the channels himself. */
  finish(): void {
    this.#finished = true;
    this.#wakeReader();
  }
}
