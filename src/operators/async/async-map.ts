/**
 * `asyncMap`: one result for each record, from a function that returns a promise, with many calls on their way at once. While
 * as many as `capacity` are, further records of the batch wait here, and the input waits with them.
 */

import type { Emit, Operator, OperatorCode, OperatorContext, OperatorInstance } from '../../compiler/operator.ts';
import { type Row, valueRow, wholeRecord } from '../../compiler/row.ts';
import type { UserFunction } from '../../graph/logical.ts';
import type { SubtaskPart } from '../../wire/state-handles.ts';
import { type AsyncEntry, AsyncQueue } from './async-queue.ts';
import { AsyncTimeout, type Outcome, type RetryPolicy, RunningCall } from './retry.ts';

export interface AsyncMapSpec {
  readonly fn: UserFunction;
  readonly ordered: boolean;
  /** Calls on their way at once. */
  readonly capacity: number;
  /** For all attempts of one record together; Infinity for none. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy | undefined;
  /** Gives the result for a record that ran out of time; without it that is a failure. */
  readonly onTimeout: UserFunction | undefined;
}

/** What the function of `asyncMap` is given besides the record. */
export interface AsyncContext {
  /** Aborted when the time is up, or the job ends. */
  readonly signal: AbortSignal;
  /** Event time of the record, undefined when it has none. */
  readonly timestamp: number | undefined;
}

export function asyncMapOperator(spec: AsyncMapSpec): Operator {
  const { fn, onTimeout, ordered, capacity, timeoutMs, retry } = spec;
  return {
    kind: 'async-map',
    title: 'asyncMap',
    functions: onTimeout === undefined ? { asyncMap: fn } : { asyncMap: fn, onTimeout },
    details: { ordered, capacity, timeoutMs, retry: retry && { ...retry, onError: undefined, onResult: undefined } },
    retains: true,
    create: (context) => new AsyncMap(spec, context),
  };
}

class AsyncMap implements OperatorInstance {
  readonly #spec: AsyncMapSpec;
  readonly #context: OperatorContext;
  readonly #queue: AsyncQueue;
  /** Records, each with its event time, that wait for a call to end. */
  readonly #waiting: AsyncEntry[] = [];
  readonly #running = new Map<AsyncEntry, RunningCall>();
  #closed = false;
  /** Records of another instance, which are to be called for once this one is open. */
  #restored: readonly (readonly [record: unknown, timestamp: number])[] = [];

  constructor(spec: AsyncMapSpec, context: OperatorContext) {
    this.#spec = spec;
    this.#context = context;
    this.#queue = new AsyncQueue(spec.ordered);
  }

  /** The records that have not left: what their calls have come to, or will, is asked for again. */
  snapshot(): Readonly<Record<string, SubtaskPart>> {
    const items = Array.from(this.#queue.records, ({ record, timestamp }) => [record, timestamp]);
    return items.length === 0 ? {} : { records: { distribution: 'split', items } };
  }

  restore({ records = [] }: Readonly<Record<string, readonly unknown[]>>): void {
    this.#restored = records as readonly (readonly [unknown, number])[];
  }

  open(): void {
    for (const [record, timestamp] of this.#restored) this.add(record, timestamp);
    this.#restored = [];
  }

  generate(code: OperatorCode, row: Row): void {
    const self = code.names.constant('async', this);
    code.body.line(`${self}.add(${wholeRecord(row)}, ${row.timestamp ?? 'NaN'});`);
  }

  /** Generated code hands each record in here. */
  add(record: unknown, timestamp: number): void {
    const entry = this.#queue.add(record, timestamp);
    if (this.#running.size < this.#spec.capacity) this.#call(entry);
    else this.#waiting.push(entry);
  }

  #call(entry: AsyncEntry): void {
    const { fn, timeoutMs, retry } = this.#spec;
    const call = fn as unknown as (record: unknown, context: AsyncContext) => unknown;
    const timestamp = Number.isNaN(entry.timestamp) ? undefined : entry.timestamp;
    const running = new RunningCall({
      attempt: (signal) => call(entry.record, { signal, timestamp }),
      timeoutMs,
      retry,
      timers: this.#context.system.timers,
      settle: (outcome) => this.#settle(entry, outcome),
    });
    this.#running.set(entry, running);
    running.start();
  }

  #settle(entry: AsyncEntry, outcome: Outcome): void {
    this.#running.delete(entry);
    if (this.#closed) return;
    try {
      this.#queue.complete(entry, this.#resultOf(entry, outcome));
    } catch (error) {
      this.#context.fail(this.#context.failure(error, entry.record));
      return;
    }
    const next = this.#waiting.shift();
    if (next !== undefined) this.#call(next);
    this.#context.wake();
  }

  #resultOf(entry: AsyncEntry, outcome: Outcome): unknown {
    if ('result' in outcome) return outcome.result;
    const { onTimeout } = this.#spec;
    if (outcome.error instanceof AsyncTimeout && onTimeout !== undefined) return onTimeout(entry.record as never);
    throw outcome.error;
  }

  /** The next completed record, for generated code. */
  take(): AsyncEntry {
    return this.#queue.take();
  }

  get isDue(): boolean {
    return this.#queue.isReady;
  }

  generateDue(code: OperatorCode, limit: string, emit: Emit): string {
    const self = code.names.constant('async', this);
    const entry = code.names.fresh('entry');
    const result = code.names.fresh('result');
    code.body.block(`for (let count = 0; count < ${limit} && ${self}.isDue; count++)`, () => {
      code.body.line(`const ${entry} = ${self}.take();`);
      code.body.line(`const ${result} = ${entry}.result;`);
      emit(valueRow(result, `${entry}.timestamp`));
    });
    return `!${self}.isDue`;
  }

  /** Results that are due are emitted even while records wait. */
  isReady(): boolean {
    return this.#waiting.length === 0 || this.isDue;
  }

  get outstanding(): boolean {
    return this.#queue.size > 0;
  }

  advanceEventTime(watermark: number): void {
    this.#queue.advance(watermark);
  }

  get watermark(): number {
    return this.#queue.watermark;
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    for (const call of this.#running.values()) call.abort();
    this.#running.clear();
  }
}
