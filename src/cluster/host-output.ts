/**
 * An output of a job that the embedding program reads: takes batches from the channels while somebody takes the rows. A checkpoint
 * is complete only when its barrier has come here, so that no row is lost that was sent before; after a restart rows may come again.
 */

import type { RowGroup } from '../api/row-iterator.ts';
import { assert } from '../base/assert.ts';
import type { Limits } from '../base/limits.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { ChannelReader } from '../channel/channel.ts';
import type { StreamElement } from '../channel/element.ts';
import { compileRowsReader } from '../compiler/rows-reader.ts';
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
  readonly #rowsReaders = new Map<RecordType, (batch: RecordBatch) => unknown[]>();
  /** Rows that have come, by batch. The first group is the one that is being taken. */
  #groups: RowGroup<unknown>[] = [];
  /** Rows in groups behind the first. */
  #rowsBehind = 0;
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
    if (batch.rowCount === 0) return;
    let read = this.#rowsReaders.get(batch.type);
    if (read === undefined) {
      read = compileRowsReader(batch.type);
      this.#rowsReaders.set(batch.type, read);
    }
    if (this.#groups.length > 0) this.#rowsBehind += batch.rowCount;
    this.#groups.push({ rows: read(batch), next: 0 });
  }

  get #ended(): boolean {
    return this.#readers.every((channel) => channel.ended);
  }

  /** Rows that have come and are not taken. */
  get waiting(): number {
    const first = this.#groups[0];
    return first === undefined ? 0 : first.rows.length - first.next + this.#rowsBehind;
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

  /** The rows to take next. There are some: see `ready`. */
  get group(): RowGroup<unknown> {
    for (let [first] = this.#groups; ; [first] = this.#groups) {
      assert(first !== undefined, 'rows are taken when there are some');
      if (first.next < first.rows.length) return first;
      this.#groups.shift();
      this.#rowsBehind -= this.#groups[0]?.rows.length ?? 0;
    }
  }

  /** Takes all rows that have come. */
  takeRows(): unknown[] {
    const rows = this.#groups.flatMap((group) => group.rows.slice(group.next));
    this.#groups = [];
    this.#rowsBehind = 0;
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
