/** An input of a job that the embedding program feeds: takes records while there is room, and lets the writer wait while there is none. */

import { MillraceError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import { endOfInput } from '../channel/element.ts';
import type { ExchangeWriter } from '../compiler/exchange-writer.ts';
import { compileValueWriter } from '../compiler/value-writer.ts';

export interface HostInputOptions {
  readonly limits: Limits;
  readonly system: System;
  readonly bufferTimeoutMs: number;
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
  readonly #writers: readonly { readonly exchange: ExchangeWriter; readonly write: (record: unknown) => void }[];
  readonly #queue: PendingWrite[] = [];
  readonly #options: HostInputOptions;
  #ended = false;
  #finished = false;
  #failure: unknown;
  flushAt = Number.POSITIVE_INFINITY;

  constructor(writers: readonly ExchangeWriter[], options: HostInputOptions) {
    this.#writers = writers.map((exchange) => ({ exchange, write: compileValueWriter(exchange) }));
    this.#options = options;
  }

  add(records: readonly unknown[], end: boolean): Promise<void> {
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
    while (this.#drained() && this.#queue.length > 0) {
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
    const end = Math.min(write.records.length, write.next + this.#options.limits.hostRows);
    while (write.next < end && !this.#writers.some(({ exchange }) => exchange.blocked)) {
      const record = write.records[write.next++];
      for (const { write: writeRecord } of this.#writers) writeRecord(record);
    }
    if (write.end) for (const { exchange } of this.#writers) exchange.mark(endOfInput);
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
