/**
 * Functions whose whole body is something that generated code does by itself, without calling them: taking a record apart
 * and putting values together, or splitting a string.
 *
 * Invariant: what is recognised calls nothing but the natives that `natives.ts` watches, so a function may be left out as
 * long as these are what they were. Pure. Runs on the host and on every worker thread, while a stage is compiled.
 */

import type { Expression, Pattern, SpreadElement } from 'acorn';
import type { FunctionNode } from './closure-scope.ts';

/** A value that is there already. */
export type Part =
  | { readonly kind: 'record' }
  /** A field of the record, array indices as decimal strings. */
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'number'; readonly value: number };

/** What separates the pieces of a string. */
export type SeparatorSource =
  | { readonly kind: 'text'; readonly text: string }
  /** One character that a regular expression matches, or with `run` as many as there are. */
  | {
      readonly kind: 'class';
      readonly source: string;
      readonly flags: string;
      readonly run: boolean;
      /** Whether empty pieces are none. */
      readonly skipsEmpty?: boolean;
    };

export type Intrinsic =
  /** The function returns one value. */
  | { readonly kind: 'part'; readonly part: Part }
  /** The function returns an array literal of values. */
  | { readonly kind: 'tuple'; readonly parts: readonly Part[] }
  /** The function is `record.split(separator)`. */
  | { readonly kind: 'split'; readonly separator: SeparatorSource };

/** Finds the place of a parameter's name in the record; undefined for other names. */
type Meaning = (name: string) => Part | undefined;

/** What a function is, when it is one of these. */
export function intrinsicOf(node: FunctionNode): Intrinsic | undefined {
  if (node.async || node.generator || node.params.length !== 1) return undefined;
  const returned = returnedExpression(node);
  const meaning = meaningOf(node.params[0] as Pattern);
  if (returned === undefined || meaning === undefined) return undefined;
  const part = partOf(returned, meaning);
  if (part !== undefined) return { kind: 'part', part };
  if (returned.type === 'ArrayExpression') return tupleOf(returned.elements, meaning);
  return splitOf(returned, meaning);
}

function returnedExpression({ body }: FunctionNode): Expression | undefined {
  if (body.type !== 'BlockStatement') return body;
  const [statement, ...more] = body.body;
  return statement?.type === 'ReturnStatement' && more.length === 0 ? (statement.argument ?? undefined) : undefined;
}

function meaningOf(parameter: Pattern): Meaning | undefined {
  if (parameter.type === 'Identifier') return (name) => (name === parameter.name ? { kind: 'record' } : undefined);
  if (parameter.type !== 'ObjectPattern' || parameter.properties.length === 0) return undefined;
  const fields = new Map<string, string>();
  for (const property of parameter.properties) {
    if (property.type !== 'Property' || property.computed) return undefined;
    if (property.key.type !== 'Identifier' || property.value.type !== 'Identifier') return undefined;
    fields.set(property.value.name, property.key.name);
  }
  return (name) => (fields.has(name) ? { kind: 'field', name: fields.get(name) as string } : undefined);
}

function partOf(expression: Expression, meaning: Meaning): Part | undefined {
  if (expression.type === 'Identifier') return meaning(expression.name);
  if (expression.type === 'Literal') {
    return typeof expression.value === 'number' && Number.isFinite(expression.value)
      ? { kind: 'number', value: expression.value }
      : undefined;
  }
  if (expression.type !== 'MemberExpression' || expression.optional || expression.object.type !== 'Identifier') return undefined;
  if (meaning(expression.object.name)?.kind !== 'record') return undefined;
  const { property, computed } = expression;
  if (property.type === 'Identifier' && !computed) return { kind: 'field', name: property.name };
  const isFixed = property.type === 'Literal' && (typeof property.value === 'string' || typeof property.value === 'number');
  return isFixed ? { kind: 'field', name: String(property.value) } : undefined;
}

function tupleOf(elements: readonly (Expression | SpreadElement | null)[], meaning: Meaning): Intrinsic | undefined {
  const parts = elements.map((element) => (element === null || element.type === 'SpreadElement' ? undefined : partOf(element, meaning)));
  return parts.length > 0 && parts.every((part) => part !== undefined) ? { kind: 'tuple', parts } : undefined;
}

function splitOf(expression: Expression, meaning: Meaning): Intrinsic | undefined {
  if (expression.type !== 'CallExpression' || expression.optional || expression.arguments.length !== 1) return undefined;
  const { callee } = expression;
  if (callee.type !== 'MemberExpression' || callee.computed || callee.optional) return undefined;
  if (callee.property.type !== 'Identifier' || callee.property.name !== 'split' || callee.object.type !== 'Identifier') return undefined;
  if (meaning(callee.object.name)?.kind !== 'record') return undefined;
  const separator = separatorOf(expression.arguments[0] as Expression);
  return separator === undefined ? undefined : { kind: 'split', separator };
}

/** One character, an escape of one, or a class; and perhaps `+`. */
const simplePattern =
  /^(?<source>[^\\^$.*+?()[\]{}|]|\\[dDsSwWtnrfv]|\\[^A-Za-z0-9]|\[\^?(?:[^\\[\]]|\\[dDsSwWtnrfv]|\\[^A-Za-z0-9])+\])(?<run>\+?)$/u;

function separatorOf(argument: Expression | SpreadElement): SeparatorSource | undefined {
  if (argument.type !== 'Literal') return undefined;
  if (typeof argument.value === 'string') return { kind: 'text', text: argument.value };
  if (!('regex' in argument) || argument.regex === undefined || argument.regex === null || !/^[gu]*$/.test(argument.regex.flags))
    return undefined;
  const { source, run } = simplePattern.exec(argument.regex.pattern)?.groups ?? {};
  if (source === undefined) return undefined;
  return { kind: 'class', source, flags: argument.regex.flags.replace('g', ''), run: run === '+' };
}
