/**
 * JSON lines: one object on each line (RFC 8259).
 *
 * With declared fields the bytes go to columns as they are: no objects are made, members that are not looked for are passed over, and
 * behind the last one that is looked for nothing is. Without, each line becomes what `JSON.parse` makes of it, of which only those fields
 * are made that the job reads, where that is known.
 */

import { MillraceError } from '../base/errors.ts';
import { checkArgument, checkOptions, type OptionRules, objectLike, optional, type Rule, unknownName } from '../base/options.ts';
import type { Type } from '../schema/type.ts';
import { declaredFields, type FieldTypes, fieldDetails, type NumberOptions, numberRules, type RecordOfFields } from './declared-fields.ts';
import type { Format } from './format.ts';
import { noObject } from './json-members.ts';
import { type JsonField, writeJsonRecord } from './json-objects.ts';
import { JsonProjectionParser } from './json-projection.ts';
import { jsonObject } from './json-text.ts';
import { grammarFormat } from './line-format.ts';
import type { ParserOptions, RecordParser } from './parser.ts';
import type { ParserCode } from './parser-code.ts';
import { wholeLineFormat } from './whole-lines.ts';

/** Options of `formats.json`. */
export interface JsonOptions<T> extends NumberOptions {
  /**
   * Where fields lie that are no members of the object itself, or have another key there: keys from the outside in, with points between
   * them, or as an array where a key has a point in it.
   */
  readonly paths?: { readonly [K in keyof T]?: string | readonly string[] } | undefined;
}

/**
 * Records from JSON lines.
 *
 * @param type the fields that records have, `{ route: t.string }` or `t.object({ … })`: others are not looked at
 * @throws MillraceError INVALID_OPTION
 * @example formats.json({ route: t.string, status: t.int32, userId: t.nullable(t.string) }, { paths: { userId: 'user.id' } })
 */
export function json<T = Record<string, unknown>>(): Format<T>;
export function json<T>(type: Type<T>, options?: JsonOptions<T>): Format<T>;
export function json<const F extends FieldTypes>(fields: F, options?: JsonOptions<RecordOfFields<F>>): Format<RecordOfFields<F>>;
export function json(declared?: unknown, options: JsonOptions<Record<string, unknown>> = {}): Format<unknown> {
  if (declared === undefined) return utf8Only(undeclared());
  const fields = fieldsWithPaths(declared, options);
  const grammar = { name: 'json', fields, write: (code: ParserCode) => writeJsonRecord(code, fields) };
  return utf8Only(grammarFormat(grammar, detailsOf(fields)));
}

function detailsOf(fields: readonly JsonField[]): Readonly<Record<string, unknown>> {
  const paths = fields.filter(({ name, path }) => path.length > 1 || path[0] !== name).map(({ name, path }) => [name, path]);
  return { ...fieldDetails(fields), ...(paths.length === 0 ? {} : { paths: Object.fromEntries(paths) }) };
}

const optionRules: OptionRules<JsonOptions<Record<string, unknown>>> = {
  ...numberRules,
  paths: optional(objectLike({ userId: 'user.id' })),
};

const pathRule: Rule = {
  expected: "keys with points between them, such as 'user.id', or an array of keys",
  accepts: (value) => keysOf(value) !== undefined,
};

/** The keys of a path; undefined where it is none. */
function keysOf(path: unknown): readonly string[] | undefined {
  const keys = typeof path === 'string' && path !== '' ? path.split('.') : path;
  return Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === 'string') ? keys : undefined;
}

function fieldsWithPaths(declared: unknown, options: JsonOptions<Record<string, unknown>>): readonly JsonField[] {
  const of = 'formats.json';
  const { paths = {}, exactIntegers } = checkOptions(options, optionRules, of);
  const declaredOnes = declaredFields(of, declared, { exactIntegers });
  const byName = Object.fromEntries(declaredOnes.map(({ name }) => [name, true]));
  for (const [name, path] of Object.entries(paths)) {
    if (!Object.hasOwn(byName, name))
      throw new MillraceError('INVALID_OPTION', `${of}: paths: ${unknownName({ kind: 'field', name }, byName)}`);
    if (path !== undefined) checkArgument(path, pathRule, `${of}: paths.${name}`);
  }
  const fields = declaredOnes.map((field) => ({ ...field, path: keysOf(paths[field.name]) ?? [field.name] }));
  for (const field of fields) checkApart(of, field, fields);
  return fields;
}

/** A value is read once: no path leads through another one, or to where it leads. */
function checkApart(of: string, { name, path }: JsonField, fields: readonly JsonField[]): void {
  const other = fields.find((each) => each.name !== name && path.every((key, i) => key === each.path[i]));
  if (other === undefined) return;
  throw new MillraceError(
    'INVALID_OPTION',
    `${of}: the path of '${other.name}' leads to or through the value of '${name}'; declare one of the two, and take the other from it in a map`,
  );
}

/** Whole objects, or some of their fields where these are known. */
function undeclared(): Format<unknown> {
  const whole = wholeLineFormat('json', [noObject], (bytes, start, end) => jsonObject(bytes, start, end) ?? 0);
  const createParser = (options: ParserOptions): RecordParser =>
    options.fields === undefined ? whole.createParser(options) : new JsonProjectionParser(options.fields, options);
  return { ...whole, hasAnyFields: true, createParser };
}

/** JSON has one encoding (RFC 8259, section 8.1), and escapes of characters that others have not. */
function utf8Only<T>(format: Format<T>): Format<T> {
  const createParser = (options: ParserOptions) => {
    if (options.encoding === 'utf8') return format.createParser(options);
    throw new MillraceError('INVALID_OPTION', `encoding: formats.json reads UTF-8, which JSON is by definition, not ${options.encoding}`);
  };
  return { ...format, createParser };
}
