/**
 * What expressions use values for. Where a number is wanted, what is missing is none, and compares with nothing; where a text is, it is
 * empty, or one that is not found. JavaScript would take null for 0 there, or for a word, and TypeScript would not take it. Pure.
 */

import type { AnyNode, BinaryExpression, CallExpression } from 'acorn';
import { type Chain, topOf } from './chains.ts';
import { quoted } from './code-layout.ts';
import { otherSide, relations, wholeBeside } from './compared-literals.ts';
import type { Purpose } from './expression.ts';
import { isUntyped } from './fields.ts';
import type { Operand, OperandValue } from './operand.ts';
import { elementsOf, isSearch, isSearchOfText, regExpOf, standIn } from './stand-ins.ts';

/**
 * What a value is used as: a number, also in arithmetic or as a moment in time; something that is compared; a text, also as JSON, or as a
 * word in a longer one; an object with members. `result` comes out of the expression, `condition` is true or not, and of anything else it
 * is as good as its column.
 */
type Use = 'number' | 'summand' | 'moment' | 'compared' | 'string' | 'json' | 'word' | 'members' | 'result' | 'condition' | 'anything';

interface Surroundings {
  readonly operands: readonly Operand[];
  readonly purpose: Purpose;
  readonly text: string;
}

/** What an operand becomes: what it is converted by, and what stands for it where it is missing. */
interface Wrap {
  readonly call?: 'Number' | 'String' | 'Object';
  readonly missing?: string;
}

/** What stands in front of an operand and behind it. */
export function wrapping(value: OperandValue, surroundings: Surroundings): { readonly before: string; readonly after: string } {
  const { chain, node } = value.operand;
  const parent = chain.parents.at(-1);
  const use = useOf(value, surroundings);
  if (use === 'summand' && wholeBeside(value.operand) !== undefined) return { before: wholeNumber(value), after: '' };
  const { call, missing } = wrapOf(value, use, parent);
  const isMissable = value.isMissable || (value.isPerhaps && use !== 'summand');
  const instead = isMissable && missing !== undefined ? ` ?? ${missing}` : '';
  // `{ url }` is `{ url: r.url }` then.
  const name = parent?.type === 'Property' && parent.shorthand && node.type === 'Identifier' ? `${node.name}: ` : '';
  if (call !== undefined) return { before: `${name}${call}(`, after: `${instead})` };
  const inBrackets = instead !== '' && !standsAlone(parent);
  return { before: name + (inBrackets ? '(' : ''), after: instead + (inBrackets ? ')' : '') };
}

/** What begins the arithmetic of a bigint, which makes a number; the other number ends it. */
function wholeNumber({ code, isMissable, isUndefined }: OperandValue): string {
  return isMissable ? `(${code} ${isUndefined ? '==' : '==='} null ? NaN : Number(` : 'Number(';
}

/** Whether an operator in it needs no brackets. */
function standsAlone(parent: AnyNode | undefined): boolean {
  const around = ['CallExpression', 'NewExpression', 'ArrayExpression', 'Property', 'TemplateLiteral', 'ArrowFunctionExpression'];
  return parent === undefined || around.includes(parent.type);
}

function wrapOf({ kind, isUndefined, isMissable, isPerhaps }: OperandValue, use: Use, parent: AnyNode | undefined): Wrap {
  const isTyped = !isUnknown(kind);
  if (use === 'result') return isUndefined ? { missing: 'null' } : {};
  if (kind === 'untyped' || use === 'condition') return {};
  if (use === 'anything') return isUndefined && kind !== 'part' ? { missing: 'null' } : {};
  if (use === 'members') return isTyped ? {} : { call: 'Object' };
  if (use === 'moment') return isTyped ? { missing: 'NaN' } : {};
  if (use === 'compared') return isTyped && kind !== 'time' ? { missing: 'NaN' } : { call: 'Number', missing: 'NaN' };
  if (use === 'word') return !isTyped || isMissable ? { call: 'String' } : {};
  const isText = kind === 'string' || kind === 'part';
  if (use === 'json') return { missing: "'null'" };
  const text = quoted(parent?.type === 'CallExpression' ? standIn(parent) : '');
  if (use === 'string') return isText ? { missing: text } : { call: 'String', missing: text };
  // An element may be a text.
  if (isPerhaps && use === 'number') return { call: 'Number', missing: 'NaN' };
  const isNumeric = kind === 'part' || kind === 'number' || kind === 'millis' || kind === 'seconds';
  return isNumeric ? { missing: 'NaN' } : { call: 'Number', missing: 'NaN' };
}

/** Whether TypeScript knows nothing of it, and lets it be used for nothing. */
function isUnknown(kind: OperandValue['kind']): boolean {
  return kind !== 'part' && kind !== 'untyped' && isUntyped({ kind });
}

function useOf(value: OperandValue, surroundings: Surroundings): Use {
  const { chain } = value.operand;
  const parent = chain.parents.at(-1);
  const top = topOf(chain);
  if (parent === undefined || parent.type === 'LogicalExpression')
    return surroundings.purpose === 'value' && isResult(chain) ? 'result' : 'condition';
  if (parent.type === 'BinaryExpression') return useInOperation(value, parent, surroundings);
  if (parent.type === 'UnaryExpression') return ['-', '+', '~'].includes(parent.operator) ? 'number' : 'condition';
  if (parent.type === 'ConditionalExpression') return parent.test === top ? 'condition' : 'result';
  if (parent.type === 'CallExpression') return useInCall(value, parent, surroundings);
  if (parent.type !== 'NewExpression' || parent.callee.type !== 'Identifier') return 'anything';
  return parent.callee.name === 'Date' ? 'moment' : parent.callee.name === 'URL' ? 'string' : 'anything';
}

/** Whether an expression may come out as a chain: what stands in front of `||` or `??` decides where it is missing. */
export function isResult(chain: Chain): boolean {
  let inner = topOf(chain);
  for (const parent of [...chain.parents].reverse()) {
    const isDecided = parent.type === 'LogicalExpression' && (parent.right === inner || parent.operator === '&&');
    const isChosen = parent.type === 'ConditionalExpression' && parent.test !== inner;
    if (!isDecided && !isChosen) return false;
    inner = parent;
  }
  return true;
}

const arithmetic = new Set(['-', '*', '/', '%', '**']);

function useInOperation(value: OperandValue, { operator }: BinaryExpression, { operands }: Surroundings): Use {
  const other = otherSide(value.operand, new Set([operator])) as AnyNode;
  if (arithmetic.has(operator)) return 'summand';
  if (operator === '+') return useInSum(value, other, operands);
  if (relations.has(operator)) return useInRelation(value, other, operands);
  const isLoose = operator === '==' || operator === '!=';
  if (isLoose && value.kind === 'string' && isNumeric(other)) return 'number';
  if (value.kind === 'time' && isText(other, operands)) return 'number';
  return isLoose ? 'condition' : 'anything';
}

/** Beside a number, texts are numbers; beside a text, what is not known is a text. */
function useInRelation({ kind }: OperandValue, other: AnyNode, operands: readonly Operand[]): Use {
  if (isText(other, operands)) return isUnknown(kind) ? 'string' : 'compared';
  return isNumeric(other) && kind !== 'bigint' ? 'number' : 'compared';
}

/** Texts are put together, numbers added. */
function useInSum({ kind }: OperandValue, other: AnyNode, operands: readonly Operand[]): Use {
  const isBesideText = isText(other, operands);
  if (kind === 'string') return isBesideText && !isFieldOf(other, operands) ? 'condition' : 'word';
  if (isUnknown(kind)) return isBesideText ? 'word' : 'summand';
  return isBesideText || kind === 'bool' || kind === 'time' ? 'condition' : 'summand';
}

function isNumeric(node: AnyNode): boolean {
  if (node.type === 'UnaryExpression') return isNumeric(node.argument);
  return node.type === 'Literal' && (typeof node.value === 'number' || typeof node.value === 'bigint');
}

function isText(node: AnyNode, operands: readonly Operand[]): boolean {
  if (node.type === 'BinaryExpression') return node.operator === '+' && (isText(node.left, operands) || isText(node.right, operands));
  if (node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string')) return true;
  return operands.some(({ chain, field, links }) => topOf(chain) === node && field?.kind === 'string' && links.length === 0);
}

/** Whether a node is no more than a field, which may be missing. */
function isFieldOf(node: AnyNode, operands: readonly Operand[]): boolean {
  return operands.some(({ chain, field }) => topOf(chain) === node && field !== undefined);
}

/** What functions want of which null is none. */
const functions: Readonly<Record<string, Use>> = {
  isNaN: 'number',
  isFinite: 'number',
  parseInt: 'string',
  parseFloat: 'string',
  decodeURIComponent: 'string',
  encodeURIComponent: 'string',
  'Date.parse': 'string',
  'JSON.parse': 'json',
  'Object.keys': 'members',
  'Object.values': 'members',
  'Object.entries': 'members',
};

function useInCall(value: OperandValue, call: CallExpression, { operands, text }: Surroundings): Use {
  const { callee } = call;
  const name = text.slice(callee.start, callee.end);
  if (Object.hasOwn(functions, name)) return functions[name] as Use;
  if (name.startsWith('Math.')) return 'number';
  // Further arguments say where to look.
  if (callee.type !== 'MemberExpression' || call.arguments[0] !== topOf(value.operand.chain)) return 'anything';
  const elements = elementsOf(callee.object);
  if (elements !== undefined) return useAmong(elements);
  if (regExpOf(callee.object) !== undefined || isSearchOfText(call)) return 'string';
  const isOfText = operands.some(({ field, links }) => field?.kind === 'string' && links.includes(call));
  if (!isOfText) return 'anything';
  if (value.kind === 'string') return isSearch(call) ? 'string' : 'word';
  return value.kind === 'number' ? 'number' : 'anything';
}

/** What is looked for among literals of one kind is of that kind. */
function useAmong(elements: readonly (AnyNode | null)[]): Use {
  const kinds = new Set(
    elements.map((element) => (element?.type === 'Literal' && element.value !== null ? typeof element.value : 'other')),
  );
  if (kinds.size !== 1) return 'anything';
  return kinds.has('string') ? 'string' : kinds.has('number') ? 'number' : 'anything';
}
