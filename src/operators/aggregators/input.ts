/**
 * What the factories of aggregators share: how their first argument says which value of a record they aggregate, how its
 * type makes the type of the result, and how errors name both. Runs where jobs are built, on every thread alike.
 */

import { describeType, describeValue } from '../../base/describe-value.ts';
import { MillraceError } from '../../base/errors.ts';
import { checkOptions, fieldRule, type OptionRules } from '../../base/options.ts';
import type { UserFunction } from '../../graph/logical.ts';
import { synchronous } from '../functions.ts';
import type { Aggregator, AggregatorInput, AggregatorState } from './aggregator.ts';

/** The name of a field, or the index of a tuple's element. */
export type FieldName = string | number;

export type Nullable<V> = V | null | undefined;

/** Records with a value of type `V` in the field `F`. It may be missing: aggregators skip null and undefined. */
export type Holding<F extends FieldName, V> = { readonly [K in F]?: Nullable<V> };

/** `null` where values of type `V` may be missing: all of them may be, and then there is nothing to aggregate. */
export type NullOf<V> = null extends V ? null : undefined extends V ? null : never;

/** `V` with null in the place of undefined: results have one way to say that there is nothing. */
export type Present<V> = V extends undefined ? null : V;

/**
 * The row that a record of aggregators makes, without the key.
 *
 * @example
 * type Row = AggregateResult<{ hits: Aggregator<unknown, number> }>; // { hits: number }
 */
export type AggregateResult<A> = { -readonly [K in keyof A]: A[K] extends Aggregator<never, infer Out> ? Out : never };

export interface AggregatorParts {
  /** The name of the factory. */
  readonly kind: string;
  /** Its argument that names the input, undefined for the record itself. */
  readonly argument: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly partialOfNumber?: 'one' | 'itself';
  readonly partialOfString?: 'itself';
  readonly partialsDiffer?: true;
  /** Makes a state, given the call of the factory as errors show it. */
  readonly createState: (call: string) => AggregatorState;
}

/** The description that a factory returns. */
export function aggregatorOf({ kind, argument, details = {}, createState, ...others }: AggregatorParts): Aggregator<never, unknown> {
  const input = inputOf(kind, argument);
  const call = callText(kind, input);
  return { kind, input, details, ...others, createState: () => createState(call) };
}

/**
 * The input that a factory's argument stands for.
 *
 * @throws MillraceError for what is no input
 */
export function inputOf(kind: string, argument: unknown): AggregatorInput {
  if (argument === undefined) return { kind: 'record' };
  if (typeof argument === 'function') return { kind: 'function', fn: synchronous(argument as UserFunction, kind) };
  if (fieldRule.accepts(argument)) return { kind: 'field', name: String(argument) };
  throw new MillraceError(
    'INVALID_OPTION',
    `${kind}: the input must be a field name, a tuple index or a function, not ${describeValue(argument)}`,
  );
}

/** The call as people know it from their code: `sum('bytes')`, `sum(1)`, `sum()`, `sum(…)` for a function. */
export function callText(kind: string, input: AggregatorInput): string {
  if (input.kind === 'function') return `${kind}(…)`;
  if (input.kind !== 'field') return `${kind}()`;
  return /^\d+$/.test(input.name) ? `${kind}(${input.name})` : `${kind}('${input.name}')`;
}

/** Reads the input from a record, for aggregators that need the whole record beside it. */
export function readerOf(input: AggregatorInput): (record: unknown) => unknown {
  if (input.kind === 'function') return input.fn as (record: unknown) => unknown;
  if (input.kind !== 'field') return (record) => record;
  const { name } = input;
  return (record) => (record as Nullable<Record<string, unknown>>)?.[name];
}

/** The argument as part of a description: equal for equal inputs. */
export function inputDetail(input: AggregatorInput): string {
  if (input.kind === 'function') return Function.prototype.toString.call(input.fn);
  return input.kind === 'field' ? input.name : input.kind;
}

/** The error for a value that the aggregator cannot take. */
export function wrongInput(call: string, takes: string, value: unknown): TypeError {
  return new TypeError(`${call} takes ${takes}, not ${describeType(value)}; convert the value with a function or filter such records out`);
}

/** The error for a value whose kind does not go with those before it. */
export function mixedInput(call: string, value: unknown, before: string): TypeError {
  return new TypeError(`${call} was given ${describeType(value)} after ${before}; convert the values to one type with a function`);
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

/**
 * The value of an option that is a number within a range. `option` names the factory too: `quantile: accuracy`.
 *
 * @throws MillraceError for any other value
 */
export function numberOption(option: string, value: unknown, { min, max, whole = false }: NumberRange): number {
  const fits = typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value));
  if (fits) return value;
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new MillraceError('INVALID_OPTION', `${option} must be a ${whole ? 'whole ' : ''}number ${bounds}, not ${describeValue(value)}`);
}

/** The options of an aggregator, which may all be left out. @throws MillraceError for one that is unknown, or no options at all */
export function optionsOf<O extends object>(of: string, options: unknown, rules: OptionRules<O>): Partial<O> {
  return options === undefined ? {} : checkOptions<O>(options, rules, of);
}

/** Splits `(input, options)` and `(options)`: an input is never a plain object. */
export function withOptions(args: readonly unknown[]): readonly unknown[] {
  return typeof args[0] === 'object' && args[0] !== null ? [undefined, ...args] : args;
}

/** Splits `(input, parameter, options)` and `(parameter, options)`: options are never numbers. */
export function withParameter(args: readonly unknown[]): readonly unknown[] {
  return typeof args[1] === 'number' || Array.isArray(args[1]) ? args : [undefined, ...args];
}
