/**
 * What the source of a user's function tells about it: which fields of its parameters it reads, and what it returns.
 * Generated code then builds only those fields of a record, and takes a returned literal apart without looking at it.
 *
 * Invariant: the facts may only ever change speed. `fields` means that the function cannot tell a record from a fresh
 * literal that holds just these fields, nor an object in it from one of just what `paths` lead to, if nobody else changes
 * the record in the meantime; where the source leaves any doubt, the answer is `whole` or `unknown`. The one thing a source
 * cannot rule out is a sloppy function that it calls and that looks back through the deprecated `caller.arguments`.
 *
 * Pure but for a cache. Runs on the host and on every worker thread, while a stage is compiled.
 */

import { isDeepStrictEqual } from 'node:util';
import {
  type AnyNode,
  type AssignmentProperty,
  type Expression,
  type Options,
  type Pattern,
  type Property,
  parse,
  type Statement,
} from 'acorn';
import { type Intrinsic, intrinsicOf } from './closure-intrinsic.ts';
import { type FunctionNode, nodesOf, outerReferences, ownNodesOf, type Place } from './closure-scope.ts';

/**
 * How a function uses one of its parameters: not at all; only by reading these fixed members, in order of their first
 * use, array indices as decimal strings (`'0'`); or in any other way. `fields` is never empty, and its names are as
 * they stand in the source: `length` or `__proto__` may be among them, so check them against the record's own fields.
 */
export type ParameterUse =
  | { readonly kind: 'unused' }
  | { readonly kind: 'fields'; readonly fields: readonly string[]; readonly paths: readonly Path[] }
  | { readonly kind: 'whole' };

/**
 * A member of a parameter, or a member of that, and so on: the names that lead to it. Of the value that a path leads through the function
 * reads fixed members alone, unless another path ends there.
 */
export type Path = readonly string[];

/**
 * What every return of a function is: an object literal with exactly these keys in this order, an array literal of
 * this length, or anything else.
 */
export type ResultShape =
  | { readonly kind: 'object'; readonly fields: readonly string[] }
  | { readonly kind: 'tuple'; readonly length: number }
  | { readonly kind: 'unknown' };

export interface ClosureFacts {
  /** One per declared parameter, without a rest parameter. */
  readonly parameters: readonly ParameterUse[];
  /** The use of arguments behind the declared parameters. */
  readonly surplus: ParameterUse;
  readonly result: ResultShape;
  /** What the function is as a whole, where generated code can do the same without calling it. */
  readonly intrinsic: Intrinsic | undefined;
}

type AnyFunction = (...args: never[]) => unknown;

const unused: ParameterUse = { kind: 'unused' };
const whole: ParameterUse = { kind: 'whole' };
const unknown: ResultShape = { kind: 'unknown' };
const opaque: ClosureFacts = { parameters: [], surplus: whole, result: unknown, intrinsic: undefined };

/** A fixed edition, since the rules below are complete only for the syntax that they were written for. */
const parserOptions: Options = { ecmaVersion: 2026, sourceType: 'script', checkPrivateFields: false };

/** Taken at load, so that a program that replaces it cannot feed the analysis another source. */
const sourceOf: (fn: unknown) => string = Function.prototype.call.bind(Function.prototype.toString);

const cache = new WeakMap<AnyFunction, ClosureFacts>();

/**
 * The facts about a function. Never throws: of what it cannot read (native, bound or proxied functions, classes,
 * accessors) it knows nothing.
 *
 * @example analyseClosure((order) => order.price * order.count).parameters[0].fields // ['price', 'count']
 */
export function analyseClosure(fn: AnyFunction): ClosureFacts {
  if (typeof fn !== 'function') return opaque;
  const known = cache.get(fn);
  if (known !== undefined) return known;
  const facts = factsOf(fn);
  cache.set(fn, facts);
  return facts;
}

/** How the function uses the argument at `index`, declared or not. */
export function parameterUse(facts: ClosureFacts, index: number): ParameterUse {
  return facts.parameters[index] ?? facts.surplus;
}

function factsOf(fn: AnyFunction): ClosureFacts {
  try {
    const node = parseFunction(sourceOf(fn));
    return node === undefined ? opaque : { ...parameterFacts(node), result: resultShape(node), intrinsic: intrinsicOf(node) };
  } catch {
    // A source can be nested deeper than the stack allows the walk to follow.
    return opaque;
  }
}

/** The source of a method is none of an expression: `map(order) { … }`, so it is tried in an object literal too. */
function parseFunction(source: string): FunctionNode | undefined {
  const node = parseExpression(source) ?? methodIn(parseExpression(`{${source}\n}`));
  return node?.type === 'FunctionExpression' || node?.type === 'ArrowFunctionExpression' ? node : undefined;
}

function parseExpression(source: string): Expression | undefined {
  try {
    const [statement, ...more] = parse(`(${source}\n)`, parserOptions).body;
    return statement?.type === 'ExpressionStatement' && more.length === 0 ? statement.expression : undefined;
  } catch {
    return undefined;
  }
}

function methodIn(literal: Expression | undefined): Expression | undefined {
  const property = literal?.type === 'ObjectExpression' && literal.properties.length === 1 && literal.properties[0];
  return property && property.type === 'Property' && property.method ? property.value : undefined;
}

// Parameters

function parameterFacts(node: FunctionNode): Pick<ClosureFacts, 'parameters' | 'surplus'> {
  const declared = node.params.filter((parameter) => parameter.type !== 'RestElement');
  if (nodesOf(node).some(seesHiddenNames)) return { parameters: declared.map(() => whole), surplus: whole };
  const references = outerReferences(node);
  return {
    parameters: declared.map((parameter) => useOf(parameter, references)),
    surplus: declared.length === node.params.length ? unused : whole,
  };
}

/**
 * Whether a node can read parameters without naming them. `arguments` counts in any position and as a string: a
 * sloppy function finds its arguments in its own property `arguments` too.
 */
function seesHiddenNames(node: AnyNode): boolean {
  if (node.type === 'Identifier') return node.name === 'arguments' || node.name === 'eval';
  return node.type === 'WithStatement' || (node.type === 'Literal' && node.value === 'arguments');
}

function useOf(parameter: Pattern, references: readonly Place[]): ParameterUse {
  if (parameter.type !== 'Identifier') return useOfPaths([pathsOfPattern(parameter)]);
  // A record leaves a named parameter only through references to the name, so these tell everything.
  const own = references.filter(({ node }) => node.type === 'Identifier' && node.name === parameter.name);
  return own.length === 0 ? unused : useOfPaths(own.map(pathsReadAt));
}

/** Combines the paths of every use; `undefined` stands for a use that is not a read of fixed members. */
function useOfPaths(uses: readonly (readonly Path[] | undefined)[]): ParameterUse {
  if (!uses.every((use) => use !== undefined)) return whole;
  const paths = uses.flat();
  // An empty pattern reads nothing, but still demands something that can be taken apart.
  return paths.length === 0 ? whole : { kind: 'fields', fields: [...new Set(paths.map(([field]) => field as string))], paths };
}

/** The paths from the value at a place that are read there. */
function pathsReadAt({ node, parent }: Place): readonly Path[] | undefined {
  if (parent?.node.type === 'VariableDeclarator' && parent.node.init === node) return pathsOfPattern(parent.node.id);
  if (parent?.node.type !== 'MemberExpression' || parent.node.object !== node || !isPlainRead(parent)) return undefined;
  const field = fixedName(parent.node.property, parent.node.computed);
  return field === undefined ? undefined : pathsFrom(field, pathsReadAt(outOfChain(parent)));
}

/** The place of an optional chain that ends with the node; it may stand in parentheses, with further members behind it. */
function outOfChain(place: Place): Place {
  return place.parent?.node.type === 'ChainExpression' ? place.parent : place;
}

/** @param behind the paths from the value of the field; undefined, or none, where it may be used as a whole */
function pathsFrom(field: string, behind: readonly Path[] | undefined): readonly Path[] {
  return behind === undefined || behind.length === 0 ? [[field]] : behind.map((path) => [field, ...path]);
}

/** The paths that a pattern reads of its value; `undefined` where there is a rest element or a computed key in it. */
function pathsOfPattern(pattern: Pattern): readonly Path[] | undefined {
  const read = pathsOrGaps(pattern);
  return read?.every((paths) => paths !== undefined) ? read.flat() : undefined;
}

function pathsOrGaps(pattern: Pattern): (readonly Path[] | undefined)[] | undefined {
  if (pattern.type === 'ObjectPattern') {
    return pattern.properties.map((entry) => {
      const field = entry.type === 'Property' ? fixedKey(entry) : undefined;
      return field === undefined ? undefined : pathsFrom(field, pathsOfValue((entry as AssignmentProperty).value));
    });
  }
  if (pattern.type !== 'ArrayPattern') return undefined;
  return pattern.elements.flatMap((element, index) => {
    if (element === null) return [];
    return [element.type === 'RestElement' ? undefined : [[String(index)]]];
  });
}

/** What a pattern in a pattern reads. One of an array asks its value for an iterator. */
function pathsOfValue(pattern: Pattern): readonly Path[] | undefined {
  const target = pattern.type === 'AssignmentPattern' ? pattern.left : pattern;
  return target.type === 'ObjectPattern' ? pathsOfPattern(target) : undefined;
}

function fixedKey({ key, computed }: Property | AssignmentProperty): string | undefined {
  return computed ? undefined : fixedName(key, computed);
}

function fixedName(name: AnyNode, computed: boolean): string | undefined {
  if (name.type === 'Identifier' && !computed) return name.name;
  const isFixed = name.type === 'Literal' && (typeof name.value === 'string' || typeof name.value === 'number');
  return isFixed ? String(name.value) : undefined;
}

/**
 * Whether a member is only read where it stands: not written, not deleted, and not called, which would pass the whole
 * record as `this`. An optional chain, even in parentheses, keeps being the member that it ends with.
 */
function isPlainRead({ node, parent }: Place): boolean {
  const around = parent?.node;
  switch (around?.type) {
    case 'ChainExpression':
      return isPlainRead(parent as Place);
    case 'CallExpression':
      return around.callee !== node;
    case 'TaggedTemplateExpression':
      return around.tag !== node;
    case 'AssignmentExpression':
    case 'AssignmentPattern':
    case 'ForInStatement':
    case 'ForOfStatement':
      return around.left !== node;
    case 'UnaryExpression':
      return around.operator !== 'delete';
    case 'Property':
      return around.value !== node || parent?.parent?.node.type !== 'ObjectPattern';
    default:
      return around?.type !== 'UpdateExpression' && around?.type !== 'ArrayPattern' && around?.type !== 'RestElement';
  }
}

// Results

function resultShape(node: FunctionNode): ResultShape {
  if (node.async || node.generator) return unknown;
  if (node.body.type !== 'BlockStatement') return shapeOf(node.body);
  if (!alwaysLeaves(node.body)) return unknown;
  const returns = ownNodesOf(node.body).filter((own) => own.type === 'ReturnStatement');
  return commonShape(returns.map((statement) => (statement.argument ? shapeOf(statement.argument) : unknown)));
}

/** Whether the end of a statement is certainly not reached. Only the plain forms are recognised. */
function alwaysLeaves(statement: Statement | null | undefined): boolean {
  switch (statement?.type) {
    case 'ReturnStatement':
    case 'ThrowStatement':
      return true;
    case 'BlockStatement':
      return alwaysLeaves(statement.body.at(-1));
    case 'IfStatement':
      return alwaysLeaves(statement.consequent) && alwaysLeaves(statement.alternate);
    default:
      return false;
  }
}

function shapeOf(expression: Expression): ResultShape {
  switch (expression.type) {
    case 'ObjectExpression':
      return shapeOfObject(expression);
    case 'ArrayExpression': {
      const isFixed = expression.elements.every((element) => element !== null && element.type !== 'SpreadElement');
      return isFixed ? { kind: 'tuple', length: expression.elements.length } : unknown;
    }
    case 'ConditionalExpression':
      return commonShape([shapeOf(expression.consequent), shapeOf(expression.alternate)]);
    case 'SequenceExpression':
      return shapeOf(expression.expressions.at(-1) as Expression);
    default:
      return unknown;
  }
}

function shapeOfObject({ properties }: Expression & { type: 'ObjectExpression' }): ResultShape {
  const fields = properties.map((property) => {
    const isPlain = property.type === 'Property' && property.kind === 'init' && !property.method;
    return isPlain ? fixedKey(property) : undefined;
  });
  const isRegular = fields.every(isOrderedField) && new Set(fields).size === fields.length;
  return isRegular ? { kind: 'object', fields: fields as string[] } : unknown;
}

/** Keys that look like integers are enumerated before all others, and `__proto__` makes no field. */
function isOrderedField(field: string | undefined): field is string {
  return field !== undefined && field !== '__proto__' && !/^\d+$/.test(field);
}

function commonShape(shapes: readonly ResultShape[]): ResultShape {
  const [first, ...others] = shapes;
  return first !== undefined && others.every((other) => isDeepStrictEqual(other, first)) ? first : unknown;
}
