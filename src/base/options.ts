/**
 * Options and arguments as users write them, checked: one that is wrong, missing or unknown is an INVALID_OPTION that names
 * the function, the option and what it takes. Every option object has a table of rules, which the compiler holds to its type.
 */

import { describeList, describeValue } from './describe-value.ts';
import { MillraceError } from './errors.ts';
import { nearestName } from './nearest-name.ts';

/** What an option or argument takes. */
export interface Rule {
  /** Completes "must be …". */
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** What was given instead, where that takes more than its value. */
  describe?(value: unknown): string;
  /** Rules of the options in it, where it is an object of options itself. */
  readonly options?: Rules;
}

type Rules = Readonly<Record<string, Rule>>;

/** A rule for each option of `O`; the rules of options that may be left out are `optional`. */
export type OptionRules<O> = { readonly [K in keyof O]-?: Record<never, never> extends Pick<O, K> ? OptionalRule : Rule };

export interface OptionalRule extends Rule {
  readonly optional: true;
}

/** The rule of an option that may be left out, or be undefined. */
export function optional(rule: Rule): OptionalRule {
  return { ...rule, accepts: (value) => value === undefined || rule.accepts(value), optional: true };
}

/** Whatever it is: what reads the option checks it. */
export const anything: Rule = { expected: 'anything', accepts: () => true };
export const text: Rule = { expected: 'a text that is not empty', accepts: (value) => typeof value === 'string' && value !== '' };
export const flag: Rule = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
export const callable: Rule = { expected: 'a function', accepts: (value) => typeof value === 'function' };

/**
 * The name of a field, or the index of an array's element. An empty name is more often a variable without a value than a field: such
 * a field is reached by a function.
 */
export const fieldRule: Rule = {
  expected: 'a field name or an index',
  accepts: (value) => (typeof value === 'string' && value !== '') || (Number.isSafeInteger(value) && (value as number) >= 0),
};

export function wholeNumber(least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER): Rule {
  const range = most === Number.MAX_SAFE_INTEGER ? ` from ${least}` : ` from ${least} to ${most}`;
  return {
    expected: `a whole number${least === Number.MIN_SAFE_INTEGER ? '' : range}`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  };
}

export function oneOf(...values: readonly string[]): Rule {
  const names = values.map((value) => `'${value}'`);
  return {
    expected: `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`,
    accepts: (value) => values.includes(value as string),
  };
}

/** One element or several of them in an array. */
export function oneOrMore(expected: string, element: Rule): Rule {
  return {
    expected,
    accepts: (value) => element.accepts(value) || (Array.isArray(value) && value.length > 0 && value.every(element.accepts)),
    describe: (value) => describeList(value, element.accepts),
  };
}

/** An object of options in an option. */
export function group<O>(rules: OptionRules<O>): Rule {
  return { ...objectLike(rules), options: rules };
}

/** An object of which the names are checked by what reads it. */
export function objectLike(example: object): Rule {
  return { expected: `an object, such as { ${Object.keys(example)[0]}: … }`, accepts: isObject };
}

/**
 * The options, if each keeps its rule and none is unknown.
 *
 * @param of the function that they were given to, as users write it
 * @throws MillraceError INVALID_OPTION
 */
export function checkOptions<O extends object>(options: unknown, rules: OptionRules<O>, of: string): O {
  if (!isObject(options)) throw wrong(`${of}: the options`, group(rules), options);
  checkEach(options, rules, { of, path: '' });
  return options as O;
}

/** An argument, if it keeps the rule. `what` names it: `fromHost: the name`. @throws MillraceError INVALID_OPTION */
export function checkArgument<T>(value: T, rule: Rule, what: string): T {
  if (!rule.accepts(value)) throw wrong(what, rule, value);
  return value;
}

/** The error for an argument that is all that a function takes: "keyBy: expected …, not …". */
export function unexpected(of: string, expected: string, value: unknown, given = describeValue(value)): MillraceError {
  return new MillraceError('INVALID_OPTION', `${of}: expected ${expected}, not ${given}`);
}

/** The only argument of a function, if it keeps the rule. @throws MillraceError INVALID_OPTION */
export function checkOnly<T>(value: T, rule: Rule, of: string): T {
  if (!rule.accepts(value)) throw unexpected(of, rule.expected, value, rule.describe?.(value));
  return value;
}

interface Place {
  readonly of: string;
  /** Of the object in the options: empty, or names with a dot behind each. */
  readonly path: string;
}

function checkEach(options: Readonly<Record<string, unknown>>, rules: Rules, { of, path }: Place): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(rules, name))
      throw new MillraceError('INVALID_OPTION', `${of}: ${unknownName({ kind: 'option', name, path }, rules)}`);
  }
  for (const [name, rule] of Object.entries(rules)) {
    const value = options[name];
    if (!rule.accepts(value)) throw wrong(`${of}: ${path}${name}`, rule, value);
    if (rule.options !== undefined && isObject(value)) checkEach(value, rule.options, { of, path: `${path}${name}.` });
  }
}

/** "unknown option 'nam'; did you mean 'name'?", or what there is when nothing resembles it. */
export function unknownName({ kind, name, path = '' }: { kind: string; name: string; path?: string }, known: object): string {
  const names = Object.keys(known);
  const nearest = nearestName(name, names);
  const quoted = (each: string): string => `'${path}${each}'`;
  return `unknown ${kind} ${quoted(name)}; ${nearest === undefined ? `it takes ${names.map(quoted).join(', ')}` : `did you mean ${quoted(nearest)}?`}`;
}

function wrong(what: string, rule: Rule, value: unknown): MillraceError {
  const given = rule.describe?.(value) ?? describeValue(value);
  return new MillraceError('INVALID_OPTION', `${what} must be ${rule.expected}, not ${given}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
