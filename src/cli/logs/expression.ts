/**
 * Conditions and values on the command line: JavaScript over the names of fields, `status >= 500 && url.startsWith('/api')`. Names become
 * fields of the record; whatever is no field, and nothing that JavaScript has, is an error that names what was meant. What is null is
 * neither less nor more than anything, and has no parts. Times can be compared with texts. The code is TypeScript and JavaScript alike. Pure.
 */

import { type AnyNode, parseExpressionAt, type Expression as Tree } from 'acorn';
import { MillraceError } from '../../base/errors.ts';
import { type Chain, chainsIn, keyOf, nodesIn, topOf } from './chains.ts';
import { literalChanges } from './compared-literals.ts';
import { fieldAlong, type KnownField } from './fields.ts';
import { type Operand, readOperand } from './operand.ts';
import type { RecordLayout } from './record-layout.ts';
import { isResult, wrapping } from './value-uses.ts';
import { beginsWithGlobal, reservedNameHint } from './words.ts';

/** An expression whose names are fields. */
export interface Expression {
  /** The fields that it names. */
  readonly fields: readonly KnownField[];
  /** The expression with its fields read from the record `r`. */
  code(layout: RecordLayout): string;
}

/** What an expression is for: a value is null where it is missing; a condition does not tell null from undefined. */
export type Purpose = 'condition' | 'value';

/** A part of the text that becomes something else. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly code: string;
}

/**
 * @param option of the command line, for errors
 * @throws MillraceError INVALID_OPTION for what is no expression, or names no field
 * @example parseExpression('--where', 'status >= 500', fields, 'condition').code(layout) // 'r.status >= 500'
 */
export function parseExpression(option: string, text: string, fields: readonly KnownField[], purpose: Purpose): Expression {
  const tree = parse(option, text, fields);
  const own = ownNames(tree);
  const operands = chainsIn(tree).map((chain) => operandOf(option, chain, { fields, own }));
  const literals = operands.flatMap((operand) => literalChanges(option, operand));
  const codeOf = (layout: RecordLayout): string => {
    const changes = operands.flatMap((operand) => changesOf(operand, { text, layout, operands, purpose }));
    return changed(text, [...literals, ...changes]).trim();
  };
  return { fields: operands.flatMap(({ field }) => field ?? []), code: codeOf };
}

function parse(option: string, text: string, fields: readonly KnownField[]): Tree {
  const tree = parsed(option, text, fields);
  const reason = refusal(tree, fields);
  if (reason === undefined) return tree;
  throw new MillraceError('INVALID_OPTION', `${option}: '${text}' ${reason}`);
}

/** Why an expression is none that can have been meant. */
function refusal(tree: Tree, fields: readonly KnownField[]): string | undefined {
  if (resultsOf(tree).some(({ type }) => type === 'ArrowFunctionExpression' || type === 'FunctionExpression'))
    return 'is a function, and no value; write >= to compare';
  const nodes = nodesIn(tree);
  if (nodes.some(({ type }) => type === 'AssignmentExpression' || type === 'UpdateExpression'))
    return 'assigns to a field; write == to compare';
  if (nodes.some((node) => node.type === 'UnaryExpression' && node.operator === 'delete'))
    return 'deletes from the record; write == null to find what is missing';
  if (nodes.some(({ type }) => type === 'ThisExpression'))
    return `says 'this', which is nothing here: ${reservedNameHint('this', fields) ?? 'fields have names of their own'}`;
  return tree.type === 'SequenceExpression' ? 'is more than one expression; write && between conditions' : undefined;
}

/** What an expression may come out as, or is decided by. */
function resultsOf(node: Tree): Tree[] {
  if (node.type === 'LogicalExpression') return [node.left, node.right].flatMap(resultsOf);
  if (node.type === 'ConditionalExpression') return [node.test, node.consequent, node.alternate].flatMap(resultsOf);
  return node.type === 'UnaryExpression' ? resultsOf(node.argument) : [node];
}

function parsed(option: string, text: string, fields: readonly KnownField[]): Tree {
  try {
    const expression = parseExpressionAt(text, 0, { ecmaVersion: 2022 });
    // The tree has no brackets: where all of it stands in some, it ends in front of the last.
    const { end } = parseExpressionAt(text, 0, { ecmaVersion: 2022, preserveParens: true });
    const behind = text.slice(end).trim();
    if (behind === '') return expression;
    throw new SyntaxError(`'${behind}' follows '${text.slice(0, end).trim()}'`);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/ \(\d+:(\d+)\)$/, ' at column $1') : String(error);
    const instead = reservedNameHint(text, fields) ?? "an example: status >= 500 && method == 'POST'";
    throw new MillraceError('INVALID_OPTION', `${option}: '${text}' is no JavaScript expression: ${reason}; ${instead}`);
  }
}

/** Parameters of functions in the expression. */
function ownNames(expression: AnyNode): ReadonlySet<string> {
  const functions = nodesIn(expression).filter((node) => node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression');
  const parameters = functions.flatMap(({ params }) => params.flatMap(nodesIn));
  return new Set(parameters.flatMap((node) => (node.type === 'Identifier' ? [node.name] : [])));
}

interface Names {
  readonly fields: readonly KnownField[];
  /** Parameters of functions, which are no fields. */
  readonly own: ReadonlySet<string>;
}

/** The field that a chain begins with, and what of the chain is behind it. */
function operandOf(option: string, chain: Chain, { fields, own }: Names): Operand {
  const { root, links } = chain;
  if (root.type !== 'Identifier' || own.has(root.name) || beginsWithGlobal(chain, root.name, fields))
    return { chain, field: undefined, node: root, links };
  const keys = [root.name];
  const nodes: AnyNode[] = [root];
  for (const link of links) {
    const key = keyOf(link);
    if (key !== undefined) nodes[keys.push(key) - 1] = link;
    else if (link.type !== 'ChainExpression') break;
  }
  const { field, taken } = fieldAlong(option, keys, fields);
  const node = nodes[taken - 1] as AnyNode;
  return { chain, field, node, links: links.slice(links.indexOf(node) + 1) };
}

interface Surroundings {
  readonly text: string;
  readonly layout: RecordLayout;
  readonly operands: readonly Operand[];
  readonly purpose: Purpose;
}

function changesOf(operand: Operand, { text, layout, operands, purpose }: Surroundings): Change[] {
  const { root, links } = operand.chain;
  if (purpose === 'value' && root.type === 'Identifier' && root.name === 'undefined' && links.length === 0 && isResult(operand.chain))
    return [{ start: root.start, end: root.end, code: 'null' }];
  const value = readOperand(operand, layout, text);
  const { before, after } = wrapping(value, { operands, purpose, text });
  const { start, end } = topOf(operand.chain);
  return [...value.changes, { start, end: start, code: before }, { start: end, end, code: after }];
}

/** The text with its changes. Of two that begin at the same place, the one that replaces nothing comes first. */
function changed(text: string, changes: readonly Change[]): string {
  let code = text;
  for (const { start, end, code: by } of [...changes].sort((a, b) => b.start - a.start || b.end - a.end))
    code = code.slice(0, start) + by + code.slice(end);
  return code;
}
