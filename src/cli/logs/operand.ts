/** What an expression takes its values from: fields, with what is taken from them. What is missing has no parts. Pure. */

import type { AnyNode, CallExpression } from 'acorn';
import { type Chain, keyOf } from './chains.ts';
import type { Change } from './expression.ts';
import { type FieldKind, isUntyped, type KnownField } from './fields.ts';
import type { RecordLayout } from './record-layout.ts';

/** A chain that begins with a field, or with something else. */
export interface Operand {
  readonly chain: Chain;
  readonly field: KnownField | undefined;
  /** What stands for the field, `http.status`. */
  readonly node: AnyNode;
  /** The members and calls behind it. */
  readonly links: readonly AnyNode[];
}

/** The code of an operand, as changes of the text. */
export interface OperandValue {
  readonly operand: Operand;
  /** What reads the field; empty where there is none. */
  readonly code: string;
  readonly changes: readonly Change[];
  /** What it is: a field, some part of one, or a part that TypeScript knows nothing of, and lets be used for anything. */
  readonly kind: FieldKind | 'part' | 'untyped';
  readonly isMissable: boolean;
  /** Whether it ends in what may be missing although its type does not say so, `url.split('/')[2]`. */
  readonly isPerhaps: boolean;
  /** Whether it is undefined where it is missing, and not null. */
  readonly isUndefined: boolean;
}

export function readOperand(operand: Operand, layout: RecordLayout, text: string): OperandValue {
  const { field, node } = operand;
  const links = linksOf(operand);
  const perhaps = links.filter((link, i) => isOptional(link) || (link.type === 'MemberExpression' && isPerhapsMissing(links, i - 1)));
  if (field === undefined) return { ...partOf(operand, perhaps, text), kind: 'part', code: '' };
  const { code, isPart } = layout.read(field);
  const isMissable = field.nullable || isPart;
  const read = { start: node.start, end: node.end };
  if (links.length === 0)
    return { operand, code, changes: [{ ...read, code }], kind: field.kind, isMissable, isPerhaps: false, isUndefined: isPart };
  const holds = links.some(takesFunction) && isUntyped(field) ? 'array' : field.kind;
  const part = partOf(operand, [...new Set([...perhaps, ...optionalLinks(links, holds, isMissable)])], text);
  const changes = [{ ...read, code: partsCode(holds, code) }, ...part.changes];
  return isOpen(holds) ? { ...part, code, changes, kind: 'untyped', isMissable: true } : { ...part, code, changes, kind: 'part' };
}

function linksOf({ links }: Operand): readonly AnyNode[] {
  return links.filter(({ type }) => type !== 'ChainExpression');
}

/** A part of something, with the links in front of which something may be missing. */
function partOf(operand: Operand, optional: readonly AnyNode[], text: string): Omit<OperandValue, 'kind' | 'code'> {
  const changes = optional.flatMap((link) => insertion(link, text));
  const links = linksOf(operand);
  return { operand, changes, isMissable: optional.length > 0, isPerhaps: isPerhapsMissing(links, links.length - 1), isUndefined: true };
}

/** Whether it is a method that goes through elements, as arrays have them. */
function takesFunction(link: AnyNode): boolean {
  return link.type === 'CallExpression' && link.arguments.some(({ type }) => type === 'ArrowFunctionExpression');
}

function isOpen(kind: FieldKind): boolean {
  return isUntyped({ kind }) && kind !== 'array';
}

/** What parts are taken from. An array is any array; of what is not known, something is an object. */
function partsCode(kind: FieldKind, code: string): string {
  if (kind === 'array') return `(Array.isArray(${code}) ? ${code} : null)`;
  return isOpen(kind) ? `Object(${code})` : code;
}

/** The links in front of which something may be missing. */
function optionalLinks(links: readonly AnyNode[], kind: FieldKind, isMissable: boolean): readonly AnyNode[] {
  // What is made an object has no members where it was nothing, and perhaps not the function that is called.
  if (isOpen(kind)) return links.slice(1);
  if (kind === 'array') return links.filter(({ type }) => type === 'MemberExpression');
  return isMissable ? links.slice(0, 1) : [];
}

const searches = new Set(['match', 'exec', 'find', 'findLast', 'at', 'pop', 'shift', 'get']);
const prototypes = [String, Number, Date, Array, RegExp, Map, Set, URL].map(({ prototype }) => prototype as object);

/** Whether a link takes what there is perhaps not: an element, what a function looks for, or a member that not all values have. */
function isPerhapsMissing(links: readonly AnyNode[], at: number): boolean {
  const link = links[at];
  if (link?.type === 'CallExpression') return searches.has(keyOf(link.callee) ?? '') || isParsed(link);
  if (link?.type !== 'MemberExpression') return false;
  const key = keyOf(link);
  if (key === undefined) return true;
  // What is called makes something; of what is no call, the parts are known, or those of a parameter.
  return !prototypes.some((prototype) => key in prototype) && links.slice(0, at).some(({ type }) => type === 'CallExpression');
}

/** Whether it is what JSON says, which may be null. */
function isParsed({ callee }: CallExpression): boolean {
  return (
    keyOf(callee) === 'parse' && callee.type === 'MemberExpression' && callee.object.type === 'Identifier' && callee.object.name === 'JSON'
  );
}

function isOptional(link: AnyNode): boolean {
  return (link.type === 'MemberExpression' || link.type === 'CallExpression') && link.optional;
}

/** Makes a link an optional one, unless it is. */
function insertion(link: AnyNode, text: string): Change[] {
  if ((link.type !== 'MemberExpression' && link.type !== 'CallExpression') || link.optional) return [];
  const inner = link.type === 'CallExpression' ? link.callee : link.object;
  const isNamed = link.type === 'MemberExpression' && !link.computed;
  const start = text.indexOf(isNamed ? '.' : link.type === 'CallExpression' ? '(' : '[', inner.end);
  return [{ start, end: start, code: isNamed ? '?' : '?.' }];
}
