/**
 * An input of a job that the embedding program feeds: takes records while there is room, and lets the writer wait while there is none.
 * Where checkpoints are taken, it is a source that can be replayed: records are kept until the oldest of the checkpoints that are retained
 * holds what came of them, and sent again after a restart.
 */

import { MillraceError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import { endOfInput } from '../channel/element.ts';
import type { ExchangeWriter } from '../compiler/exchange-writer.ts';
import { compileValueWriter } from '../compiler/value-writer.ts';
import { announceBarrier } from '../runtime/announce-barrier.ts';
import type { RowsInFlight } from '../runtime/rows-in-flight.ts';

export interface HostInputOptions {
  readonly limits: Limits;
  readonly system: System;
  readonly bufferTimeoutMs: number;
  /** Completed checkpoints that are retained: records behind the oldest of them are kept. 0 where no records are. */
  readonly retain: number;
}

/** Records that were sent, and the number of the first. */
interface SentRecords {
  readonly from: number;
  readonly records: readonly unknown[];
}

/** A `write` or `end` that waits for room. */
interface PendingWrite {
  readonly records: readonly unknown[];
  next: number;
  readonly end: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class HostInput {
  #writers: readonly { readonly exchange: ExchangeWriter; readonly write: (record: unknown) => void }[] = [];
  readonly #queue: PendingWrite[] = [];
  readonly #options: HostInputOptions;
  #ended = false;
  #finished = false;
  #failure: unknown;
  flushAt = Number.POSITIVE_INFINITY;
  #position = 0;
  /** Whether the program knows where the input stands. */
  #isUsed = false;
  /** Records that were sent, counted from the first of all. */
  #sent = 0;
  /** Whether the end of the input was sent. */
  #endSent = false;
  /** What was sent behind the oldest checkpoint that is retained, as far as there is room for it; oldest first. */
  #kept: SentRecords[] = [];
  /** Records that completed checkpoints have taken in which are retained; oldest first. */
  #retained: readonly number[] = [];
  /** Records that were sent before the barrier of a checkpoint, by checkpoint. */
  readonly #barriers = new Map<number, { readonly sent: number; readonly ended: boolean }>();
  readonly #listeners: ((records: number) => void)[] = [];

  constructor(writers: readonly ExchangeWriter[], options: HostInputOptions) {
    this.#options = options;
    this.#wire(writers);
  }

  #wire(writers: readonly ExchangeWriter[]): void {
    this.#writers = writers.map((exchange) => ({ exchange, write: compileValueWriter(exchange) }));
  }

  /** Records that the state had taken in which the job was started from. */
  get position(): number {
    this.#isUsed = true;
    return this.#position;
  }

  /** Of the records behind so many, those that cannot be sent again, because they are not kept any more. */
  lostBehind(sent: number): number {
    // A program that has not asked yet where it is to begin is told then.
    if (this.#options.retain === 0 || !this.#isUsed) return 0;
    return Math.max(0, (this.#kept[0]?.from ?? this.#sent) - sent);
  }

  /** Goes on with the channels of another attempt at the job, whose state has taken in so many records: those behind are sent again. */
  rewire(writers: readonly ExchangeWriter[], sent: number): void {
    this.#wire(writers);
    if (!this.#isUsed) this.#position = sent;
    const again = this.#kept.flatMap(({ from, records }) => records.slice(Math.max(0, sent - from)));
    const first = this.#queue[0];
    if (first !== undefined && first.next > 0) this.#queue[0] = { ...first, records: first.records.slice(first.next), next: 0 };
    const nobody = (): void => {};
    if (again.length > 0 || (this.#endSent && this.#queue.length === 0))
      this.#queue.unshift({ records: again, next: 0, end: this.#endSent, resolve: nobody, reject: nobody });
    this.#kept = this.#kept.flatMap(({ from, records }) => (from < sent ? [{ from, records: records.slice(0, sent - from) }] : []));
    this.#retained = this.#retained.filter((records) => records <= sent);
    // What is gone on from may be one of which nobody knew that it was complete.
    if (sent > this.#held) this.#retained = [...this.#retained, sent];
    this.#barriers.clear();
    this.#sent = sent;
    this.#endSent = false;
    this.flushAt = Number.POSITIVE_INFINITY;
  }

  /** The job is started from state that has taken in so many records. Before the first is written. */
  startFrom(position: number): void {
    this.#position = position;
    this.#sent = position;
    this.#retained = [position];
  }

  onCheckpoint(listener: (records: number) => void): void {
    this.#listeners.push(listener);
  }

  /** Puts the barrier of a checkpoint behind what was sent. Returns how many records that was. */
  barrier(checkpoint: number): number {
    if (!this.#endSent) for (const { exchange } of this.#writers) exchange.mark({ kind: 'barrier', checkpoint });
    this.#barriers.set(checkpoint, { sent: this.#sent, ended: this.#endSent });
    return this.#sent;
  }

  /** Lets the barrier of a checkpoint overtake what there was no room for; returns that. @throws MillraceError UNSUPPORTED_VALUE */
  overtake(checkpoint: number): readonly RowsInFlight[] {
    const ended = this.#barriers.get(checkpoint)?.ended;
    if (ended === undefined) return [];
    const outputs = this.#writers.map(({ exchange }) => exchange);
    return announceBarrier(outputs, { checkpoint, ended });
  }

  /** A checkpoint is complete: what was sent before it is kept for older ones alone. */
  checkpointed(checkpoint: number): void {
    const records = this.#barriers.get(checkpoint)?.sent;
    if (records === undefined) return;
    for (const earlier of [...this.#barriers.keys()]) if (earlier <= checkpoint) this.#barriers.delete(earlier);
    this.#retained = [...this.#retained, records].slice(-this.#options.retain);
    this.#forgetBefore(this.#retained[0] ?? records);
    for (const listener of this.#listeners) listener(records);
  }

  #forgetBefore(records: number): void {
    this.#kept = this.#kept.filter((sent) => sent.from + sent.records.length > records);
  }

  /** Records that the newest completed checkpoint has taken in. */
  get #held(): number {
    return this.#retained.at(-1) ?? 0;
  }

  /** Whether so many records wait for a checkpoint that no more are taken. */
  get #isFull(): boolean {
    const { retain, limits } = this.#options;
    return retain > 0 && this.#sent - this.#held >= limits.hostReplayRecords;
  }

  /** Keeps what was sent. What waits for a checkpoint has the room of what is kept for older ones. */
  #keep(records: readonly unknown[]): void {
    this.#kept.push({ from: this.#sent, records });
    const oldest = this.#sent + records.length - this.#options.limits.hostReplayRecords;
    if ((this.#kept[0] as SentRecords).from < oldest) this.#forgetBefore(Math.min(oldest, this.#held));
  }

  add(records: readonly unknown[], end: boolean): Promise<void> {
    this.#isUsed = true;
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended || this.#finished) return end ? Promise.resolve() : Promise.reject(closedInput(this.#finished));
    if (end) this.#ended = true;
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, next: 0, end, resolve, reject });
      try {
        this.step();
      } catch {
        // Whoever waits for a write has been told; the pump ends the job with it.
      }
    });
  }

  /** Moves what there is room for; true when something moved. @throws what a record did wrong, from then on at every step */
  step(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return this.#advance();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  #advance(): boolean {
    const { system, bufferTimeoutMs } = this.#options;
    const now = system.clock.monotonic();
    let moved = false;
    if (now >= this.flushAt) this.#flush();
    while (this.#drained() && !this.#isFull && this.#queue.length > 0) {
      const write = this.#queue[0] as PendingWrite;
      this.#take(write);
      moved = true;
      if (write.next < write.records.length) break;
      this.#queue.shift();
      write.resolve();
    }
    if (bufferTimeoutMs === 0) this.#flush();
    else if (moved && this.flushAt === Number.POSITIVE_INFINITY) this.flushAt = now + bufferTimeoutMs;
    return moved;
  }

  #drained(): boolean {
    let drained = true;
    for (const { exchange } of this.#writers) if (!exchange.drain()) drained = false;
    return drained;
  }

  #take(write: PendingWrite): void {
    const { limits, retain } = this.#options;
    const first = write.next;
    const end = Math.min(write.records.length, first + limits.hostRows);
    while (write.next < end && !this.#writers.some(({ exchange }) => exchange.blocked)) {
      const record = write.records[write.next++];
      for (const { write: writeRecord } of this.#writers) writeRecord(record);
    }
    if (retain > 0 && write.next > first) this.#keep(write.records.slice(first, write.next));
    this.#sent += write.next - first;
    if (!write.end || write.next < write.records.length) return;
    for (const { exchange } of this.#writers) exchange.mark(endOfInput);
    this.#endSent = true;
  }

  #flush(): void {
    this.flushAt = Number.POSITIVE_INFINITY;
    for (const { exchange } of this.#writers) exchange.flush();
  }

  fail(error: unknown): void {
    this.#failure ??= error;
    for (const write of this.#queue.splice(0)) write.reject(error);
  }

  finish(): void {
    this.#finished = true;
    for (const write of this.#queue.splice(0)) write.reject(closedInput(true));
  }
}

function closedInput(finished: boolean): MillraceError {
  return new MillraceError('ENDPOINT', finished ? 'the job has finished and takes no more records' : 'the input was ended already');
}
