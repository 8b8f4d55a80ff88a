/** Two streams that one operator takes: with a function for each, and state that both share. */

import type { OperatorSpec, UserFunction } from '../graph/logical.ts';
import { coFlatMapOperator, coMapOperator } from '../operators/co-map.ts';
import {
  type BroadcastProcessFunction,
  type CoProcessFunction,
  coProcessOperator,
  type KeyedBroadcastProcessFunction,
  type KeyedCoProcessFunction,
  type MixedDeclarations,
} from '../operators/process/co-process.ts';
import type { ListStateDeclarations, MixedStateDeclarations, OperatorStateDeclarations } from '../state/descriptors.ts';
import type { DataStream, FieldOf, FieldValue } from './data-stream.ts';
import { checkSameKeys } from './same-keys.ts';

abstract class Connection<A, B> {
  /** @internal */
  protected readonly first: DataStream<A>;
  /** @internal */
  protected readonly second: DataStream<B>;

  /** @internal */
  constructor(first: DataStream<A>, second: DataStream<B>) {
    this.first = first;
    this.second = second;
  }

  /** @internal */
  protected transform<R>(spec: OperatorSpec): DataStream<R> {
    return this.first.transformWith<R>(spec, [this.second as DataStream<unknown>]);
  }
}

/** Two streams that are connected, each with records of its own type. */
export class ConnectedStreams<A, B> extends Connection<A, B> {
  /**
   * One record out for each record in.
   *
   * @example orders.connect(prices).map((order) => order.id, (price) => price.id)
   */
  map<R>(first: (value: A) => R, second: (value: B) => R): DataStream<R> {
    return this.transform<R>(coMapOperator(first as UserFunction, second as UserFunction));
  }

  /** Any number of records out for each record in, as `flatMap` on one stream. */
  flatMap<R>(
    // biome-ignore lint/suspicious/noConfusingVoidType: a function that only emits returns nothing.
    first: (value: A, emit: (record: R) => void) => Iterable<R> | null | undefined | void,
    // biome-ignore lint/suspicious/noConfusingVoidType: as above.
    second: (value: B, emit: (record: R) => void) => Iterable<R> | null | undefined | void,
  ): DataStream<R> {
    return this.transform<R>(coFlatMapOperator(first as UserFunction, second as UserFunction));
  }

  /** Calls a `CoProcessFunction`: any number of records out, side outputs, a life cycle, state of the subtask. */
  process<R, D extends ListStateDeclarations = Record<never, never>>(fn: CoProcessFunction<A, B, R, D>): DataStream<R> {
    return this.transform<R>(coProcessOperator({ fn, keyed: false, broadcast: false }));
  }

  /** Keys both streams, so that the records of one key meet in one subtask and share its state. */
  keyBy<const F extends FieldOf<A>, const G extends FieldOf<B>>(
    first: F,
    second: G,
  ): KeyedConnectedStreams<A, B, FieldValue<A, F> | FieldValue<B, G>>;
  keyBy<K>(first: (value: A) => K, second: (value: B) => K): KeyedConnectedStreams<A, B, K>;
  keyBy(first: unknown, second: unknown): KeyedConnectedStreams<A, B, unknown> {
    const [one, other] = [this.first.keyBy(first as never), this.second.keyBy(second as never)];
    checkSameKeys(one.edges, other.edges, 'keyBy');
    return new KeyedConnectedStreams(one, other as never);
  }
}

/** Two keyed streams that are connected: the records of one key meet in one subtask and share its state. */
export class KeyedConnectedStreams<A, B, K> extends ConnectedStreams<A, B> {
  declare protected readonly key: K;

  /** Calls a `KeyedCoProcessFunction`: state of each key, timers, side outputs. */
  override process<R, D extends MixedStateDeclarations = Record<never, never>>(fn: KeyedCoProcessFunction<K, A, B, R, D>): DataStream<R> {
    return this.transform<R>(coProcessOperator({ fn, keyed: true, broadcast: false }));
  }
}

/** A stream and a broadcast one: every subtask of the operator gets every record of the second. */
export class BroadcastConnectedStreams<A, B> extends Connection<A, B> {
  process<R, D extends OperatorStateDeclarations = Record<never, never>>(fn: BroadcastProcessFunction<A, B, R, D>): DataStream<R> {
    return this.transform<R>(coProcessOperator({ fn, keyed: false, broadcast: true }));
  }
}

/** A keyed stream and a broadcast one. */
export class KeyedBroadcastConnectedStreams<A, B, K> extends Connection<A, B> {
  declare protected readonly key: K;

  process<R, D extends MixedDeclarations = Record<never, never>>(fn: KeyedBroadcastProcessFunction<K, A, B, R, D>): DataStream<R>;
  process<R, D extends OperatorStateDeclarations = Record<never, never>>(fn: BroadcastProcessFunction<A, B, R, D>): DataStream<R>;
  process<R>(fn: object): DataStream<R> {
    return this.transform<R>(coProcessOperator({ fn, keyed: true, broadcast: true }));
  }
}
