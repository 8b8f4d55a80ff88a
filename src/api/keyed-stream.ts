/** A stream grouped by a key. */

import { unexpected } from '../base/options.ts';
import type { KeySpec, OperatorSpec, UserFunction } from '../graph/logical.ts';
import type { Aggregator } from '../operators/aggregators/aggregator.ts';
import type { AggregateResult } from '../operators/aggregators/index.ts';
import { keyedAggregateOperator } from '../operators/keyed-aggregate.ts';
import { type AggregateFunction, keyedFoldOperator } from '../operators/keyed-fold.ts';
import { keyedExtremeOperator, keyedReduceOperator } from '../operators/keyed-reduce.ts';
import { type KeyedProcessFunction, keyedProcessOperator } from '../operators/process/keyed-process.ts';
import { type RollingKind, rollingOperator } from '../operators/rolling.ts';
import type { MixedStateDeclarations } from '../state/descriptors.ts';
import { countWindow } from '../time/windows/assigners/count-window.ts';
import type { GlobalWindow, Window } from '../time/windows/window.ts';
import type { WindowAssigner } from '../time/windows/window-assigner.ts';
import { checkAggregation, checkField } from './aggregation-checks.ts';
import { type ConnectedStreams, KeyedBroadcastConnectedStreams, KeyedConnectedStreams } from './connected-streams.ts';
import { BroadcastStream, DataStream, type FieldOf } from './data-stream.ts';
import { IntervalJoin } from './interval-join.ts';
import { checkSameKeys } from './same-keys.ts';
import { countWindowed, type WindowedStream, windowed } from './windowed-stream.ts';

/** What the second function of `aggregate` knows besides the result. */
export interface AggregateContext<K> {
  readonly key: K;
}

/**
 * A `DataStream` whose records of one key meet in one subtask. In streaming mode its aggregations emit a record for every record
 * that comes (they are rolling, as in Flink); in batch mode one final record for each key, at the end of the input.
 */
export class KeyedStream<T, K> extends DataStream<T> {
  /** @internal */
  constructor(stream: DataStream<T>, key: KeySpec) {
    super(
      stream.environment,
      stream.edges.map((edge) => ({ ...edge, partitioner: { kind: 'hash', key } as const })),
      undefined,
    );
  }

  /** Combines the records of each key: `fn(soFar, next)` returns a new record. */
  reduce(fn: (soFar: T, next: T) => T): DataStream<T> {
    return this.#keyed<T>(keyedReduceOperator(fn as UserFunction));
  }

  /** The first record of the key, with the sum of the field; of plain numbers or bigints without a field. */
  sum(field?: FieldOf<T>): DataStream<T> {
    return this.#rolling('sum', field);
  }

  /** The first record of the key, with the smallest value of the field. `minBy` gives the whole smallest record. */
  min(field?: FieldOf<T>): DataStream<T> {
    return this.#rolling('min', field);
  }

  /** The first record of the key, with the largest value of the field. */
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
   * Aggregates the records of each key: rows of the key and a result for each named aggregator, or the result of an aggregate
   * function. `toRow` may make another row of it.
   *
   * @example clicks.keyBy('url').aggregate({ hits: count(), bytes: sum('bytes') }) // { key, hits, bytes }
   */
  aggregate<A extends Readonly<Record<string, Aggregator<T, unknown>>>>(aggregators: A): DataStream<{ key: K } & AggregateResult<A>>;
  aggregate<A extends Readonly<Record<string, Aggregator<T, unknown>>>, R>(
    aggregators: A,
    toRow: (result: { key: K } & AggregateResult<A>, context: AggregateContext<K>) => R,
  ): DataStream<R>;
  aggregate<A, R>(fn: AggregateFunction<T, A, R>): DataStream<R>;
  aggregate<A, R, O>(fn: AggregateFunction<T, A, R>, toRow: (result: R, context: AggregateContext<K>) => O): DataStream<O>;
  // Takes no more than the first two, which must be first for their types to be inferred. Of signatures that do not fit, the
  // compiler tells about the last: this is the one that people mostly mean.
  aggregate<A extends Readonly<Record<string, Aggregator<T, unknown>>>>(
    aggregators: A,
    toRow?: (result: { key: K } & AggregateResult<A>, context: AggregateContext<K>) => unknown,
  ): DataStream<unknown>;
  aggregate(spec: object, toRow?: UserFunction): unknown {
    checkAggregation(spec);
    if ('createAccumulator' in spec) {
      return this.#keyed(keyedFoldOperator(spec as unknown as AggregateFunction<never, never, unknown>, toRow));
    }
    return this.#keyed(keyedAggregateOperator({ aggregators: spec as Record<string, Aggregator<never, unknown>>, toRow: toRow }));
  }

  /**
   * Calls a function with state of each key and timers, or one without.
   *
   * @example see `KeyedProcessFunction`
   */
  override process<R, D extends MixedStateDeclarations = Record<never, never>>(fn: KeyedProcessFunction<K, T, R, D>): DataStream<R> {
    return this.#keyed<R>(keyedProcessOperator(fn as never));
  }

  /**
   * Groups the records of each key into windows.
   *
   * @example clicks.keyBy('url').window(eventTime.tumbling('1m')).sum('bytes')
   */
  window<W extends Window>(assigner: WindowAssigner<T, W>): WindowedStream<T, K, W> {
    return windowed<T, K, W>(this, assigner, 'window');
  }

  /**
   * Windows of `size` records of a key. With a slide, a window of the last `size` records at every `slide` records.
   *
   * @example clicks.keyBy('url').countWindow(100).sum('bytes')
   */
  countWindow(size: number, slide?: number): WindowedStream<T, K, GlobalWindow> {
    return countWindowed<T, K>(this, countWindow(size, slide));
  }

  /** This stream and another that is keyed alike, or a broadcast one; what their functions share is the state of each key. */
  override connect<U>(other: BroadcastStream<U>): KeyedBroadcastConnectedStreams<T, U, K>;
  override connect<U>(other: KeyedStream<U, K>): KeyedConnectedStreams<T, U, K>;
  override connect<U>(other: DataStream<U>): ConnectedStreams<T, U>;
  override connect<U>(other: DataStream<U>): object {
    if (other instanceof BroadcastStream) {
      this.checkOther(other, 'connect');
      return new KeyedBroadcastConnectedStreams(this, other);
    }
    if (!(other instanceof KeyedStream)) return super.connect(other);
    checkSameKeys(this.edges, other.edges, 'connect');
    return new KeyedConnectedStreams(this, other);
  }

  /**
   * Joins this stream with another that is keyed alike: each record with those of the other stream whose event time lies in an
   * interval around its own.
   *
   * @example orders.keyBy('id').intervalJoin(payments.keyBy('orderId')).between(0, '1h').process(…)
   */
  intervalJoin<U>(other: KeyedStream<U, K>): IntervalJoin<T, U> {
    if (!(other instanceof KeyedStream)) throw unexpected('intervalJoin', 'a keyed stream, such as payments.keyBy(…)', other);
    this.checkOther(other, 'intervalJoin');
    checkSameKeys(this.edges, other.edges, 'intervalJoin');
    return new IntervalJoin<T, U>(this, other);
  }

  #rolling(kind: RollingKind, field: FieldOf<T> | undefined): DataStream<T> {
    checkField(kind, field);
    return this.#keyed<T>(rollingOperator({ kind, field: field === undefined ? undefined : String(field) }));
  }

  #extreme(kind: 'minBy' | 'maxBy', field: FieldOf<T> | undefined): DataStream<T> {
    checkField(kind, field);
    return this.#keyed<T>(keyedExtremeOperator({ kind, field: field === undefined ? undefined : String(field) }));
  }

  /** Adds an operator that knows how its key is found. */
  #keyed<R>(spec: OperatorSpec): DataStream<R> {
    return this.transform<R>(spec);
  }
}
