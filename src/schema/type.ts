/**
 * Types of records: which columns a batch has. A type is plain data, so that it can be sent, compared and printed; the
 * phantom parameter of `Type` carries the TypeScript type of the record it describes.
 */

import { describeValue } from '../base/describe-value.ts';
import { MillraceError } from '../base/errors.ts';
import { unexpected } from '../base/options.ts';

/** What one column holds. `any` takes every value; `null` nothing but null, until another value widens it. */
export type ColumnKind = 'float64' | 'int32' | 'bigint64' | 'bool' | 'timestamp' | 'string' | 'any' | 'null';

export interface ColumnType {
  readonly kind: ColumnKind;
  /** Whether null may stand in place of a value. `any` and `null` columns take null without it. */
  readonly nullable: boolean;
}

/** A record is one value, an object with fixed keys in a fixed order, or an array of fixed length. */
export type RecordForm = 'scalar' | 'object' | 'tuple';

export interface RecordType {
  readonly form: RecordForm;
  /** Keys of an object; '0', '1', … of a tuple; one empty name for a scalar. */
  readonly names: readonly string[];
  /** One for each name. */
  readonly columns: readonly ColumnType[];
  /** The computed key that travels with the record, in a column behind the others, where a stream is keyed by a function. */
  readonly key: ColumnType | undefined;
}

declare const recordOf: unique symbol;

/** A declared type of records of the TypeScript type `T`. Build one with `t`. */
export interface Type<T> {
  readonly record: RecordType;
  readonly [recordOf]?: T;
}

/** The record type that a `Type<T>` declares. */
export type TypeOf<D> = D extends Type<infer T> ? T : never;

export const anyColumn: ColumnType = { kind: 'any', nullable: false };

export function column(kind: ColumnKind, nullable = false): ColumnType {
  return { kind, nullable };
}

export function scalarType(type: ColumnType): RecordType {
  return { form: 'scalar', names: [''], columns: [type], key: undefined };
}

/** The type of objects without the fields that are not named. */
export function selectFields(type: RecordType, fields: readonly string[]): RecordType {
  const kept = type.names.flatMap((name, i) => (fields.includes(name) ? [i] : []));
  return internType({ ...type, names: kept.map((i) => type.names[i] as string), columns: kept.map((i) => type.columns[i] as ColumnType) });
}

/** The type of objects with these fields, of which nothing is known. */
export function objectOfAny(names: readonly string[]): RecordType {
  return internType({ form: 'object', names, columns: names.map(() => anyColumn), key: undefined });
}

/** The type of records of which nothing is known. */
export const anyRecord: RecordType = scalarType(anyColumn);

/** All columns of a batch of the type: the record's, then the computed key's. */
export function batchColumns(type: RecordType): readonly ColumnType[] {
  return type.key === undefined ? type.columns : [...type.columns, type.key];
}

/** Same text for equal types, another for others. */
export function typeSignature(type: RecordType): string {
  const columns = type.columns.map((each, i) => `${JSON.stringify(type.names[i])}:${columnText(each)}`);
  return `${type.form}(${columns.join(',')})${type.key === undefined ? '' : `#${columnText(type.key)}`}`;
}

/** A type as people read it: `{ url: string, bytes: float64? }`. */
export function typeText(type: RecordType): string {
  const columns = type.columns.map(columnText);
  if (type.form === 'scalar') return columns[0] as string;
  if (type.form === 'tuple') return `[${columns.join(', ')}]`;
  return `{ ${columns.map((text, i) => `${type.names[i]}: ${text}`).join(', ')} }`;
}

function columnText(type: ColumnType): string {
  return type.nullable ? `${type.kind}?` : type.kind;
}

/** Keys that an object literal in generated code, or UTF-8 on the wire, would not reproduce as they are. */
export function isAwkwardName(name: string): boolean {
  return name === '__proto__' || /^\d+$/.test(name) || /\p{Surrogate}/u.test(name);
}

const interned = new Map<string, RecordType>();

/** The one object that stands for all equal types on this thread, so that types compare by identity. */
export function internType(type: RecordType): RecordType {
  const signature = typeSignature(type);
  const known = interned.get(signature);
  if (known !== undefined) return known;
  interned.set(signature, type);
  return type;
}

function declare<T>(type: ColumnType): Type<T> {
  return { record: scalarType(type) };
}

/** A field of a declared record: nested objects and tuples are stored as values. */
function fieldColumn(type: Type<unknown>): ColumnType {
  return type.record.form === 'scalar' ? (type.record.columns[0] as ColumnType) : anyColumn;
}

export function isType(value: unknown): value is Type<unknown> {
  const record = (value as Partial<Type<unknown>> | null | undefined)?.record;
  return Array.isArray(record?.columns) && Array.isArray(record.names);
}

function checkField(what: string, type: unknown): void {
  if (isType(type)) return;
  const isPlain = typeof type === 'object' && type !== null && Object.getPrototypeOf(type) === Object.prototype;
  const wayOut = isPlain ? '; write t.object({ … }) for it' : '';
  throw new MillraceError('INVALID_OPTION', `${what} must be a type, such as t.string, not ${describeValue(type)}${wayOut}`);
}

type Fields = Readonly<Record<string, Type<unknown>>>;
type ObjectOf<F extends Fields> = { [K in keyof F]: TypeOf<F[K]> };
type TupleOf<E extends readonly Type<unknown>[]> = { [K in keyof E]: TypeOf<E[K]> };

/**
 * Declares the type of records: `stream.returns(t.object({ url: t.string, bytes: t.int32 }))`.
 *
 * A declared type is a promise: a record that does not keep it ends the job with an error that names operator and field.
 * Without a declaration the type is inferred and widened as records come.
 */
export const t = {
  /** A number. */
  float64: declare<number>(column('float64')),
  /** A whole number from −2³¹ to 2³¹ − 1. */
  int32: declare<number>(column('int32')),
  /** A bigint from −2⁶³ to 2⁶³ − 1. */
  bigint64: declare<bigint>(column('bigint64')),
  bool: declare<boolean>(column('bool')),
  /** A `Date`. */
  timestamp: declare<Date>(column('timestamp')),
  string: declare<string>(column('string')),
  /** Any plain value. */
  any: declare<unknown>(anyColumn),
  /** A value or null. */
  nullable<T>(type: Type<T>): Type<T | null> {
    if (!isType(type)) throw unexpected('t.nullable', 'a type, such as t.string', type);
    const only = fieldColumn(type);
    return declare<T | null>(only.kind === 'any' ? only : column(only.kind, true));
  },
  /** An object with exactly these keys, in this order. */
  object<const F extends Fields>(fields: F): Type<ObjectOf<F>> {
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
      throw unexpected('t.object', 'fields with their types, such as { url: t.string }', fields);
    const names = Object.keys(fields);
    for (const name of names) {
      checkField(`t.object: the field '${name}'`, fields[name]);
      if (isAwkwardName(name)) {
        throw new MillraceError('INVALID_OPTION', `t.object: a field cannot be called '${name}'; use t.any for such records`);
      }
    }
    const columns = Object.values(fields).map(fieldColumn);
    return { record: { form: 'object', names, columns, key: undefined } };
  },
  /** Objects of the type with these fields alone, in its order: what `Source.project` is asked for. */
  pick<T, K extends keyof T & string>(type: Type<T>, fields: readonly K[]): Type<Pick<T, K>> {
    if (!isType(type) || type.record.form !== 'object')
      throw unexpected('t.pick', 'a type of objects, such as t.object({ url: t.string })', type);
    for (const name of fields) {
      if (type.record.names.includes(name)) continue;
      throw new MillraceError('INVALID_OPTION', `t.pick: the type has no field '${name}'; it has ${type.record.names.join(', ')}`);
    }
    return { record: selectFields(type.record, fields) };
  },
  /** An array with exactly these elements. */
  tuple<const E extends readonly Type<unknown>[]>(...elements: E): Type<TupleOf<E>> {
    for (const [i, element] of elements.entries()) checkField(`t.tuple: the element ${i}`, element);
    return { record: { form: 'tuple', names: elements.map((_, i) => String(i)), columns: elements.map(fieldColumn), key: undefined } };
  },
} as const;
