/**
 * Descriptions of states, as functions with state declare them: immutable data, the same for every subtask. What holds the
 * state of one subtask is made of them by `KeyedStates` and `OperatorStates`.
 */

import { isAsync } from '../base/asynchronous.ts';
import type { Duration } from '../base/duration.ts';
import { MillraceError } from '../base/errors.ts';
import { callable, checkArgument, wholeNumber } from '../base/options.ts';
import { parseTtl, type Ttl, type TtlConfig } from './ttl.ts';

/** Never there at run time: carries the types of a description. */
declare const holds: unique symbol;

/** What every keyed state takes. */
export interface StateOptions {
  /** How long the state is kept: a duration, or a `TtlConfig`. Forever by default. */
  readonly ttl?: Duration | TtlConfig;
  /** Of the form of its values: a whole number that is raised whenever later code could not use values that earlier code has stored. Default 0. */
  readonly version?: number;
  /**
   * Makes a value of now of one that an older version stored: a value, an element of a list, a value of a map, or an accumulator.
   * Undefined drops it. Called while state is restored, for each such value.
   */
  migrate?(value: unknown, fromVersion: number): unknown;
}

/** What all descriptions of keyed states say alike. */
interface KeyedStateDescriptor {
  readonly ttl: Ttl | undefined;
  readonly version: number;
  readonly migrate: Migrate | undefined;
}

export type Migrate = (value: unknown, fromVersion: number) => unknown;

/** What `valueState` takes when the state of a key that has none is something else than undefined. */
export interface DefaultedStateOptions<T> extends StateOptions {
  /** What a key without state reads. It does not become state by being read. Objects come from a function, one for each read. */
  readonly default: T | (() => T);
}

export interface ValueStateDescriptor<T, Empty = undefined> extends KeyedStateDescriptor {
  readonly kind: 'value';
  /** Makes what a key without state reads. */
  readonly createDefault: (() => unknown) | undefined;
  readonly [holds]?: { readonly value: T; readonly empty: Empty };
}

export interface ListStateDescriptor<T> extends KeyedStateDescriptor {
  readonly kind: 'list';
  readonly [holds]?: T;
}

export interface MapStateDescriptor<K, V> extends KeyedStateDescriptor {
  readonly kind: 'map';
  readonly [holds]?: { readonly key: K; readonly value: V };
}

export interface ReducingStateDescriptor<T> extends KeyedStateDescriptor {
  readonly kind: 'reducing';
  readonly reduce: (soFar: never, next: never) => unknown;
  readonly [holds]?: T;
}

export interface AggregatingStateDescriptor<In, Out> extends KeyedStateDescriptor {
  readonly kind: 'aggregating';
  readonly aggregate: UntypedAggregate;
  readonly [holds]?: { readonly in: In; readonly out: Out };
}

/** A `StateAggregate` of whatever types. */
export interface UntypedAggregate {
  createAccumulator(): unknown;
  add(value: unknown, accumulator: unknown): unknown;
  getResult(accumulator: unknown): unknown;
  merge?(a: unknown, b: unknown): unknown;
}

/** State of a subtask of an operator without keys. */
export interface OperatorListStateDescriptor<T> {
  readonly kind: 'operator-list';
  /** Who gets which elements when the parallelism changes. */
  readonly redistribution: 'split' | 'union';
  readonly [holds]?: T;
}

/** State that every subtask has alike, because it follows from a broadcast stream alone. */
export interface BroadcastStateDescriptor<K, V> {
  readonly kind: 'broadcast';
  readonly [holds]?: { readonly key: K; readonly value: V };
}

/** A state of each key. */
export type StateDescriptor =
  | ValueStateDescriptor<unknown, unknown>
  | ListStateDescriptor<unknown>
  | MapStateDescriptor<unknown, unknown>
  | ReducingStateDescriptor<unknown>
  | AggregatingStateDescriptor<unknown, unknown>;

/** The states that a function on a keyed stream declares, by name. */
export type StateDeclarations = Readonly<Record<string, StateDescriptor>>;

/** The states that a function without keys declares, by name. */
export type OperatorStateDeclarations = Readonly<
  Record<string, OperatorListStateDescriptor<unknown> | BroadcastStateDescriptor<unknown, unknown>>
>;

/** The states that a function without keys and broadcast streams declares, by name. */
export type ListStateDeclarations = Readonly<Record<string, OperatorListStateDescriptor<unknown>>>;

/** The states that a function with keys may declare: of each key, and of the subtask. */
export type MixedStateDeclarations = Readonly<Record<string, StateDescriptor | OperatorListStateDescriptor<unknown>>>;

/**
 * How an aggregating state adds up. `add` may change the accumulator and return it, or return another.
 *
 * @example
 * const mean: StateAggregate<number, { sum: number; count: number }, number> = {
 *   createAccumulator: () => ({ sum: 0, count: 0 }),
 *   add: (value, { sum, count }) => ({ sum: sum + value, count: count + 1 }),
 *   getResult: ({ sum, count }) => sum / count,
 * };
 */
export interface StateAggregate<In, Acc, Out> {
  createAccumulator(): Acc;
  add(value: In, accumulator: Acc): Acc;
  getResult(accumulator: Acc): Out;
  /** Combines the accumulators of two windows. Only state of windows that merge needs it. */
  merge?(a: Acc, b: Acc): Acc;
}

/**
 * One value for each key.
 *
 * @throws MillraceError INVALID_OPTION for a `ttl` or `version` that is none, and for a default that keys would share
 * @example
 * const last = valueState<number>({ ttl: '1h' }); // ctx.state.last.value is number | undefined
 * const visits = valueState({ default: 0 });      // ctx.state.visits.value is number
 * // Earlier code stored seconds, as version 0:
 * const lastMs = valueState<number>({ version: 1, migrate: (seconds: number) => seconds * 1000 });
 */
export function valueState<T>(options: DefaultedStateOptions<T>): ValueStateDescriptor<T, T>;
export function valueState<T>(options?: StateOptions): ValueStateDescriptor<T>;
export function valueState(options: Partial<DefaultedStateOptions<unknown>> = {}): ValueStateDescriptor<unknown, unknown> {
  return Object.freeze({ kind: 'value', ...commonOf(options, 'valueState'), createDefault: makerOf(options.default) } as const);
}

/** @param of the function that the options were given to, for errors */
function commonOf({ ttl, version = 0, migrate }: StateOptions, of: string): KeyedStateDescriptor {
  const parsed = parseTtl(ttl, of);
  checkArgument(version, wholeNumber(0), `${of}: version`);
  if (migrate === undefined) return { ttl: parsed, version, migrate: undefined };
  checkArgument(migrate, callable, `${of}: migrate`);
  checkSynchronous(migrate, `${of}: migrate`);
  check(version > 0, `${of}: migrate is called for values of older versions, and there is none before 0: write version: 1 beside it`);
  return { ttl: parsed, version, migrate };
}

function makerOf(value: unknown): (() => unknown) | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'function') return value as () => unknown;
  check(
    typeof value !== 'object' || value === null,
    'valueState: all keys would share the object that is the default; write default: () => … to make one for each',
  );
  return () => value;
}

/**
 * A list of elements for each key. With a `ttl` each element expires on its own.
 *
 * @throws MillraceError INVALID_OPTION for a `ttl` that is none
 * @example
 * const log = listState<string>(); // ctx.state.log.add('seen'); ctx.state.log.get() is readonly string[]
 */
export function listState<T>(options: StateOptions = {}): ListStateDescriptor<T> {
  return Object.freeze({ kind: 'list', ...commonOf(options, 'listState') } as const);
}

/**
 * A map for each key. With a `ttl` each entry expires on its own. Keys of the map are equal by content, as keys of streams are:
 * `[1, 2]` finds what was set for another `[1, 2]`.
 *
 * @throws MillraceError INVALID_OPTION for a `ttl` that is none
 * @example
 * const pages = mapState<string, number>({ ttl: '30m' }); // ctx.state.pages.set('/a', 1)
 */
export function mapState<K, V>(options: StateOptions = {}): MapStateDescriptor<K, V> {
  return Object.freeze({ kind: 'map', ...commonOf(options, 'mapState') } as const);
}

/**
 * One value for each key that every added value is combined with.
 *
 * @throws MillraceError INVALID_OPTION for a `ttl` that is none
 * @example
 * const largest = reducingState<number>(Math.max); // ctx.state.largest.add(7); ctx.state.largest.get()
 */
export function reducingState<T>(reduce: (soFar: T, next: T) => T, options: StateOptions = {}): ReducingStateDescriptor<T> {
  check(typeof reduce === 'function', 'reducingState: expected a function of two values');
  checkSynchronous(reduce, 'reducingState: the function');
  return Object.freeze({ kind: 'reducing', ...commonOf(options, 'reducingState'), reduce } as const);
}

/**
 * An accumulator for each key that values are added to, and from which another value is read.
 *
 * @throws MillraceError INVALID_OPTION for a function that is missing, and for a `ttl` that is none
 * @example
 * const mean = aggregatingState({
 *   createAccumulator: () => ({ sum: 0, count: 0 }),
 *   add: (value: number, { sum, count }) => ({ sum: sum + value, count: count + 1 }),
 *   getResult: ({ sum, count }) => sum / count,
 * });
 */
export function aggregatingState<In, Acc, Out>(
  aggregate: StateAggregate<In, Acc, Out>,
  options: StateOptions = {},
): AggregatingStateDescriptor<In, Out> {
  for (const method of ['createAccumulator', 'add', 'getResult'] as const) {
    check(typeof aggregate?.[method] === 'function', `aggregatingState: the aggregate function has no method '${method}'`);
    checkSynchronous(aggregate[method], `aggregatingState: ${method}`);
  }
  return Object.freeze({
    kind: 'aggregating',
    ...commonOf(options, 'aggregatingState'),
    aggregate: aggregate as UntypedAggregate,
  } as const);
}

/**
 * A list of elements for each subtask of an operator that has no keys, such as the positions of a source. When the job goes on
 * with another parallelism, `'split'` (the default) deals the elements out anew, `'union'` gives all of them to everybody.
 *
 * @throws MillraceError INVALID_OPTION for another redistribution
 * @example
 * const buffer = operatorListState<Event>({ redistribution: 'union' });
 */
export function operatorListState<T>(options: { readonly redistribution?: 'split' | 'union' } = {}): OperatorListStateDescriptor<T> {
  const redistribution = options.redistribution ?? 'split';
  check(
    redistribution === 'split' || redistribution === 'union',
    `operatorListState: redistribution: '${String(redistribution)}' is none of 'split' and 'union'`,
  );
  return Object.freeze({ kind: 'operator-list', redistribution } as const);
}

/**
 * A map that follows from a broadcast stream, the same in every subtask. Written where broadcast records are processed, only read
 * where the others are.
 *
 * @example
 * const rules = broadcastState<string, Rule>();
 */
export function broadcastState<K, V>(): BroadcastStateDescriptor<K, V> {
  return Object.freeze({ kind: 'broadcast' } as const);
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new MillraceError('INVALID_OPTION', message);
}

function checkSynchronous(fn: object, what: string): void {
  check(!isAsync(fn), `${what} must not be async: state is read and written while a record is processed, and nothing waits for it`);
}
