/** Fields that users declare for the records of a format. */

import { MillraceError } from '../base/errors.ts';
import { flag, type OptionRules, optional, unexpected } from '../base/options.ts';
import { isType, type RecordType, type Type, type TypeOf, t, typeText } from '../schema/type.ts';
import type { FieldSpec } from './parser-code.ts';

/** Fields of records and their types: `{ url: t.string, status: t.int32 }`. */
export type FieldTypes = Readonly<Record<string, Type<unknown>>>;

/** How the numbers of declared fields are read. */
export interface NumberOptions {
  /**
   * Whether a whole number that a float64 does not hold, such as 9007199254740993, makes a bad record where a field is a `t.float64`; false
   * by default: it is rounded, so that several ids may become one.
   */
  readonly exactIntegers?: boolean | undefined;
}

/** The rules for `NumberOptions`. */
export const numberRules: OptionRules<NumberOptions> = { exactIntegers: optional(flag) };

/** The field, of which no digits may be lost. */
export function exact<F extends FieldSpec>(field: F): F {
  return { ...field, isExact: true };
}

/** The records that have these fields. */
export type RecordOfFields<F extends FieldTypes> = { [K in keyof F]: TypeOf<F[K]> };

/**
 * The fields that are declared by a type of objects, or one by one.
 *
 * @param of for errors: the function as users call it
 * @throws MillraceError INVALID_OPTION
 */
export function declaredFields(of: string, declared: unknown, { exactIntegers = false }: NumberOptions = {}): readonly FieldSpec[] {
  const { names, columns } = objectType(of, declared);
  const fields = names.map((name, i) => ({ name, type: columns[i] as FieldSpec['type'] }));
  return exactIntegers ? fields.map(exact) : fields;
}

function objectType(of: string, declared: unknown): RecordType {
  const wanted = 'fields with their types, such as { url: t.string }, or t.object({ … })';
  const type = isType(declared) ? declared.record : t.object(isFields(declared) ? declared : refuse(of, wanted, declared)).record;
  return type.form === 'object' && type.names.length > 0 ? type : refuse(of, wanted, declared);
}

function isFields(value: unknown): value is FieldTypes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(of: string, wanted: string, value: unknown): never {
  throw unexpected(of, wanted, value);
}

/** The fields that are declared for a format whose values are text. @throws MillraceError INVALID_OPTION */
export function declaredTextFields(of: string, declared: unknown, options?: NumberOptions): readonly FieldSpec[] {
  const fields = declaredFields(of, declared, options);
  const any = fields.find(({ type }) => type.kind === 'any');
  if (any === undefined) return fields;
  throw new MillraceError(
    'INVALID_OPTION',
    `${of}: the field '${any.name}' is of any type, but its values are text; declare it as t.string`,
  );
}

/** What tells a format with these fields from others. */
export function fieldDetails(fields: readonly FieldSpec[]): Readonly<Record<string, unknown>> {
  const names = fields.map(({ name }) => name);
  const type = typeText({ form: 'object', names, columns: fields.map((field) => field.type), key: undefined });
  return { type, ...(fields.some(({ isExact }) => isExact) ? { exactIntegers: true } : {}) };
}
