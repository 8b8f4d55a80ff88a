/**
 * Code that calls functions of the job. A function that provably reads only some fields of its record gets an object of just
 * those, which V8 removes once the function is inlined. Whatever a function throws becomes the failure of its operator, with
 * the record it was given.
 */

import { member } from '../base/code-writer.ts';
import type { UserFunction } from '../graph/logical.ts';
import { isRecordShape } from '../schema/inference.ts';
import { analyseClosure, parameterUse, type ResultShape } from './closure-analysis.ts';
import type { Part } from './closure-intrinsic.ts';
import type { CallResult, OperatorCode } from './operator.ts';
import { constantField, type Field, fieldOf, isColumnar, literal, localField, type Row, wholeRecord } from './row.ts';

/** @param failure the expression of the failure by what it throws; the operator's own when absent */
export function generateCall(
  code: OperatorCode,
  fn: UserFunction,
  row: Row,
  further: readonly string[],
  failure: OperatorCode['failure'] = code.failure,
): CallResult {
  const facts = analyseClosure(fn);
  const use = parameterUse(facts, 0);
  const prepared =
    use.kind === 'fields' && canPrune(row, use.fields) ? prune(code, row, use.fields) : whole(code, row, use.kind === 'unused');
  const result = code.names.fresh('result');
  const called = code.names.constant('f', fn);
  const { body } = code;
  body.line(`let ${result};`);
  body.line(`try { ${result} = ${called}(${[prepared.argument, ...further].join(', ')}); }`);
  body.line(`catch (error) { throw ${failure('error', wholeRecord(prepared.row))}; }`);
  return { result, row: prepared.row, resultRow: shapedRow(result, facts.result, row.timestamp) };
}

/**
 * The row of the function's result where it is put together of columns and constants, which takes no call: `(word) => [word, 1]`.
 * Undefined for other functions and rows.
 */
export function projectedRow(fn: UserFunction, row: Row): Row | undefined {
  const { intrinsic } = analyseClosure(fn);
  if (intrinsic?.kind !== 'tuple') return undefined;
  const fields = intrinsic.parts.map((part, i) => fieldOfPart(part, row, String(i)));
  if (!fields.every((field) => field !== undefined) || !isRecordShape(fields.map((field) => field.name))) return undefined;
  return { form: 'tuple', fields, value: undefined, timestamp: row.timestamp, key: undefined };
}

/** The field that the function returns, where it returns one that lies in a column: `(word) => word`. */
export function projectedField(fn: UserFunction, row: Row, name: string): Field | undefined {
  const { intrinsic } = analyseClosure(fn);
  const field = intrinsic?.kind === 'part' ? fieldOfPart(intrinsic.part, row, name) : undefined;
  return field?.constant === undefined ? field : undefined;
}

function fieldOfPart(part: Part, row: Row, name: string): Field | undefined {
  if (part.kind === 'number') return constantField(name, part.value);
  const field = part.kind === 'field' ? fieldOf(row, part.name) : row.form === 'scalar' ? row.fields[0] : undefined;
  if (field === undefined || !isColumnar(field)) return undefined;
  const { value } = row;
  return row.form === 'scalar' && value !== undefined ? { ...field, name, read: () => value } : { ...field, name };
}

interface Prepared {
  readonly row: Row;
  readonly argument: string;
}

function canPrune(row: Row, fields: readonly string[]): boolean {
  if (row.value !== undefined || row.form === 'scalar' || row.form === 'unknown') return false;
  return fields.every((name) => row.fields.some((field) => field.name === name));
}

/** A literal of the fields that are read. Fields that cost something to read are put into locals, for others to use. */
function prune(code: OperatorCode, row: Row, names: readonly string[]): Prepared {
  const bound = { ...row, fields: row.fields.map((field) => (names.includes(field.name) ? inLocal(code, field) : field)) };
  return { row: bound, argument: literal(bound, (name) => names.includes(name)) };
}

/** Kinds whose values are made when they are read. */
const costly = new Set(['string', 'timestamp']);

function inLocal(code: OperatorCode, field: Field): Field {
  if (!costly.has(field.kind) || field.read() === localName(field)) return field;
  const local = code.names.fresh('field');
  code.body.line(`const ${local} = ${field.read()};`);
  return { ...field, read: () => local };
}

/** The field's expression if it is a local already. */
function localName(field: Field): string | undefined {
  const expression = field.read();
  return /^[A-Za-z_$][\w$]*$/.test(expression) ? expression : undefined;
}

function whole(code: OperatorCode, row: Row, unused: boolean): Prepared {
  if (row.value !== undefined) return { row, argument: row.value };
  if (unused) return { row, argument: 'undefined' };
  const value = code.names.fresh('record');
  code.body.line(`const ${value} = ${literal(row, () => true)};`);
  return { row: { ...row, value }, argument: value };
}

/** The row of a function's result. */
function shapedRow(value: string, shape: ResultShape, timestamp: string | undefined): Row {
  if (shape.kind === 'unknown') return { form: 'unknown', fields: [], value, timestamp, key: undefined };
  const names = shape.kind === 'object' ? shape.fields : Array.from({ length: shape.length }, (_, i) => String(i));
  if (!isRecordShape(names)) return { form: 'unknown', fields: [], value, timestamp, key: undefined };
  const fields = names.map((name) => localField(name, member(value, name)));
  return { form: shape.kind, fields, value, timestamp, key: undefined };
}
