/** What a windowed stream computes: how records are folded, and what becomes of that when a window fires. Immutable data. */

import { callable, checkArgument, optional, unexpected } from '../../base/options.ts';
import { ByteSink } from '../../batch/byte-sink.ts';
import { encodeValue } from '../../batch/value-codec.ts';
import { fieldsRead } from '../../compiler/record-reads.ts';
import type { UserFunction } from '../../graph/logical.ts';
import type { StateDeclarations } from '../../state/descriptors.ts';
import { TimeWindow, type Window } from '../../time/windows/window.ts';
import { functionsOfAggregators, readByAggregators } from '../aggregation.ts';
import type { Aggregator } from '../aggregators/aggregator.ts';
import { synchronous } from '../functions.ts';
import { checkNames } from '../keyed-aggregate.ts';
import { type AggregateFunction, checkAggregateFunction } from '../keyed-fold.ts';
import { type ExtremeOptions, extremeReduction } from '../keyed-reduce.ts';
import type { SubtaskContext } from '../process/context.ts';
import { describeStates } from '../process/state-declarations.ts';
import type { RollingOptions } from '../rolling.ts';
import { AggregatorsFold, aggregateFold, listFold, reduceFold, rollingFold, type WindowFold } from './window-fold.ts';
import type { ProcessWindowContext, ProcessWindowFunction, WindowEndContext } from './window-function.ts';
import type { WindowSpec } from './window-spec.ts';

type AnyContext = ProcessWindowContext<unknown, Window>;

/** What is done with what a fold has read. What it returns is none of anybody's business, unless it is a promise. */
export type Hand = (folded: unknown, context: AnyContext, out: (record: unknown) => void) => unknown;

/** Everything that is done at the end of a computation. */
export interface WindowFinish {
  readonly hand: Hand;
  readonly functions: Readonly<Record<string, UserFunction>>;
  /** The method of the author's that `hand` calls, for errors. */
  readonly method: string;
  readonly windowState: StateDeclarations;
  readonly globalState: StateDeclarations;
  readonly open: ((context: SubtaskContext) => void) | undefined;
  readonly clear: ((context: WindowEndContext<unknown, Window>) => void) | undefined;
  readonly close: (() => void) | undefined;
}

export interface WindowComputation {
  /** As authors call it. */
  readonly title: string;
  readonly functions: Readonly<Record<string, UserFunction>>;
  readonly details: Readonly<Record<string, unknown>>;
  /** The fields of a record that the fold reads; absent, or undefined, where it may keep or read everything. */
  reads?(): readonly string[] | undefined;
  createFold(): WindowFold;
  /** Whether what is made of some records, and of others, can be brought together by another subtask; absent where it cannot. */
  readonly merges?: () => boolean;
  readonly finish: WindowFinish;
}

/** A function of the job that makes another row of a result: `(result, context) => row`. Or one that is given the window. */
export type Then = UserFunction | AnyProcessFunction | undefined;

export type AnyProcessFunction = ProcessWindowFunction<never, unknown, never, never, StateDeclarations, StateDeclarations>;

type Aggregators = Readonly<Record<string, Aggregator<never, unknown>>>;

const noFinish = { functions: {}, windowState: {}, globalState: {}, open: undefined, clear: undefined, close: undefined } as const;

/** One record of all. */
export function reduceComputation(reduce: UserFunction, then: Then): WindowComputation {
  synchronous(reduce, 'reduce');
  return {
    title: 'reduce',
    functions: { reduce },
    details: {},
    createFold: () => reduceFold(reduce as (soFar: unknown, next: unknown) => unknown),
    finish: finishOf(then, 'reduce'),
  };
}

/** The record with the smallest or largest value of a field. */
export function extremeComputation(options: ExtremeOptions): WindowComputation {
  const { reduce, check } = extremeReduction(options);
  return {
    title: options.kind,
    functions: { reduce: reduce as UserFunction },
    details: { field: options.field },
    createFold: () => reduceFold(reduce, check),
    merges: () => true,
    finish: finishOf(undefined, options.kind),
  };
}

/** The first record, with the aggregate of a field. */
export function rollingComputation(options: RollingOptions): WindowComputation {
  const { kind, field } = options;
  const createFold = (): WindowFold => rollingFold(options);
  return { title: kind, functions: {}, details: { field }, createFold, merges: () => true, finish: finishOf(undefined, kind) };
}

export function aggregateComputation(fn: AggregateFunction<never, never, unknown>, then: Then): WindowComputation {
  checkAggregateFunction(fn);
  const { createAccumulator, add, getResult, merge } = fn;
  return {
    title: 'aggregate',
    functions: { createAccumulator, add, getResult, merge },
    details: {},
    reads: () => fieldsRead(add as UserFunction),
    createFold: () => aggregateFold(fn as unknown as AggregateFunction<unknown, unknown, unknown>),
    merges: () => canTravel(createAccumulator),
    finish: finishOf(then, 'aggregate'),
  };
}

/** Whether what a function makes is plain data. An instance of a class may well have a `merge`, but cannot leave its thread. */
function canTravel(create: () => unknown): boolean {
  try {
    encodeValue(new ByteSink(), create());
    return true;
  } catch {
    // What the function throws it throws again where it is called for a record.
    return false;
  }
}

/** Names that rows of windows have besides those of the results. */
const windowNames = ['key', 'start', 'end'];

/** Rows of named aggregators: `{ key, start, end, …results }`. */
export function aggregatorsComputation(aggregators: Aggregators, then: Then, { keyed }: Pick<WindowSpec, 'keyed'>): WindowComputation {
  checkNames(aggregators, windowNames);
  const names = Object.keys(aggregators);
  const finish = finishOf(then, 'aggregate');
  return {
    title: 'aggregate',
    functions: functionsOfAggregators(aggregators),
    details: { aggregators: describeAggregators(aggregators) },
    reads: () => readByAggregators(aggregators)?.fields,
    createFold: () => new AggregatorsFold(aggregators),
    finish: {
      ...finish,
      hand: (results, context, out) => finish.hand(rowOf(names, results as readonly unknown[], context, keyed), context, out),
    },
  };
}

export function describeAggregators(aggregators: Aggregators): readonly unknown[] {
  return Object.entries(aggregators).map(([name, { kind, input, details }]) => [
    name,
    kind,
    input.kind === 'field' ? input.name : input.kind,
    details,
  ]);
}

function rowOf(names: readonly string[], results: readonly unknown[], { key, window }: AnyContext, keyed: boolean): unknown {
  const row: Record<string, unknown> = {};
  if (keyed) row.key = key;
  if (window instanceof TimeWindow) {
    row.start = window.start;
    row.end = window.end;
  }
  for (let i = 0; i < names.length; i++) row[names[i] as string] = results[i];
  return row;
}

/** All records, for a function of key, window and records; of window and records where there is no key. */
export function applyComputation(fn: UserFunction, { keyed }: Pick<WindowSpec, 'keyed'>): WindowComputation {
  synchronous(fn, 'apply');
  const apply = fn as (...args: unknown[]) => unknown;
  const hand: Hand = keyed
    ? (elements, { key, window }, out) => apply(key, window, elements, out)
    : (elements, { window }, out) => apply(window, elements, out);
  const finish = { ...noFinish, method: 'apply', functions: { apply: fn }, hand };
  return { title: 'apply', functions: {}, details: {}, createFold: listFold, finish };
}

/** All records, for a function that is given the window. */
export function processComputation(fn: AnyProcessFunction): WindowComputation {
  const process = checkedProcess(fn, 'process');
  const finish = processFinish(fn, (elements, context, out) => process(context, elements as Iterable<unknown>, out));
  return { title: 'process', functions: {}, details: {}, createFold: listFold, finish };
}

function finishOf(then: Then, kind: string): WindowFinish {
  if (then === undefined) return { ...noFinish, method: kind, hand: (result, _context, out) => out(result) };
  if (typeof then === 'function') {
    const toRow = synchronous(then, kind) as (result: unknown, context: AnyContext) => unknown;
    return { ...noFinish, method: kind, functions: { toRow: then }, hand: (result, context, out) => out(toRow(result, context)) };
  }
  const process = checkedProcess(then, kind);
  return processFinish(then, (result, context, out) => process(context, [result], out));
}

type Process = (context: AnyContext, elements: Iterable<unknown>, out: (record: unknown) => void) => unknown;

function checkedProcess(fn: AnyProcessFunction, of: string): Process {
  if (typeof fn?.process !== 'function') {
    const expected = 'an object with a method process(ctx, elements, out)';
    throw unexpected(of, of === 'process' ? expected : `a function (result, ctx) => row, or ${expected}, behind the first one`, fn);
  }
  synchronous(fn.process, of);
  for (const method of ['open', 'clear', 'close'] as const) checkArgument(fn[method], optional(callable), `${of}: ${method}`);
  return fn.process.bind(fn) as unknown as Process;
}

function processFinish(fn: AnyProcessFunction, hand: Hand): WindowFinish {
  return {
    method: 'process',
    functions: { process: fn.process },
    windowState: fn.windowState ?? {},
    globalState: fn.globalState ?? {},
    open: fn.open?.bind(fn),
    clear: fn.clear?.bind(fn) as WindowFinish['clear'],
    close: fn.close?.bind(fn),
    hand,
  };
}

/** What is plain data of a computation, for the plan. */
export function describeComputation({ details, finish }: WindowComputation): Readonly<Record<string, unknown>> {
  const { windowState, globalState } = finish;
  return { ...details, windowState: describeStates(windowState), globalState: describeStates(globalState) };
}
