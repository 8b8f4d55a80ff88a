/**
 * The host's ends of a job: inputs that the embedding program feeds, outputs that it reads. They are subtasks of a kind: the
 * pump steps them when something moves and sleeps on the host's doorbell otherwise.
 */

import type { JobInput } from '../api/job-client.ts';
import { MillraceError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import type { RecordBatch } from '../batch/record-batch.ts';
import type { ChannelReader } from '../channel/channel.ts';
import type { Doorbell } from '../channel/doorbell.ts';
import { endOfInput } from '../channel/element.ts';
import type { ExchangeWriter } from '../compiler/exchange-writer.ts';
import { recordReader } from '../compiler/stage-compiler.ts';
import { compileValueWriter } from '../compiler/value-writer.ts';
import type { Exchange } from '../graph/job.ts';
import type { PhysicalPlan } from '../graph/physical.ts';
import { exchangeWriter, type Wiring } from '../runtime/slot.ts';
import type { RecordType } from '../schema/type.ts';

export interface HostEndpointsOptions {
  readonly plan: PhysicalPlan;
  readonly wiring: Wiring;
  readonly limits: Limits;
  readonly system: System;
  readonly bufferTimeoutMs: number;
}

interface Deferred {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A `write` or `end` that waits for room. */
interface PendingWrite extends Deferred {
  readonly records: readonly unknown[];
  next: number;
  readonly end: boolean;
}

class HostInput {
  readonly #writers: readonly { readonly exchange: ExchangeWriter; readonly write: (record: unknown) => void }[];
  readonly #queue: PendingWrite[] = [];
  readonly #options: HostEndpointsOptions;
  #ended = false;
  #failure: unknown;
  flushAt = Number.POSITIVE_INFINITY;

  constructor(writers: readonly ExchangeWriter[], options: HostEndpointsOptions) {
    this.#writers = writers.map((exchange) => ({ exchange, write: compileValueWriter(exchange) }));
    this.#options = options;
  }

  add(records: readonly unknown[], end: boolean): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return end ? Promise.resolve() : Promise.reject(new MillraceError('ENDPOINT', 'the input was ended already'));
    if (end) this.#ended = true;
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, next: 0, end, resolve, reject });
      this.step();
    });
  }

  /** Moves what there is room for; true when something moved. */
  step(): boolean {
    const { system, bufferTimeoutMs } = this.#options;
    const now = system.clock.monotonic();
    let moved = false;
    if (now >= this.flushAt) this.#flush();
    while (this.#drained() && this.#queue.length > 0) {
      const write = this.#queue[0] as PendingWrite;
      try {
        this.#take(write);
      } catch (error) {
        this.#queue.shift();
        write.reject(error);
        continue;
      }
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
    this.#failure = error;
    for (const write of this.#queue.splice(0)) write.reject(error);
  }
}

class HostOutput {
  readonly #readers: { readonly reader: ChannelReader; ended: boolean }[];
  readonly #limits: Limits;
  readonly #rows: unknown[] = [];
  readonly #recordReaders = new Map<RecordType, (batch: RecordBatch, row: number) => unknown>();
  #waiting: Deferred | null = null;
  #failure: unknown;

  constructor(readers: readonly ChannelReader[], limits: Limits) {
    this.#readers = readers.map((reader) => ({ reader, ended: false }));
    this.#limits = limits;
  }

  /** Takes batches while the reader of this output keeps up; true when something moved. */
  step(): boolean {
    let moved = false;
    for (const channel of this.#readers) {
      if (channel.ended || this.#rows.length >= this.#limits.hostRows) continue;
      const element = channel.reader.poll();
      if (element === null) continue;
      moved = true;
      if (element.kind === 'batch') this.#take(element);
      channel.ended = element.kind === 'end';
      channel.reader.release();
    }
    if (this.#rows.length > 0 || this.ended) this.wake();
    return moved;
  }

  #take(batch: RecordBatch): void {
    let read = this.#recordReaders.get(batch.type);
    if (read === undefined) {
      read = recordReader(batch.type);
      this.#recordReaders.set(batch.type, read);
    }
    for (let row = 0; row < batch.rowCount; row++) this.#rows.push(read(batch, row));
  }

  get ended(): boolean {
    return this.#readers.every((channel) => channel.ended);
  }

  /** The rows that have come, at least one; null at the end. */
  async rows(more: () => void): Promise<unknown[] | null> {
    for (;;) {
      if (this.#rows.length > 0) {
        const rows = this.#rows.splice(0);
        more();
        return rows;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.ended) return null;
      // After the end of the job nobody else takes what is still in the channels.
      if (this.step()) continue;
      await new Promise<void>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        more();
      });
    }
  }

  wake(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  /** No more rows will come; those that have can still be read. */
  fail(error: unknown): void {
    this.#failure = error;
    this.wake();
  }
}

export class HostEndpoints {
  readonly #options: HostEndpointsOptions;
  readonly #inputs = new Map<string, HostInput>();
  readonly #outputs = new Map<string, HostOutput>();
  readonly #taken = new Set<string>();
  #doorbell: Doorbell | null = null;
  #closed = false;
  #woken = false;

  constructor(options: HostEndpointsOptions) {
    this.#options = options;
    const { plan, wiring, limits } = options;
    const writers = new Map<string, ExchangeWriter[]>();
    for (const exchange of plan.job.exchanges) {
      const input = exchange.from.operator.spec.endpoint;
      const output = exchange.to.operator.spec.endpoint;
      if (input !== undefined) writers.set(input.name, [...(writers.get(input.name) ?? []), exchangeWriter(options, exchange, 0)]);
      if (output !== undefined) this.#outputs.set(output.name, new HostOutput(this.#readersOf(output.name, wiring), limits));
    }
    for (const [name, exchanges] of writers) this.#inputs.set(name, new HostInput(exchanges, options));
  }

  #readersOf(name: string, wiring: Wiring): ChannelReader[] {
    const { plan } = this.#options;
    return plan.channels.flatMap((channel, index) => {
      const exchange = plan.job.exchanges[channel.exchange] as Exchange;
      return exchange.to.operator.spec.endpoint?.name === name ? [wiring.reader(index)] : [];
    });
  }

  get outputNames(): string[] {
    return [...this.#outputs.keys()];
  }

  get inputNames(): string[] {
    return [...this.#inputs.keys()];
  }

  /** Steps every endpoint once; true when something moved. */
  step(): boolean {
    let moved = false;
    for (const output of this.#outputs.values()) if (output.step()) moved = true;
    for (const input of this.#inputs.values()) if (input.step()) moved = true;
    return moved;
  }

  /** Steps the endpoints until `close`, and sleeps while nothing moves. */
  async pump(doorbell: Doorbell): Promise<void> {
    if (this.#outputs.size + this.#inputs.size === 0) return;
    this.#doorbell = doorbell;
    const { system, limits } = this.#options;
    let idle = 0;
    while (!this.#closed) {
      this.#woken = false;
      idle = this.step() ? 0 : idle + 1;
      await new Promise<void>((resolve) => system.timers.soon(resolve));
      if (idle <= limits.idleRounds) continue;
      doorbell.announceSleep();
      if (this.#woken || this.#closed || this.step()) doorbell.stayAwake();
      else await this.#sleep(doorbell);
      idle = 0;
    }
  }

  async #sleep(doorbell: Doorbell): Promise<void> {
    const flushAt = Math.min(...[...this.#inputs.values()].map((input) => input.flushAt));
    const timeoutMs = Math.min(1000, flushAt - this.#options.system.clock.monotonic());
    if (timeoutMs > 0) await doorbell.sleep(timeoutMs);
    else doorbell.stayAwake();
  }

  #wake = (): void => {
    this.#woken = true;
    this.#doorbell?.ring();
  };

  input<T>(name: string): JobInput<T> {
    const input = this.#take('input', name, this.#inputs);
    return {
      write: (records) => {
        if (!Array.isArray(records)) return Promise.reject(new MillraceError('ENDPOINT', `input('${name}').write: expected an array of records`));
        const written = input.add(records, false);
        this.#wake();
        return written;
      },
      end: () => {
        const ended = input.add([], true);
        this.#wake();
        return ended;
      },
    };
  }

  /** The rows of an output, some at a time. */
  async *batches(name: string): AsyncGenerator<unknown[]> {
    const output = this.#take('output', name, this.#outputs);
    try {
      for (let rows = await output.rows(this.#wake); rows !== null; rows = await output.rows(this.#wake)) yield rows;
    } finally {
      this.#taken.delete(`output ${name}`);
    }
  }

  /** Ends all inputs. */
  async end(): Promise<void> {
    await Promise.all([...this.#inputs.values()].map((input) => input.add([], true)));
  }

  #take<E>(direction: 'input' | 'output', name: string, endpoints: ReadonlyMap<string, E>): E {
    const endpoint = endpoints.get(name);
    if (endpoint === undefined) {
      const known = [...endpoints.keys()].filter((each) => !each.startsWith('$')).map((each) => `'${each}'`);
      const where = direction === 'input' ? 'env.fromHost' : 'stream.toHost';
      throw new MillraceError('ENDPOINT', `the job has no ${direction} '${name}'; ${known.length === 0 ? `add one with ${where}('${name}')` : `it has ${known.join(', ')}`}`);
    }
    const key = `${direction} ${name}`;
    if (this.#taken.has(key)) throw new MillraceError('ENDPOINT', `the ${direction} '${name}' is in use already`);
    this.#taken.add(key);
    return endpoint;
  }

  /** The job has ended. What its workers sent before can still be read, unless it failed. */
  close(failure: unknown): void {
    this.#closed = true;
    for (const input of this.#inputs.values()) input.fail(failure ?? new MillraceError('ENDPOINT', 'the job has finished'));
    if (failure !== undefined) for (const output of this.#outputs.values()) output.fail(failure);
    this.#wake();
  }
}
