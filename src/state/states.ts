/**
 * States as functions see them, typed from their declarations. There is one object for each state of a subtask; it reads and
 * writes the state of the key whose record or timer is being processed.
 */

import type {
  AggregatingStateDescriptor,
  BroadcastStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  MixedStateDeclarations,
  OperatorListStateDescriptor,
  OperatorStateDeclarations,
  ReducingStateDescriptor,
  StateDeclarations,
  ValueStateDescriptor,
} from './descriptors.ts';

/**
 * One value.
 *
 * @example ctx.state.visits.update((ctx.state.visits.value ?? 0) + 1)
 */
export interface ValueState<T, Empty = undefined> {
  /** Undefined, or the declared default, when there is none. */
  readonly value: T | Empty;
  /** Undefined clears the state. */
  update(value: T): void;
  clear(): void;
}

/**
 * A list of elements. One without elements is no state.
 *
 * @example
 * ctx.state.log.add(event);
 * for (const event of ctx.state.log) out(event);
 */
export interface ListState<T> extends Iterable<T> {
  /** How many elements `get()` would return. */
  readonly length: number;
  /** The elements in the order in which they were added. The array is yours: what is added later does not show in it. */
  get(): readonly T[];
  add(value: T): void;
  addAll(values: Iterable<T>): void;
  /** Replaces all elements. */
  update(values: Iterable<T>): void;
  clear(): void;
}

/**
 * A map whose keys are equal by content. One without entries is no state. Entries come in the order in which they were first
 * set; as with a `Map`, it may be changed while it is gone through.
 *
 * @example
 * ctx.state.pages.set(url, (ctx.state.pages.get(url) ?? 0) + 1);
 */
export interface MapState<K, V> extends ReadOnlyMapState<K, V> {
  set(key: K, value: V): this;
  /** Whether there was such an entry. */
  delete(key: K): boolean;
  clear(): void;
}

/** A map that may only be read; as broadcast state is for records that are not broadcast. */
export interface ReadOnlyMapState<K, V> extends Iterable<[K, V]> {
  /** How many entries there are. Counts them where they expire. */
  readonly size: number;
  isEmpty(): boolean;
  get(key: K): V | undefined;
  has(key: K): boolean;
  entries(): IterableIterator<[K, V]>;
  keys(): IterableIterator<K>;
  values(): IterableIterator<V>;
}

/**
 * A value that every added value is combined with.
 *
 * @example ctx.state.largest.add(reading.celsius)
 */
export interface ReducingState<T> {
  add(value: T): void;
  /** Undefined when nothing was added. */
  get(): T | undefined;
  clear(): void;
}

/**
 * What values were added to.
 *
 * @example
 * ctx.state.mean.add(reading.celsius);
 * out({ sensor: ctx.key, mean: ctx.state.mean.get() });
 */
export interface AggregatingState<In, Out> {
  add(value: In): void;
  /** Undefined when nothing was added. */
  get(): Out | undefined;
  clear(): void;
}

/** The state that a descriptor describes. */
export type StateFor<S> =
  S extends ValueStateDescriptor<infer T, infer Empty>
    ? ValueState<T, Empty>
    : S extends ListStateDescriptor<infer T>
      ? ListState<T>
      : S extends MapStateDescriptor<infer K, infer V>
        ? MapState<K, V>
        : S extends ReducingStateDescriptor<infer T>
          ? ReducingState<T>
          : S extends AggregatingStateDescriptor<infer In, infer Out>
            ? AggregatingState<In, Out>
            : S extends OperatorListStateDescriptor<infer T>
              ? ListState<T>
              : S extends BroadcastStateDescriptor<infer K, infer V>
                ? MapState<K, V>
                : never;

/**
 * What `ctx.state` is for a declaration.
 *
 * @example
 * const state = { last: valueState<number>(), seen: mapState<string, Date>() };
 * type State = StateOf<typeof state>; // { last: ValueState<number>, seen: MapState<string, Date> }
 */
export type StateOf<D extends StateDeclarations | OperatorStateDeclarations | MixedStateDeclarations> = {
  readonly [Name in keyof D]: StateFor<D[Name]>;
};

/** The same, where broadcast state may only be read. */
export type ReadOnlyStateOf<D extends OperatorStateDeclarations> = {
  readonly [Name in keyof D]: D[Name] extends BroadcastStateDescriptor<infer K, infer V> ? ReadOnlyMapState<K, V> : StateFor<D[Name]>;
};
