/** Streams whose records are grouped into windows, keyed or not. */

import { type Duration, parseDuration } from '../base/duration.ts';
import { MillraceError } from '../base/errors.ts';
import type { OperatorSpec, UserFunction } from '../graph/logical.ts';
import type { Aggregator } from '../operators/aggregators/aggregator.ts';
import type { AggregateResult } from '../operators/aggregators/index.ts';
import type { AggregateFunction } from '../operators/keyed-fold.ts';
import { checkTag, type OutputTag } from '../operators/process/context.ts';
import type { RollingKind } from '../operators/rolling.ts';
import { canSlice, canSliceFold, sliceAggregateOperator, sliceFoldOperator } from '../operators/window/slices/slice-aggregate.ts';
import {
  type AnyProcessFunction,
  aggregateComputation,
  aggregatorsComputation,
  applyComputation,
  extremeComputation,
  processComputation,
  reduceComputation,
  rollingComputation,
  type Then,
  type WindowComputation,
} from '../operators/window/window-computation.ts';
import type { AllWindowFunction, ProcessWindowFunction, WindowFunction, WindowResultContext } from '../operators/window/window-function.ts';
import { windowOperator } from '../operators/window/window-operator.ts';
import { checkAssigner, checkEvictor, checkMerging, checkTrigger, type WindowSpec } from '../operators/window/window-spec.ts';
import type { StateDeclarations } from '../state/descriptors.ts';
import type { CountWindow } from '../time/windows/assigners/count-window.ts';
import type { Evictor } from '../time/windows/evictor.ts';
import type { Trigger } from '../time/windows/trigger.ts';
import type { GlobalWindow, TimeWindow, Window } from '../time/windows/window.ts';
import type { WindowAssigner } from '../time/windows/window-assigner.ts';
import { checkAggregation, checkField } from './aggregation-checks.ts';
import type { DataStream, FieldOf } from './data-stream.ts';

type NoStates = Record<never, never>;

type Aggregators<T> = Readonly<Record<string, Aggregator<T, unknown>>>;

/** What rows of windows of time say of their window. */
export type WindowBounds<W extends Window> = W extends TimeWindow ? { start: number; end: number } : unknown;

/** What `aggregate({ … })` on windows makes rows of. */
export type WindowRow<W extends Window, A> = WindowBounds<W> & AggregateResult<A>;

/** What windows of both kinds have. Rows of aggregators begin with what `Keyed` has: the key, or nothing. */
abstract class Windowed<T, K, W extends Window, Keyed> {
  /** @internal */
  protected readonly stream: DataStream<T>;
  /** @internal */
  protected readonly spec: WindowSpec;

  /** @internal */
  constructor(stream: DataStream<T>, spec: WindowSpec) {
    checkMerging(spec);
    this.stream = stream;
    this.spec = spec;
  }

  /**
   * Says when windows fire, in place of the assigner's own trigger.
   *
   * @example windowed.trigger(triggers.purging(triggers.count(100)))
   */
  trigger(trigger: Trigger<T, W>): this {
    return this.with({ trigger: checkTrigger(trigger) });
  }

  /**
   * Removes records from windows that fire. Windows hold all of their records then, also for `reduce` and `aggregate`.
   *
   * @example windowed.evictor(evictors.count(100))
   */
  evictor(evictor: Evictor<T, W>): this {
    return this.with({ evictor: checkEvictor(evictor) });
  }

  /** How long a window of event time stays behind the watermark that ends it: a record that comes for it has it fire again. Default 0. */
  allowedLateness(lateness: Duration): this {
    return this.with({ allowedLatenessMs: parseDuration(lateness, 'allowedLateness') });
  }

  /**
   * Sends records that all of their windows were too late for to a side output: `getSideOutput(tag)` of the result reads them.
   * Without it they are counted, and told of once.
   */
  sideOutputLateData(tag: OutputTag<T>): this {
    return this.with({ lateTag: checkTag(tag, 'sideOutputLateData').id });
  }

  /**
   * Combines the records of a window into one: `fn(soFar, next)` returns a new record. What follows may make another row of it, or
   * is a whole function of the window.
   */
  reduce(fn: (soFar: T, next: T) => T): DataStream<T>;
  reduce<R>(fn: (soFar: T, next: T) => T, toRow: (result: T, context: WindowResultContext<K, W>) => R): DataStream<R>;
  reduce<R, S extends StateDeclarations = NoStates, G extends StateDeclarations = NoStates>(
    fn: (soFar: T, next: T) => T,
    process: ProcessWindowFunction<T, R, K, W, S, G>,
  ): DataStream<R>;
  reduce(fn: UserFunction, then?: unknown): unknown {
    return this.#folded(reduceComputation(fn, then as Then), then as Then);
  }

  /**
   * Aggregates the records of a window: rows of its key, its bounds, and a result for each named aggregator; or the result of an
   * aggregate function. What follows may make another row of it, or is a whole function of the window.
   *
   * @example windowed.aggregate({ hits: count() }, ({ key, hits }) => `${key}: ${hits}`)
   */
  aggregate<A extends Aggregators<T>>(aggregators: A): DataStream<Keyed & WindowRow<W, A>>;
  aggregate<A extends Aggregators<T>, R>(
    aggregators: A,
    toRow: (row: Keyed & WindowRow<W, A>, context: WindowResultContext<K, W>) => R,
  ): DataStream<R>;
  aggregate<A extends Aggregators<T>, R, S extends StateDeclarations = NoStates, G extends StateDeclarations = NoStates>(
    aggregators: A,
    process: ProcessWindowFunction<Keyed & WindowRow<W, A>, R, K, W, S, G>,
  ): DataStream<R>;
  aggregate<A, R>(fn: AggregateFunction<T, A, R>): DataStream<R>;
  aggregate<A, R, O>(fn: AggregateFunction<T, A, R>, toRow: (result: R, context: WindowResultContext<K, W>) => O): DataStream<O>;
  aggregate<A, R, O, S extends StateDeclarations = NoStates, G extends StateDeclarations = NoStates>(
    fn: AggregateFunction<T, A, R>,
    process: ProcessWindowFunction<R, O, K, W, S, G>,
  ): DataStream<O>;
  aggregate(spec: object, then?: unknown): unknown {
    return this.aggregated(spec, then as Then);
  }

  /** The first record of the window, with the sum of the field; of plain numbers or bigints without a field. */
  sum(field?: FieldOf<T>): DataStream<T> {
    return this.#rolling('sum', field);
  }

  /** The first record of the window, with the smallest value of the field. `minBy` gives the whole smallest record. */
  min(field?: FieldOf<T>): DataStream<T> {
    return this.#rolling('min', field);
  }

  /** The first record of the window, with the largest value of the field. */
  max(field?: FieldOf<T>): DataStream<T> {
    return this.#rolling('max', field);
  }

  /** The record with the smallest value of the field, the first one among equals. */
  minBy(field?: FieldOf<T>): DataStream<T> {
    return this.#extreme('minBy', field);
  }

  /** The record with the largest value of the field, the first one among equals. */
  maxBy(field?: FieldOf<T>): DataStream<T> {
    return this.#extreme('maxBy', field);
  }

  /**
   * Calls a function with the window and its records, which are held until the window ends. It has states, side outputs, and a life
   * cycle.
   *
   * @example see `ProcessWindowFunction`
   */
  process<R, S extends StateDeclarations = NoStates, G extends StateDeclarations = NoStates>(
    fn: ProcessWindowFunction<T, R, K, W, S, G>,
  ): DataStream<R> {
    return this.compute<R>(processComputation(fn as unknown as AnyProcessFunction));
  }

  #rolling(kind: RollingKind, field: FieldOf<T> | undefined): DataStream<T> {
    checkField(kind, field);
    return this.#folded(rollingComputation({ kind, field: field === undefined ? undefined : String(field) }));
  }

  #extreme(kind: 'minBy' | 'maxBy', field: FieldOf<T> | undefined): DataStream<T> {
    checkField(kind, field);
    return this.#folded(extremeComputation({ kind, field: field === undefined ? undefined : String(field) }));
  }

  /** @internal */
  protected with(changes: Partial<WindowSpec>): this {
    return new (this.constructor as new (stream: DataStream<T>, spec: WindowSpec) => this)(this.stream, { ...this.spec, ...changes });
  }

  /** @internal */
  protected aggregated(spec: object, then: Then): DataStream<never> {
    checkAggregation(spec);
    if ('createAccumulator' in spec) {
      return this.#folded(aggregateComputation(spec as unknown as AggregateFunction<never, never, unknown>, then), then);
    }
    const aggregators = spec as Record<string, Aggregator<never, unknown>>;
    const computation = aggregatorsComputation(aggregators, then, this.spec);
    if (!isPlain(then) || !canSlice(this.spec, aggregators)) return this.compute(computation);
    return this.#transformed(sliceAggregateOperator(this.spec, { aggregators, toRow: then }));
  }

  /** By slices where these are windows, which is faster. */
  #folded(computation: WindowComputation, then?: Then): DataStream<never> {
    if (!isPlain(then) || !canSliceFold(this.spec)) return this.compute(computation);
    return this.#transformed(sliceFoldOperator(this.spec, computation, then));
  }

  /** @internal */
  protected compute<R>(computation: WindowComputation): DataStream<R> {
    if (this.spec.assigner.mergeWindows !== undefined && Object.keys(computation.finish.windowState).length > 0) {
      throw new MillraceError(
        'INVALID_OPTION',
        `${computation.title}: windows that merge have no windowState: whose would it be, when several become one? globalState is there for all windows of a key`,
      );
    }
    return this.#transformed<R>(windowOperator({ spec: this.spec, computation }));
  }

  #transformed<R>(operator: OperatorSpec): DataStream<R> {
    const results = this.stream.transform<R>(operator);
    return this.spec.keyed ? results : results.setParallelism(1);
  }
}

/**
 * A keyed stream with windows. Each of its methods that computes something gives a stream of what the windows hand out, in which
 * records have the last millisecond of their window as their event time.
 *
 * @example
 * logs.keyBy('url').window(eventTime.tumbling('1m')).aggregate({ hits: count(), bytes: sum('bytes') })
 * // { key, start, end, hits, bytes }
 */
export class WindowedStream<T, K, W extends Window> extends Windowed<T, K, W, { key: K }> {
  /** Calls a function with the key, the window and its records, which are held until the window ends. */
  apply<R>(fn: WindowFunction<T, R, K, W>): DataStream<R> {
    return this.compute<R>(applyComputation(fn as UserFunction, this.spec));
  }
}

/**
 * A stream without keys, with windows over all of its records: one subtask does all the work.
 *
 * @example readings.windowAll(eventTime.tumbling('1m')).aggregate({ max: max('celsius') }) // { start, end, max }
 */
export class AllWindowedStream<T, W extends Window> extends Windowed<T, undefined, W, unknown> {
  /** Calls a function with the window and its records, which are held until the window ends. */
  apply<R>(fn: AllWindowFunction<T, R, W>): DataStream<R> {
    return this.compute<R>(applyComputation(fn as UserFunction, this.spec));
  }
}

/** Whether it makes another row of a result, if anything. */
function isPlain(then: Then): then is UserFunction | undefined {
  return then === undefined || typeof then === 'function';
}

function specOf<T, W extends Window>(assigner: WindowAssigner<T, W>, keyed: boolean): WindowSpec {
  return { assigner: assigner as never, trigger: undefined, evictor: undefined, allowedLatenessMs: 0, lateTag: undefined, keyed };
}

/** @param of the method that was called */
export function windowed<T, K, W extends Window>(
  stream: DataStream<T>,
  assigner: WindowAssigner<T, W>,
  of: string,
): WindowedStream<T, K, W> {
  return new WindowedStream<T, K, W>(stream, specOf(checkAssigner(assigner, of), true));
}

export function allWindowed<T, W extends Window>(
  stream: DataStream<T>,
  assigner: WindowAssigner<T, W>,
  of: string,
): AllWindowedStream<T, W> {
  return new AllWindowedStream<T, W>(stream, specOf(checkAssigner(assigner, of), false));
}

export function countWindowed<T, K>(stream: DataStream<T>, windows: CountWindow): WindowedStream<T, K, GlobalWindow> {
  return new WindowedStream<T, K, GlobalWindow>(stream, countSpec(windows, true));
}

export function allCountWindowed<T>(stream: DataStream<T>, windows: CountWindow): AllWindowedStream<T, GlobalWindow> {
  return new AllWindowedStream<T, GlobalWindow>(stream, countSpec(windows, false));
}

function countSpec({ assigner, trigger, evictor }: CountWindow, keyed: boolean): WindowSpec {
  return { ...specOf(assigner, keyed), trigger: trigger as never, evictor: evictor as never };
}
