/** Code that finds and hashes the key of a row. */

import { assert } from '../base/assert.ts';
import type { Names } from '../base/code-writer.ts';
import { hashBytes, hashNumber, hashString } from '../base/hash.ts';
import { ByteSink } from '../batch/byte-sink.ts';
import { CompositeKeys } from '../batch/composite-keys.ts';
import { encodeKey } from '../batch/key-codec.ts';
import type { StringColumn } from '../batch/string-column.ts';
import { UnsupportedValueError } from '../batch/unsupported-value.ts';
import { keyText } from '../graph/describe.ts';
import type { KeySpec } from '../graph/logical.ts';
import { MissingFieldError } from './missing-field.ts';
import type { OperatorCode } from './operator.ts';
import { type Routing, routingFailure } from './routing-error.ts';
import { type Field, fieldExpression, fieldOf, isColumnar, localField, type Row, wholeRecord } from './row.ts';
import { UnsupportedKeyError } from './unsupported-key.ts';
import { generateCall, projectedField } from './user-call.ts';

const sink = new ByteSink();

/** Hash of a key of any kind. @throws UnsupportedKeyError for what cannot be a key */
export function hashKey(key: unknown): number {
  if (typeof key === 'string') return hashString(key);
  if (typeof key === 'number') return hashNumber(key);
  sink.reset();
  try {
    encodeKey(sink, key);
  } catch (error) {
    if (!(error instanceof UnsupportedValueError)) throw error;
    throw new UnsupportedKeyError(error);
  }
  return hashBytes(sink.bytes, 0, sink.length);
}

/** Hash of the string of a row, which may be null. */
function hashColumn(column: StringColumn, row: number): number {
  return column.isNull(row) ? hashKey(null) : column.hash(row);
}

export interface KeyedRow {
  readonly row: Row;
  /** The key: a local, or where it lies in a column. */
  readonly key: Field;
  /** The expression of its hash. */
  readonly hash: string;
}

/** The key, where it lies in a column. */
export function columnarKey(row: Row, spec: KeySpec): Field | undefined {
  if (spec.kind === 'selector') return projectedField(spec.select, row, 'key');
  const field = spec.kind === 'carried' ? row.key?.field : spec.composite ? undefined : fieldOf(row, spec.fields[0] as string);
  return field !== undefined && field.constant === undefined && isColumnar(field) ? field : undefined;
}

/** What asks for a key, and where that is, seen from the operator that fails by it. */
export type KeyUse = Pick<Routing, 'call' | 'side'>;

const byKey: KeyUse = { call: (key) => `keyBy(${key})`, side: 'in front of' };

/** Writes the code that finds the key of a row. */
export function generateKey(
  code: OperatorCode,
  row: Row,
  spec: KeySpec,
  { hashOf = hashExpression, use = byKey }: { readonly hashOf?: HashExpression; readonly use?: KeyUse } = {},
): KeyedRow {
  if (spec.kind === 'carried') {
    assert(row.key !== undefined, 'a record carries its key');
    return { row, key: row.key.field, hash: row.key.hash ?? hashOf(code, row.key.field) };
  }
  if (spec.kind === 'selector') {
    const projected = projectedField(spec.select, row, 'key');
    if (projected !== undefined) return keyed(code, row, projected, hashOf);
    const routed = code.names.constant('routed', routingFailure({ ...use, fn: spec.select }));
    const call = generateCall(code, spec.select, row, [], (error, record) => code.failure(`${routed}(${error})`, record));
    return keyed(code, call.row, localField('key', call.result), hashOf);
  }
  const fields = spec.fields.map((name) => generateField(code, row, name, use.call(keyText(spec))));
  return spec.composite ? { row, ...generateComposite(code, row, fields) } : keyed(code, row, fields[0] as Field, hashOf);
}

/** The parts of a key of several fields, where all of them lie in columns. */
export function columnarParts(row: Row, spec: KeySpec): readonly Field[] | undefined {
  if (spec.kind !== 'fields' || !spec.composite) return undefined;
  const parts = spec.fields.map((name) => fieldOf(row, name));
  return parts.every((part) => part?.column !== undefined || part?.numbers !== undefined) ? (parts as Field[]) : undefined;
}

/** The key of parts that lie in columns: its array is made only where somebody asks for it. @param encoded where its bytes lie */
export function compositeField(parts: readonly Field[], encoded: NonNullable<Field['encoded']>): Field {
  return { ...localField('key', `[${parts.map((part) => part.read()).join(', ')}]`, 'any'), encoded };
}

/** Makes the bytes of a key, and its hash of them. */
function generateComposite(code: OperatorCode, row: Row, parts: readonly Field[]): Omit<KeyedRow, 'row'> {
  const { names, body } = code;
  const keys = names.constant('keys', new CompositeKeys());
  const field = compositeField(parts, { rows: keys, row: '0' });
  const hash = names.fresh('hash');
  const write = (): void => {
    body.line(`${keys}.begin(${parts.length});`);
    for (const part of parts) body.line(`${keys}.${partCall(part)};`);
  };
  if (parts.every(isPlain)) write();
  else {
    const refused = names.constant('refused', refusedKey);
    body.block('try', write);
    body.line(`catch (error) { throw ${code.failure(`${refused}(error, ${field.read()})`, wholeRecord(row))}; }`);
  }
  body.line(`const ${hash} = ${keys}.end();`);
  return { key: field, hash };
}

/** Whether a part can be nothing but a number or a string. */
function isPlain({ column, kind, nullable }: Field): boolean {
  return column !== undefined || (!nullable && (kind === 'float64' || kind === 'int32'));
}

function partCall(part: Field): string {
  const { column, read } = part;
  if (column !== undefined) return `string(${column.use()}, ${column.row}, ${column.rows})`;
  return isPlain(part) ? `number(${read()})` : `value(${read()})`;
}

/** What is wrong with a key, of which one part could not be encoded. */
function refusedKey(error: unknown, key: readonly unknown[]): unknown {
  try {
    hashKey(key);
    return error;
  } catch (refused) {
    return refused;
  }
}

type HashExpression = (code: OperatorCode, key: Field) => string;

function keyed(code: OperatorCode, row: Row, key: Field, hashOf: HashExpression): KeyedRow {
  if (key.kind !== 'js' && key.kind !== 'any') return { row, key, hash: hashOf(code, key) };
  const hash = code.names.fresh('hash');
  code.body.line(`let ${hash};`);
  code.body.line(`try { ${hash} = ${hashOf(code, key)}; } catch (error) { throw ${code.failure('error', wholeRecord(row))}; }`);
  return { row, key, hash };
}

/** A field of the row, in a local where its kind is not known; a record without it is an error. */
function generateField(code: OperatorCode, row: Row, name: string, call: string): Field {
  const known = fieldOf(row, name);
  if (known !== undefined && known.kind !== 'js' && known.kind !== 'any') return known;
  const value = code.names.fresh('key');
  code.body.line(`const ${value} = ${fieldExpression(row, name)};`);
  const missing = code.names.constant('MissingField', MissingFieldError);
  const error = `new ${missing}(${JSON.stringify(call)}, ${JSON.stringify(name)})`;
  code.body.line(`if (${value} === undefined) throw ${code.failure(error, wholeRecord(row))};`);
  return localField(name, value);
}

/** The expression of the hash of a key. */
export function hashExpression(code: OperatorCode, key: Field): string {
  const { names } = code;
  switch (key.kind) {
    case 'float64':
    case 'int32':
      if (key.nullable) break;
      return `${names.constant('hashNumber', hashNumber)}(${key.read()})`;
    case 'string':
      if (key.column?.hashes !== undefined) return `${key.column.hashes}[${key.column.row}]`;
      if (key.column !== undefined) return `${names.constant('hashColumn', hashColumn)}(${key.column.use()}, ${key.column.row})`;
      if (key.nullable) break;
      return `${names.constant('hashString', hashString)}(${key.read()})`;
    default:
  }
  const value = key.read();
  const ofString = `${names.constant('hashString', hashString)}(${value})`;
  return `(typeof ${value} === 'string' ? ${ofString} : ${names.constant('hashKey', hashKey)}(${value}))`;
}

/** As `hashExpression`, but 0 for strings, which whoever gathers the rows hashes: see `lateHashExpression`. */
export function earlyHashExpression(code: OperatorCode, key: Field): string {
  if (key.column !== undefined || (!key.nullable && (key.kind === 'float64' || key.kind === 'int32'))) return hashExpression(code, key);
  if (!key.nullable && key.kind === 'string') return '0';
  const value = key.read();
  return `(typeof ${value} === 'string' ? 0 : ${code.names.constant('hashKey', hashKey)}(${value}))`;
}

/** The expression of the hash of a key whose `early` one is known. */
export function lateHashExpression(names: Names, key: string, early: string): string {
  return `(typeof ${key} === 'string' ? ${names.constant('hashString', hashString)}(${key}) : ${early})`;
}

/** The expression of the key's slot in an index; `index` and `hash` are expressions. */
export function slotExpression(index: string, hash: string, key: Field): string {
  if (key.encoded !== undefined) return `${index}.ofEncoded(${hash}, ${key.encoded.rows}, ${key.encoded.row})`;
  switch (key.kind) {
    case 'float64':
    case 'int32':
      if (key.nullable) break;
      return `${index}.ofNumber(${hash}, ${key.read()})`;
    case 'string':
      if (key.column !== undefined) return `${index}.ofColumn(${hash}, ${key.column.use()}, ${key.column.row}, ${key.column.rows})`;
      break;
    default:
  }
  const value = key.read();
  return `(typeof ${value} === 'string' ? ${index}.ofString(${hash}, ${value}) : ${index}.ofValue(${hash}, ${value}))`;
}
