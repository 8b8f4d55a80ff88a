/**
 * Conditions and values on the command line: JavaScript over the names of fields, `status >= 500 && url.startsWith('/api')`. Names become
 * fields of the record; whatever is no field, and nothing that JavaScript has, is an error that names what was meant. What is null is
 * neither less nor more than anything, and has no parts. Times can be compared with texts. Pure.
 */

import { type AnyNode, type Expression, type Identifier, parseExpressionAt } from 'acorn';
import { MillraceError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { access, quoted } from './code-layout.ts';

/** A field that there is, as far as an expression must know it. */
export interface KnownField {
  readonly name: string;
  readonly nullable: boolean;
  readonly kind: FieldKind;
}

/** What a field holds: `time` is a `Date`, `millis` a time as epoch milliseconds, `seconds` as those; `any` may be an object. */
export type FieldKind = 'string' | 'number' | 'bigint' | 'time' | 'millis' | 'seconds' | 'bool' | 'any';

/** What an expression may use beside fields. */
const globals = new Set([
  ...['Math', 'Number', 'String', 'Boolean', 'Date', 'RegExp', 'JSON', 'Array', 'Object', 'BigInt', 'Set', 'Map', 'Intl'],
  ...['parseInt', 'parseFloat', 'isNaN', 'isFinite', 'undefined', 'NaN', 'Infinity', 'decodeURIComponent', 'encodeURIComponent', 'URL'],
]);

/** The local that holds the record. */
const record = 'r';

const plain = (name: string): string => name.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase();

/** The field that a name stands for: as it is written, or in another spelling, `request_time` for `requestTime` or `request-time`. */
export function fieldNamed<F extends KnownField>(name: string, fields: readonly F[]): F | undefined {
  const exact = fields.find((field) => field.name === name);
  if (exact !== undefined) return exact;
  const alike = plain(name) === '' ? [] : fields.filter((field) => plain(field.name) === plain(name));
  return alike.length === 1 ? alike[0] : undefined;
}

/** @throws MillraceError INVALID_OPTION for a name that is no field */
export function checkedField<F extends KnownField>(option: string, name: string, fields: readonly F[]): F {
  return fieldNamed(name, fields) ?? refuseName(option, name, fields);
}

/** The code that reads a field. */
export function fieldCode({ name }: { readonly name: string }): string {
  return record + access(name);
}

/**
 * The expression with its fields read from the record `r`.
 *
 * @param option of the command line, for errors
 * @throws MillraceError INVALID_OPTION for what is no expression, or names no field
 * @example expressionCode('--where', 'status >= 500', fields) // 'r.status >= 500'
 */
export function expressionCode(option: string, text: string, fields: readonly KnownField[]): string {
  const expression = parse(option, text);
  const changes: Change[] = [];
  const own = ownNames(expression);
  for (const reference of references(expression, [])) {
    const { node } = reference;
    if (own.has(node.name) || globals.has(node.name)) continue;
    changes.push(...fieldChanges(option, reference, checkedField(option, node.name, fields)));
  }
  let code = text;
  for (const { start, end, code: by } of changes.sort((a, b) => b.start - a.start || b.end - a.end))
    code = code.slice(0, start) + by + code.slice(end);
  return code.trim();
}

function parse(option: string, text: string): Expression {
  const expression = parsed(option, text);
  if (nodesIn(expression).some(({ type }) => type === 'AssignmentExpression' || type === 'UpdateExpression'))
    throw new MillraceError('INVALID_OPTION', `${option}: '${text}' assigns to a field; write == to compare`);
  return expression;
}

function parsed(option: string, text: string): Expression {
  try {
    const expression = parseExpressionAt(text, 0, { ecmaVersion: 2022 });
    const behind = text.slice(expression.end).trim();
    if (behind === '') return expression;
    throw new SyntaxError(`'${behind}' follows '${text.slice(0, expression.end).trim()}'`);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/ \(\d+:(\d+)\)$/, ' at column $1') : String(error);
    throw new MillraceError(
      'INVALID_OPTION',
      `${option}: '${text}' is no JavaScript expression: ${reason}; an example: status >= 500 && method == 'POST'`,
    );
  }
}

interface Reference {
  readonly node: Identifier;
  /** What it stands in, from the outside in. */
  readonly parents: readonly AnyNode[];
}

/** A part of the text that becomes something else. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly code: string;
}

function fieldChanges(option: string, { node, parents }: Reference, field: KnownField): Change[] {
  const parent = parents.at(-1);
  const code = fieldCode(field);
  const value = field.nullable && isNumeric(field) && isCompared(parents) ? `(${code} ?? NaN)` : code;
  const isAbbreviated = parent?.type === 'Property' && parent.shorthand;
  return [
    { start: node.start, end: node.end, code: isAbbreviated ? `${node.name}: ${value}` : value },
    ...(field.nullable ? optionalMembers(node, parents, field) : []),
    ...(isTime(field) ? comparedTexts(option, parent, field) : []),
  ];
}

function isNumeric({ kind }: KnownField): boolean {
  return kind !== 'string' && kind !== 'any';
}

export function isTime({ kind }: Pick<KnownField, 'kind'>): boolean {
  return kind === 'time' || kind === 'millis' || kind === 'seconds';
}

export function isNumber({ kind }: Pick<KnownField, 'kind'>): boolean {
  return kind === 'number' || kind === 'bigint';
}

const relations = new Set(['<', '<=', '>', '>=']);
const arithmetic = new Set(['+', '-', '*', '/', '%', '**']);

/** Whether a value is on a side of a `<`, perhaps in some arithmetic. JavaScript takes a null there for 0. */
function isCompared(parents: readonly AnyNode[]): boolean {
  const at = parents.findLastIndex(
    (each) => each.type !== 'UnaryExpression' && !(each.type === 'BinaryExpression' && arithmetic.has(each.operator)),
  );
  const outer = parents[at];
  return outer?.type === 'BinaryExpression' && relations.has(outer.operator);
}

/** What is not there has no parts: `user.name` becomes `user?.name`. Of what holds anything, parts may be missing as well. */
function optionalMembers(node: AnyNode, parents: readonly AnyNode[], { kind }: KnownField): Change[] {
  const changes: Change[] = [];
  let child = node;
  for (const parent of [...parents].reverse()) {
    if (parent.type !== 'MemberExpression' || parent.object !== child) break;
    if (!parent.optional) changes.push({ start: child.end, end: child.end, code: parent.computed ? '?.' : '?' });
    if (kind !== 'any') break;
    child = parent;
  }
  return changes;
}

/** Texts that a time is compared with become times. */
function comparedTexts(option: string, parent: AnyNode | undefined, { kind }: KnownField): Change[] {
  if (parent?.type !== 'BinaryExpression' || !relations.has(parent.operator)) return [];
  return [parent.left, parent.right].flatMap((side) => {
    if (side.type !== 'Literal' || typeof side.value !== 'string') return [];
    const text = isoText(side.value);
    if (Number.isNaN(Date.parse(text)))
      throw new MillraceError(
        'INVALID_OPTION',
        `${option}: a time is compared with '${side.value}', which is none; write one such as '2025-03-03T06:00'`,
      );
    return [{ start: side.start, end: side.end, code: `Date.parse(${quoted(text)})${kind === 'seconds' ? ' / 1000' : ''}` }];
  });
}

/** A time of day without a zone is in UTC, as it is in logs. */
function isoText(text: string): string {
  const hasZone = !/\d:\d/.test(text) || /(?:z|[+-]\d\d:?\d\d)$/i.test(text);
  return text.replace(' ', 'T') + (hasZone ? '' : 'Z');
}

/** The names in an expression that are read, each with what it stands in. */
function references(node: AnyNode, parents: readonly AnyNode[]): Reference[] {
  if (node.type === 'Identifier') return [{ node, parents }];
  return childrenOf(node).flatMap((child) => references(child, [...parents, node]));
}

function nodesIn(node: AnyNode): AnyNode[] {
  return [node, ...childrenOf(node).flatMap(nodesIn)];
}

/** What stands in a node, without the names of members and properties. */
function childrenOf(node: AnyNode): AnyNode[] {
  if (node.type === 'MemberExpression' && !node.computed) return [node.object];
  if (node.type === 'Property' && !node.computed) return [node.value];
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as Partial<AnyNode>).type === 'string';
}

/** Parameters of functions in the expression. */
function ownNames(expression: AnyNode): ReadonlySet<string> {
  const functions = nodesIn(expression).filter((node) => node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression');
  return new Set(functions.flatMap(({ params }) => params.flatMap((each) => references(each, []).map(({ node }) => node.name))));
}

function refuseName(option: string, name: string, fields: readonly KnownField[]): never {
  const known = fields.map((field) => field.name);
  const nearest = nearestName(name, known);
  const missing = `${option}: there is no field '${name}'`;
  if (known.length === 1 && known[0] === 'line')
    throw new MillraceError(
      'INVALID_OPTION',
      `${missing}: what is read is text, and 'line' is all there is; --format or --pattern says what is in it`,
    );
  const hint = nearest === undefined ? '; the' : `; did you mean '${nearest}'? The`;
  throw new MillraceError('INVALID_OPTION', `${missing}${hint} fields are ${known.join(', ')}`);
}
