/**
 * What an input gate takes along for one unaligned checkpoint: of each channel the rows from where the snapshot was taken up to the
 * barrier. Where that has overtaken the rows, they are in the channel or have been taken along by their producer; where it is not
 * announced yet, they are taken down as they are read, until it is, or comes.
 */

import type { RecordBatch } from '../batch/record-batch.ts';
import type { ChannelReader } from '../channel/channel.ts';
import { RowsInFlight, type RowsPlace } from './rows-in-flight.ts';

/** What a capture must know of a channel. */
export interface CapturedChannel {
  readonly reader: ChannelReader;
  readonly place: RowsPlace;
}

export class GateCapture<C extends CapturedChannel> {
  readonly checkpoint: number;
  readonly #rows: RowsInFlight[] = [];
  /** Channels whose barrier has neither been announced nor come. */
  readonly #open = new Map<C, RowsInFlight>();

  constructor(checkpoint: number) {
    this.checkpoint = checkpoint;
  }

  /** Takes rows along that stand in front of all channels. */
  addRows(place: RowsPlace, batch: RecordBatch, first: number): void {
    const last = this.#rows.at(-1);
    const rows = last?.place === place ? last : new RowsInFlight(place);
    if (rows !== last) this.#rows.push(rows);
    rows.add(batch, first);
  }

  open(channel: C): void {
    const rows = new RowsInFlight(channel.place);
    this.#rows.push(rows);
    this.#open.set(channel, rows);
  }

  /** A batch of an open channel is being read, or is in hand from its row `first` on. */
  read(channel: C, batch: RecordBatch, first = 0): void {
    this.#open.get(channel)?.add(batch, first);
  }

  /** The barrier, or the end, has been read from a channel. */
  passed(channel: C): void {
    this.#open.delete(channel);
  }

  /**
   * Takes along what waits in a channel, if its barrier is announced or its end is in it.
   *
   * @param inHand whether the element that was polled last is taken down already
   */
  look(channel: C, inHand: boolean): void {
    const rows = this.#open.get(channel);
    const { reader } = channel;
    if (rows === undefined || !(reader.announced >= this.checkpoint || reader.sealed)) return;
    reader.ahead(this.checkpoint, inHand, (batch) => rows.add(batch));
    this.#open.delete(channel);
  }

  get isComplete(): boolean {
    return this.#open.size === 0;
  }

  /** In the order in which they are to be replayed. */
  get rows(): readonly RowsInFlight[] {
    return this.#rows.filter(({ count }) => count > 0);
  }
}
