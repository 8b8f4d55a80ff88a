/**
 * Drives one operator, or a chain of them, record by record: with the engine's own compiler, subtasks, exchanges and time, on a
 * clock that only the test moves. What a call brings forth is there when it returns.
 *
 *     processElement ─▶ input ─▶ exchange ─▶ the operator under test ─▶ output
 */

import type { DataStream } from '../api/data-stream.ts';
import { MillraceError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import { anything, checkOptions, flag, type OptionRules, oneOf, optional, unexpected, wholeNumber } from '../base/options.ts';
import type { Holdings } from '../compiler/operator.ts';
import type { AggregateFunction } from '../operators/keyed-fold.ts';
import type {
  BroadcastProcessFunction,
  CoProcessFunction,
  KeyedBroadcastProcessFunction,
  KeyedCoProcessFunction,
  MixedDeclarations,
} from '../operators/process/co-process.ts';
import { OutputTag } from '../operators/process/context.ts';
import type { KeyedProcessFunction } from '../operators/process/keyed-process.ts';
import type { ProcessFunction } from '../operators/process/process.ts';
import { nodeSystem } from '../platform/node-system.ts';
import type { OperatorStateDeclarations, StateDeclarations } from '../state/descriptors.ts';
import { type HarnessElement, type HarnessFeed, type HarnessRecord, isRecord, type TimedValue } from './harness-channels.ts';
import { HarnessInput } from './harness-input.ts';
import { buildHarnessSlot, type HarnessSlot } from './harness-slot.ts';
import { type HarnessSnapshot, HarnessStates, type PendingSnapshot } from './harness-state.ts';
import { type KeyOf, type MadeOr, wired } from './harness-subject.ts';
import { ManualClock } from './manual-clock.ts';

export interface HarnessOptions {
  /** Side outputs that `sideOutput` is to read. */
  readonly sideOutputs?: readonly OutputTag<unknown>[];
  /** Time of day to begin with, in epoch milliseconds; default 0. */
  readonly now?: number;
  /** Default 'streaming'. */
  readonly runtimeMode?: 'streaming' | 'batch';
  /** What another harness held: the operators go on from there. */
  readonly restore?: HarnessSnapshot;
  /** The output takes one row, and refuses every other one although it has room; default false. */
  readonly slowOutput?: boolean;
  /** Seeds whatever is left to chance; default 1. */
  readonly seed?: number;
  /** Changes to the engine's limits. */
  readonly limits?: Partial<Limits>;
}

/** How the inputs of a function object are keyed. */
export interface KeyedBy<K> {
  /** A field, several fields, or a function; of a function object with two keyed inputs, a pair of such. */
  readonly keyBy: K;
}

export type HarnessRules = HarnessOptions & Partial<KeyedBy<unknown>>;

/** Of the options that are about the operator, and not about one harness. */
export const operatorRules: OptionRules<Omit<HarnessRules, 'restore' | 'slowOutput'>> = {
  sideOutputs: optional({
    expected: 'an array of OutputTags',
    accepts: (value) => Array.isArray(value) && value.every((tag) => tag instanceof OutputTag),
  }),
  now: optional({ expected: 'a number of milliseconds', accepts: Number.isFinite }),
  runtimeMode: optional(oneOf('streaming', 'batch')),
  seed: optional(wholeNumber()),
  limits: optional(anything),
  keyBy: optional(anything),
};

const harnessRules: OptionRules<HarnessRules> = { ...operatorRules, restore: optional(anything), slowOutput: optional(flag) };

/** Turns of the event loop without anything new after which nothing is expected of it. */
const idleTurns = 8;

/** A harness around an operator with rows of the type `R`. `operatorHarness` makes it. */
export class OperatorHarness<R, A = unknown, B = never> {
  /** The first input, which is the only one of most operators. */
  readonly first: HarnessInput<A>;
  readonly clock: ManualClock;
  /** What the operators warned of. */
  readonly warnings: string[] = [];
  readonly #second: HarnessInput<B> | undefined;
  readonly #slot: HarnessSlot;
  readonly #states: HarnessStates;
  #taken = 0;
  #woken = false;
  #failure: unknown;
  #closed = false;

  /** @internal */
  constructor(subject: unknown, options: HarnessRules, of: string) {
    const checked = checkOptions<HarnessRules>(options, harnessRules, of);
    const { keyBy, sideOutputs = [], now = 0, runtimeMode = 'streaming', restore, slowOutput = false, seed = 1, limits = {} } = checked;
    const { timers } = nodeSystem();
    this.clock = new ManualClock(now, (callback) => timers.soon(callback));
    this.#slot = buildHarnessSlot({
      wired: wired(subject, keyBy, of),
      clock: this.clock,
      runtimeMode,
      limits,
      sideOutputs,
      slowOutput,
      seed,
      wake: () => {
        this.#woken = true;
      },
      fail: (error) => {
        this.#failure ??= error;
      },
      warn: (message) => {
        if (message !== '') this.warnings.push(message);
      },
    });
    this.#states = new HarnessStates(this.#slot.operators);
    const [first, second] = this.#slot.feeds;
    const run = (): void => void this.#run();
    this.first = new HarnessInput<A>(first as HarnessFeed, run);
    this.#second = second === undefined ? undefined : new HarnessInput<B>(second, run);
    if (restore !== undefined) this.#restore(restore);
    for (const task of this.#slot.tasks) task.open();
    this.#run();
  }

  /** The second input of an operator that has two. */
  get second(): HarnessInput<B> {
    if (this.#second === undefined) throw new MillraceError('ENDPOINT', 'the operator in the harness has one input');
    return this.#second;
  }

  /** All inputs. */
  get inputs(): readonly (HarnessInput<A> | HarnessInput<B>)[] {
    return this.#second === undefined ? [this.first] : [this.first, this.#second];
  }

  /** As of the first input. */
  processElement(value: A, timestamp?: number): void {
    this.first.processElement(value, timestamp);
  }

  /** As of the first input. */
  processElements(records: readonly TimedValue<A>[]): void {
    this.first.processElements(records);
  }

  /** Event time of every input has come to `time`. */
  processWatermark(time: number): void {
    for (const input of this.inputs) input.processWatermark(time);
  }

  /** The time of day has come to `time`, in epoch milliseconds; on its way, timers fire at their times. */
  setProcessingTime(time: number): void {
    const now = this.clock.now();
    if (!(time >= now)) throw unexpected('setProcessingTime', `a time from ${now} on`, time);
    this.advanceProcessingTime(time - now);
  }

  /** So many milliseconds pass. */
  advanceProcessingTime(milliseconds: number): void {
    const end = this.clock.monotonic() + milliseconds;
    this.#run();
    for (let next = this.#nextTime(); next <= end; next = this.#nextTime()) {
      this.clock.advance(next - this.clock.monotonic());
      this.#run();
    }
    this.clock.advance(Math.max(0, end - this.clock.monotonic()));
    this.#run();
  }

  /** Monotonic time at which something is due that is not yet; Infinity for none. */
  #nextTime(): number {
    const now = this.clock.monotonic();
    const times = [this.clock.nextTimer, ...this.#slot.tasks.map(({ deadline }) => deadline)].filter((time) => time > now);
    return Math.min(Number.POSITIVE_INFINITY, ...times);
  }

  /** Lets the event loop turn until nothing comes of it any more: for operators that call asynchronous functions. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < idleTurns; turns++) {
      await this.#turn();
      if (this.#run()) turns = -1;
    }
  }

  /** Whether results of asynchronous functions are outstanding. */
  get outstanding(): boolean {
    return this.#slot.operators.some(({ instance }) => instance.outstanding === true);
  }

  /**
   * The inputs end: what is left in the operators comes out, timers fire, and the operators are closed. While something is waited
   * for, time passes.
   */
  async end(): Promise<void> {
    for (const feed of this.#slot.feeds) feed.end();
    this.#run();
    for (let turns = 0; this.#slot.tasks.some(({ phase }) => phase !== 'finished'); turns++) {
      await this.#turn();
      if (this.#run()) turns = 0;
      else if (turns > idleTurns && this.#nextTime() < Number.POSITIVE_INFINITY) {
        this.clock.advance(this.#nextTime() - this.clock.monotonic());
        this.#run();
      }
    }
    this.close();
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.clock.soon(resolve));
  }

  /** Closes the operators where they stand, as when a job is cancelled. @throws what one of them throws */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const failures = this.#slot.tasks.map((task) => task.close()).filter((failure) => failure !== undefined);
    if (failures.length > 0) throw failures[0];
  }

  /** The rows of the main output so far. */
  get output(): R[] {
    return this.records.map(({ value }) => value);
  }

  /** The same, each with its event time. */
  get records(): HarnessRecord<R>[] {
    return this.elements.filter(isRecord);
  }

  /** Records and watermarks of the main output so far, in order. */
  get elements(): readonly HarnessElement<R>[] {
    return this.#slot.main.elements as HarnessElement<R>[];
  }

  /** The watermarks of the main output so far. */
  get watermarks(): number[] {
    return this.elements.flatMap((element) => (isRecord(element) ? [] : [element.watermark]));
  }

  /** Whether the output holds no watermark back. */
  get idle(): boolean {
    return this.#slot.main.idle;
  }

  /** The rows of the main output since the last call. */
  takeOutput(): R[] {
    const rows = this.output.slice(this.#taken);
    this.#taken += rows.length;
    return rows;
  }

  /** The rows of a side output so far, which the option `sideOutputs` names. */
  sideOutput<S>(tag: OutputTag<S>): S[] {
    return this.sideRecords(tag).map(({ value }) => value);
  }

  /** The same, each with its event time. */
  sideRecords<S>(tag: OutputTag<S>): HarnessRecord<S>[] {
    const side = this.#slot.sides.get(tag.id);
    if (side !== undefined) return (side.elements as HarnessElement<S>[]).filter(isRecord);
    throw new MillraceError('ENDPOINT', `nobody reads the side output '${tag.id}': name it in the option sideOutputs of the harness`);
  }

  /** Records that were too late and went nowhere. */
  get lateRecords(): number {
    return this.#slot.counters.reduce((sum, counters) => sum + counters.read().lateRecords, 0);
  }

  /** Timers of event time that are registered. */
  numEventTimeTimers(): number {
    return this.#count('eventTimers');
  }

  /** Timers of the time of day that are registered. */
  numProcessingTimeTimers(): number {
    return this.#count('processingTimers');
  }

  /** States that hold something: of two keys with two states each, four. */
  numKeyedStateEntries(): number {
    return this.#count('states');
  }

  #count(what: keyof Holdings): number {
    return this.#slot.operators.reduce((sum, { instance }) => sum + (instance.holdings?.[what] ?? 0), 0);
  }

  /**
   * What the operators hold, in the bytes that a savepoint would write: plain data, of which later changes do not show.
   *
   * @throws MillraceError UNSUPPORTED_VALUE where state is no plain data
   */
  snapshot(): HarnessSnapshot {
    return this.#states.begin(true).finish();
  }

  /** @internal Begins to take what has changed, as a checkpoint does: it is encoded later, whatever has changed in between. */
  beginCheckpoint(): PendingSnapshot {
    return this.#states.begin(false);
  }

  #restore(snapshot: HarnessSnapshot): void {
    const { operators } = this.#slot;
    const kindsOf = (each: readonly { readonly kind: string }[]): string => each.map(({ kind }) => kind).join(', ');
    if (!Array.isArray(snapshot?.operators)) throw unexpected('restore', 'what snapshot() of a harness returned', snapshot);
    if (kindsOf(snapshot.operators) !== kindsOf(operators))
      throw unexpected('restore', `a snapshot of ${kindsOf(operators)}`, snapshot, `one of ${kindsOf(snapshot.operators)}`);
    this.#states.restore(snapshot);
  }

  /** Goes on until nothing moves; false when nothing did at all. */
  #run(): boolean {
    let worked = false;
    while (this.#round()) worked = true;
    return worked;
  }

  #round(): boolean {
    this.#woken = false;
    const refusals = this.#slot.refusals();
    let moved = false;
    for (const task of this.#slot.tasks) if (task.phase !== 'finished' && task.step() === 'worked') moved = true;
    if (this.#failure !== undefined) throw this.#failure;
    for (const output of [this.#slot.main, ...this.#slot.sides.values()]) if (output.take()) moved = true;
    return moved || this.#woken || this.#slot.refusals() !== refusals;
  }
}

/**
 * A harness around the operator that a builder makes of a stream, or of two; or around a function object, whose kind its methods
 * tell: a process function, one on two streams, one on a broadcast stream, an aggregate function.
 *
 * @throws MillraceError INVALID_OPTION
 * @example
 * const harness = operatorHarness((clicks: DataStream<Click>) => clicks.keyBy('user').aggregate({ clicks: count() }));
 * harness.processElement({ user: 'a', at: 1000 }, 1000);
 * harness.output; // [{ key: 'a', clicks: 1 }]
 * @example
 * const harness = operatorHarness(sessions, { keyBy: 'user' }); // a KeyedProcessFunction
 * harness.processElement({ user: 'a', at: 1000 }, 1000);
 * harness.processWatermark(5000);
 * harness.output; // what the timer brought
 */
export function operatorHarness<A, B, R, K, D extends MixedDeclarations = Record<never, never>>(
  fn: MadeOr<KeyedBroadcastProcessFunction<K, A, B, R, D>>,
  options: HarnessOptions & KeyedBy<KeyOf<A>>,
): OperatorHarness<R, A, B>;
export function operatorHarness<A, B, R, K, D extends StateDeclarations = Record<never, never>>(
  fn: MadeOr<KeyedCoProcessFunction<K, A, B, R, D>>,
  options: HarnessOptions & KeyedBy<readonly [KeyOf<A>, KeyOf<B>]>,
): OperatorHarness<R, A, B>;
export function operatorHarness<A, B, R, D extends OperatorStateDeclarations = Record<never, never>>(
  fn: MadeOr<BroadcastProcessFunction<A, B, R, D>>,
  options?: HarnessOptions,
): OperatorHarness<R, A, B>;
export function operatorHarness<A, B, R>(fn: MadeOr<CoProcessFunction<A, B, R>>, options?: HarnessOptions): OperatorHarness<R, A, B>;
export function operatorHarness<T, A, R>(
  fn: MadeOr<AggregateFunction<T, A, R>>,
  options: HarnessOptions & KeyedBy<KeyOf<T>>,
): OperatorHarness<R, T>;
export function operatorHarness<T, R, K, D extends StateDeclarations = Record<never, never>>(
  fn: MadeOr<KeyedProcessFunction<K, T, R, D>>,
  options: HarnessOptions & KeyedBy<KeyOf<T>>,
): OperatorHarness<R, T>;
export function operatorHarness<T, R>(fn: MadeOr<ProcessFunction<T, R>>, options?: HarnessOptions): OperatorHarness<R, T>;
export function operatorHarness<A, R>(build: (stream: DataStream<A>) => DataStream<R>, options?: HarnessOptions): OperatorHarness<R, A>;
export function operatorHarness<A, B, R>(
  build: (first: DataStream<A>, second: DataStream<B>) => DataStream<R>,
  options?: HarnessOptions,
): OperatorHarness<R, A, B>;
export function operatorHarness(subject: unknown, options: HarnessRules = {}): OperatorHarness<unknown, unknown, unknown> {
  return new OperatorHarness(subject, options, 'operatorHarness');
}
