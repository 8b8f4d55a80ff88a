/**
 * Watermark strategies: where the event time of a record comes from, and what may be said of the records to come. A watermark t
 * says that no record with a timestamp of t or before follows. Immutable descriptions; run state is a `WatermarkTracker`.
 */

import { inspect } from 'node:util';
import { type Duration, parseDuration } from '../base/duration.ts';
import { MillraceError } from '../base/errors.ts';

/** Where a generator says what it knows. */
export interface WatermarkOutput {
  /** No record with this timestamp or an earlier one follows. What is not later than the last one said changes nothing. */
  emitWatermark(timestamp: number): void;
  /** Nothing comes for now: nobody need wait. Lasts until the next `emitWatermark` or `markActive`. */
  markIdle(): void;
  markActive(): void;
}

/**
 * Says watermarks: for single records (*punctuated*), or at intervals of `autoWatermarkInterval` (*periodic*). There is one for
 * each split, with state of its own.
 *
 * @example
 * class OnMarkers implements WatermarkGenerator<{ isMarker: boolean }> {
 *   onEvent(event: { isMarker: boolean }, timestamp: number, output: WatermarkOutput) {
 *     if (event.isMarker) output.emitWatermark(timestamp);
 *   }
 *   onPeriodicEmit() {}
 * }
 */
export interface WatermarkGenerator<T> {
  /** Called for every record, behind which the watermark goes. `timestamp` is in milliseconds since 1970. */
  onEvent(event: T, timestamp: number, output: WatermarkOutput): void;
  onPeriodicEmit(output: WatermarkOutput): void;
  /** What it knows, as plain data, for checkpoints. Without it, a generator of a job that goes on from one begins anew. */
  snapshot?(): unknown;
  /** Goes on from what a generator of the same split knew. Before the first record. */
  restore?(snapshot: unknown): void;
}

/**
 * Tells the event time of a record: milliseconds since 1970, or a Date.
 *
 * @param recordTimestamp the timestamp that the record has already, of its source or an earlier assigner
 */
export type TimestampAssigner<T> = (record: T, recordTimestamp: number | undefined) => number | Date;

/** Sources whose watermarks stay close together: those that are ahead are not read until the others have come up. */
export interface AlignmentOptions {
  /** Sources of one group are aligned with each other. */
  readonly group: string;
  /** How far a source may be ahead of the slowest one. */
  readonly maxDrift: Duration;
  /** How often sources tell and ask, default `'1s'`. */
  readonly updateInterval?: Duration;
}

export interface IdlenessOption {
  /** How long a split may have no records before it is idle and no longer holds watermarks back; false for never. Default `'30s'`. */
  readonly idleness?: Duration | false;
}

export interface WatermarkOptions extends IdlenessOption {
  readonly alignment?: AlignmentOptions;
}

interface ByFunction<T> {
  /** A function of the record. Without it, records keep the timestamps of their source. */
  readonly timestamp?: TimestampAssigner<T>;
}

interface ByField<F extends string | number> {
  /** The field of objects or the index of tuples that holds the timestamp: the engine reads its column. */
  readonly timestamp: F;
}

/** Records whose field `F` is a time. */
export type Timestamped<F extends string | number> = { readonly [name in F]: number | Date };

/** In milliseconds. */
export interface Alignment {
  readonly group: string;
  readonly maxDriftMs: number;
  readonly updateIntervalMs: number;
}

interface Strategy<T> {
  /** A function, or a field of the record; undefined: the timestamp that the record has. */
  readonly timestamp: TimestampAssigner<T> | string | number | undefined;
  /** Infinity when idleness is off. */
  readonly idlenessMs: number;
  readonly alignment: Alignment | undefined;
}

/** The watermark is the latest timestamp seen − `outOfOrdernessMs` − 1, at intervals. */
export interface BoundedStrategy<T> extends Strategy<T> {
  readonly kind: 'bounded';
  readonly outOfOrdernessMs: number;
}

/** The timestamp is the time of day at which the record is read, and never goes back; the watermark is the latest one − 1. */
export interface IngestionStrategy<T> extends Strategy<T> {
  readonly kind: 'ingestion';
}

/** There are no watermarks but the one at the end of the input. */
export interface NoWatermarksStrategy<T> extends Strategy<T> {
  readonly kind: 'none';
}

/** A generator of the job's author. */
export interface GeneratorStrategy<T> extends Strategy<T> {
  readonly kind: 'generator';
  create(): WatermarkGenerator<T>;
}

/** What `watermarks` makes. A strategy for some type of record serves for every record that has what it reads. */
export type WatermarkStrategy<T> = BoundedStrategy<T> | IngestionStrategy<T> | NoWatermarksStrategy<T> | GeneratorStrategy<T>;

const defaultIdleness: Duration = '30s';
const defaultUpdateInterval: Duration = '1s';

/**
 * Records may be late by up to `outOfOrderness`: the watermark follows the latest timestamp at that distance.
 *
 * @throws MillraceError INVALID_OPTION
 * @example watermarks.boundedOutOfOrderness('5s', { timestamp: (order: { at: number }) => order.at })
 */
function boundedOutOfOrderness<F extends string | number>(
  outOfOrderness: Duration,
  options: WatermarkOptions & ByField<F>,
): WatermarkStrategy<Timestamped<F>>;
function boundedOutOfOrderness<T>(outOfOrderness: Duration, options?: WatermarkOptions & ByFunction<T>): WatermarkStrategy<T>;
function boundedOutOfOrderness<T>(outOfOrderness: Duration, options: AnyOptions<T> = {}): WatermarkStrategy<T> {
  const outOfOrdernessMs = parseDuration(outOfOrderness, 'watermarks.boundedOutOfOrderness');
  return Object.freeze({ kind: 'bounded', outOfOrdernessMs, ...shared(options) });
}

/**
 * Timestamps never go back within a split: the watermark is right behind the latest one.
 *
 * @throws MillraceError INVALID_OPTION
 * @example watermarks.monotonous({ timestamp: 'at' })
 */
function monotonous<F extends string | number>(options: WatermarkOptions & ByField<F>): WatermarkStrategy<Timestamped<F>>;
function monotonous<T>(options?: WatermarkOptions & ByFunction<T>): WatermarkStrategy<T>;
function monotonous<T>(options: AnyOptions<T> = {}): WatermarkStrategy<T> {
  return Object.freeze({ kind: 'bounded', outOfOrdernessMs: 0, ...shared(options) });
}

/**
 * A record's time is when it is read.
 *
 * @throws MillraceError INVALID_OPTION
 * @example watermarks.ingestionTime()
 */
function ingestionTime(options: WatermarkOptions = {}): WatermarkStrategy<unknown> {
  checkNames(options, ['idleness', 'alignment']);
  return Object.freeze({ kind: 'ingestion', ...shared(options) });
}

/**
 * Records may have timestamps, but nothing is said of those to come: event time stands still until the input ends.
 *
 * @throws MillraceError INVALID_OPTION
 * @example watermarks.none({ timestamp: 'at' })
 */
function none<F extends string | number>(options: IdlenessOption & ByField<F>): WatermarkStrategy<Timestamped<F>>;
function none<T>(options?: IdlenessOption & ByFunction<T>): WatermarkStrategy<T>;
function none<T>(options: AnyOptions<T> = {}): WatermarkStrategy<T> {
  checkNames(options, ['idleness', 'timestamp']);
  return Object.freeze({ kind: 'none', ...shared(options) });
}

/**
 * A generator of one's own.
 *
 * @throws MillraceError INVALID_OPTION
 * @example
 * watermarks.generator({
 *   timestamp: (reading: { at: number; isLast: boolean }) => reading.at,
 *   create: () => ({
 *     onEvent: (reading, timestamp, output) => reading.isLast && output.emitWatermark(timestamp),
 *     onPeriodicEmit: () => {},
 *   }),
 * });
 */
function generator<T>(
  options: WatermarkOptions & {
    readonly timestamp?: TimestampAssigner<T> | (keyof T & (string | number));
    readonly create: () => WatermarkGenerator<T>;
  },
): WatermarkStrategy<T> {
  const { create, ...rest } = options;
  check(typeof create === 'function', 'create must be a function that returns a generator');
  return Object.freeze({ kind: 'generator', create, ...shared(rest) });
}

/** The strategies; their semantics are Flink's. */
export const watermarks = { boundedOutOfOrderness, monotonous, ingestionTime, none, generator } as const;

type AnyOptions<T> = WatermarkOptions & { readonly timestamp?: TimestampAssigner<T> | string | number };

function shared<T>(options: AnyOptions<T>): Strategy<T> {
  checkNames(options, ['timestamp', 'idleness', 'alignment']);
  const { timestamp, idleness = defaultIdleness, alignment } = options;
  check(
    timestamp === undefined || ['function', 'string'].includes(typeof timestamp) || isIndex(timestamp),
    'timestamp must be a function of the record, the name of a field or the index of a tuple',
  );
  const idlenessMs = idleness === false ? Number.POSITIVE_INFINITY : parseDuration(idleness, 'watermarks: idleness');
  check(idlenessMs > 0, 'idleness must be longer than 0');
  return { timestamp, idlenessMs, alignment: alignment === undefined ? undefined : alignmentOf(alignment) };
}

function alignmentOf(options: AlignmentOptions): Alignment {
  const { group, maxDrift, updateInterval = defaultUpdateInterval } = options;
  check(typeof group === 'string' && group !== '', 'alignment needs the name of a group');
  const updateIntervalMs = parseDuration(updateInterval, 'watermarks: alignment.updateInterval');
  check(updateIntervalMs > 0, 'alignment.updateInterval must be longer than 0');
  return Object.freeze({ group, maxDriftMs: parseDuration(maxDrift, 'watermarks: alignment.maxDrift'), updateIntervalMs });
}

function isIndex(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function checkNames(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) check(known.includes(name), `there is no option ${name}; there are ${known.join(', ')}`);
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new MillraceError('INVALID_OPTION', `watermarks: ${message}`);
}

/**
 * The farthest time from 1970 that a Date has. Beyond it lie times in other units, such as nanoseconds, and soon sums of times that
 * are no longer exact: windows would have no end.
 */
export const timestampMax = 8.64e15;

/**
 * The timestamp that an assigner returned or a field holds, in milliseconds; of a Date, its time.
 *
 * Generated code does the same in line: a number is one that is neither below `-timestampMax` nor above `timestampMax`.
 *
 * @throws MillraceError TYPE_MISMATCH when it is no time of a Date, with the operator and the record
 * @example checkTimestamp(new Date(5), { operatorName: 'orders', record: {}, shownCharacters: 400 }) // 5
 */
export function checkTimestamp(
  value: unknown,
  place: { readonly operatorName: string; readonly record: unknown; readonly shownCharacters: number; readonly field?: string | undefined },
): number {
  const time = value instanceof Date ? value.getTime() : value;
  if (typeof time === 'number' && Math.abs(time) <= timestampMax) return time;
  const shown = (it: unknown): string => {
    const text = inspect(it, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 20 });
    return text.length <= place.shownCharacters ? text : `${text.slice(0, place.shownCharacters)}…`;
  };
  const why = Number.isFinite(time)
    ? ': no Date is so far from 1970; a timestamp is in milliseconds, not in micro- or nanoseconds'
    : '; a timestamp is a Date or a finite number of milliseconds since 1970';
  throw new MillraceError(
    'TYPE_MISMATCH',
    `'${place.operatorName}': ${shown(value)}${place.field === undefined ? '' : ` in the field '${place.field}'`} is not a timestamp${why}\n  at the record ${shown(place.record)}`,
  );
}
