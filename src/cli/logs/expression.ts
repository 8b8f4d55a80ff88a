/**
 * Conditions and values on the command line: JavaScript over the names of fields, `status >= 500 && url.startsWith('/api')`. Names become
 * fields of the record; whatever is no field, and nothing that JavaScript has, is an error that names what was meant.
 */

import { type AnyNode, type Expression, type Identifier, parseExpressionAt } from 'acorn';
import { MillraceError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';

/** A field that there is, as far as an expression must know it. */
export interface KnownField {
  readonly name: string;
  readonly nullable: boolean;
}

/** What an expression may use beside fields. */
const globals = new Set([
  ...['Math', 'Number', 'String', 'Boolean', 'Date', 'RegExp', 'JSON', 'Array', 'Object', 'BigInt'],
  ...['parseInt', 'parseFloat', 'isNaN', 'isFinite', 'undefined', 'NaN', 'Infinity', 'decodeURIComponent', 'encodeURIComponent', 'URL'],
]);

/** The local that holds the record. */
const record = 'r';

/** The field that a name stands for: as it is written, or in the other spelling, `request_time` for `requestTime`. */
export function fieldNamed<F extends KnownField>(name: string, fields: readonly F[]): F | undefined {
  const spelling = name.replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());
  return fields.find((field) => field.name === name) ?? fields.find((field) => field.name === spelling);
}

/** @throws MillraceError INVALID_OPTION for a name that is no field */
export function checkedField<F extends KnownField>(option: string, name: string, fields: readonly F[]): F {
  return fieldNamed(name, fields) ?? refuseName(option, name, fields);
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
  const changes: { readonly start: number; readonly end: number; readonly code: string }[] = [];
  const own = ownNames(expression);
  for (const { node, parent } of references(expression)) {
    if (own.has(node.name) || globals.has(node.name)) continue;
    const field = checkedField(option, node.name, fields);
    const code = `${record}.${field.name}`;
    const isAbbreviated = parent?.type === 'Property' && parent.shorthand;
    changes.push({ start: node.start, end: node.end, code: isAbbreviated ? `${node.name}: ${code}` : code });
    // A method of a text that is not there would end the job.
    if (field.nullable && parent?.type === 'MemberExpression' && !parent.optional && !parent.computed)
      changes.push({ start: node.end, end: node.end, code: '?' });
  }
  let code = text;
  for (const change of changes.sort((a, b) => b.start - a.start || b.end - a.end))
    code = code.slice(0, change.start) + change.code + code.slice(change.end);
  return code.trim();
}

function parse(option: string, text: string): Expression {
  if (/(?<![=!<>])=(?![=>])/.test(text.replace(/'[^']*'|"[^"]*"|`[^`]*`/g, '')))
    throw new MillraceError('INVALID_OPTION', `${option}: '${text}' assigns with a single =; write == to compare`);
  try {
    const expression = parseExpressionAt(text, 0, { ecmaVersion: 2022 });
    if (text.slice(expression.end).trim() === '') return expression;
    throw new SyntaxError(`'${text.slice(expression.end).trim()}' follows it`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MillraceError(
      'INVALID_OPTION',
      `${option}: '${text}' is no JavaScript expression: ${reason}; an example: status >= 500 && method == 'POST'`,
    );
  }
}

interface Reference {
  readonly node: Identifier;
  readonly parent: AnyNode | undefined;
}

/** The names in an expression that are read, each with what it stands in. */
function references(node: AnyNode, parent?: AnyNode): Reference[] {
  if (node.type === 'Identifier') return [{ node, parent }];
  return childrenOf(node).flatMap((child) => references(child, node));
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
function ownNames(node: AnyNode): ReadonlySet<string> {
  const own =
    node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression' ? node.params.flatMap((each) => references(each)) : [];
  return new Set([...own.map((each) => each.node.name), ...childrenOf(node).flatMap((child) => [...ownNames(child)])]);
}

function refuseName(option: string, name: string, fields: readonly KnownField[]): never {
  const known = fields.map((field) => field.name);
  const nearest = nearestName(name, known);
  const hint = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
  throw new MillraceError('INVALID_OPTION', `${option}: there is no field '${name}'${hint} The fields are ${known.join(', ')}`);
}
