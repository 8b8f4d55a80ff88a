/** The fields that records have, as far as a question must know them, and what the command line may call them. Pure. */

import { MillraceError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { isAwkwardName } from '../../schema/type.ts';

/** A field that there is. Those of objects in JSON are named with the keys that lead to them, `http.status`. */
export interface KnownField {
  readonly name: string;
  readonly nullable: boolean;
  readonly kind: FieldKind;
  /** How its numbers tell times, where they may do so. */
  readonly numbersAre?: 'millis' | 'seconds';
  /** The keys that lead to it from the outside in, where it lies in an object. */
  readonly path?: readonly string[];
  /** Whether it is the text of the line, which stands in the other fields as well. */
  readonly isLine?: boolean;
  /** What is in the objects that it holds. A field of kind `any` holds other things as well. */
  readonly members?: readonly KnownField[];
}

/**
 * What a field holds: `time` is a `Date`, `millis` a time as epoch milliseconds, `seconds` as those; `any` are values of several kinds, and
 * of `null` nothing is known yet.
 */
export type FieldKind = 'string' | 'number' | 'bigint' | 'time' | 'millis' | 'seconds' | 'bool' | 'array' | 'object' | 'any' | 'null';

/** How errors speak of what a field holds, and what its values have of themselves. */
const kinds: Readonly<Record<FieldKind, { readonly text: string; readonly prototype: object }>> = {
  string: { text: 'text', prototype: String.prototype },
  number: { text: 'a number', prototype: Number.prototype },
  bigint: { text: 'a number', prototype: BigInt.prototype },
  time: { text: 'a time', prototype: Date.prototype },
  millis: { text: 'a time', prototype: Number.prototype },
  seconds: { text: 'a time', prototype: Number.prototype },
  bool: { text: 'true or false', prototype: Boolean.prototype },
  array: { text: 'an array', prototype: Array.prototype },
  object: { text: 'an object', prototype: Object.prototype },
  any: { text: 'sometimes something else', prototype: Object.prototype },
  null: { text: 'null', prototype: Object.prototype },
};

export function kindText({ kind }: Pick<KnownField, 'kind'>): string {
  return kinds[kind].text;
}

export function isTime({ kind }: Pick<KnownField, 'kind'>): boolean {
  return kind === 'time' || kind === 'millis' || kind === 'seconds';
}

export function isNumber({ kind }: Pick<KnownField, 'kind'>): boolean {
  return kind === 'number' || kind === 'bigint';
}

/** Whether a field holds what a column, or TypeScript, knows nothing of. */
export function isUntyped({ kind }: Pick<KnownField, 'kind'>): boolean {
  return kind === 'any' || kind === 'null' || kind === 'object' || kind === 'array';
}

/** The keys that lead to a field. */
export function pathOf({ name, path }: Pick<KnownField, 'name' | 'path'>): readonly string[] {
  return path ?? [name];
}

/** Whether a field lies in what another one holds. */
export function isWithin(field: KnownField, outer: KnownField): boolean {
  const [path, outerPath] = [pathOf(field), pathOf(outer)];
  return path.length > outerPath.length && outerPath.every((key, i) => key === path[i]);
}

const plain = (name: string): string => name.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase();

/** The field that is called so, or the only one in another spelling, `request_time` for `requestTime` or `request-time`. */
function calledSo(name: string, fields: readonly KnownField[], nameOf: (field: KnownField) => string): KnownField | undefined {
  const exact = fields.find((field) => nameOf(field) === name);
  if (exact !== undefined) return exact;
  const alike = plain(name) === '' ? [] : fields.filter((field) => plain(nameOf(field)) === plain(name));
  return alike.length === 1 ? alike[0] : undefined;
}

const wholeName = ({ name }: KnownField): string => name;
const lastKey = (field: KnownField): string => pathOf(field).at(-1) as string;

/** The field that a name stands for, `requestTime` or `http.status`. Those of the record come before what is in their objects. */
export function fieldNamed(name: string, fields: readonly KnownField[]): KnownField | undefined {
  const [own, inner] = [fields, fieldsWithin(fields)];
  const exact = own.find((field) => field.name === name) ?? inner.find((field) => field.name === name);
  if (exact !== undefined || !isSpelling(name)) return exact;
  // `url.length` is a part of `url`, and not another spelling of `urlLength`.
  const isPart = name.includes('.') && calledSo(name.split('.')[0] as string, fields, wholeName) !== undefined;
  const fit = (field: KnownField): boolean => !isPart || field.name.includes('.');
  return calledSo(name, own.filter(fit), wholeName) ?? calledSo(name, inner.filter(fit), wholeName);
}

const words = /^(?!\d)[\p{ID_Continue}$]+(?:[. ][\p{ID_Continue}$]+)*$/u;
const wordOperator = /(?:^| )(?:delete|in|instanceof|new|typeof|void)(?: |$)/;

/**
 * Whether a text may be another spelling of a name: words with points or spaces between them. Whatever else is an expression, `-x` or `x-1`,
 * unless there is a field that is called exactly so.
 */
export function isSpelling(text: string): boolean {
  return words.test(text) && !wordOperator.test(text);
}

/** All that is in objects. */
function fieldsWithin(fields: readonly KnownField[]): KnownField[] {
  return fields.flatMap(({ members = [] }) => [...members, ...fieldsWithin(members)]);
}

/** @throws MillraceError INVALID_OPTION for a name that is no field */
export function checkedField(option: string, name: string, fields: readonly KnownField[]): KnownField {
  const known = fieldNamed(name, fields);
  if (known !== undefined) return known;
  const [first = '', ...keys] = name.split('.');
  const outer = isSpelling(name) ? calledSo(first, fields, wholeName) : undefined;
  if (outer === undefined) return refuseName(option, name, fields);
  const { field, taken } = descend(option, outer, keys);
  if (taken === keys.length) return field;
  throw noMember(option, field, keys[taken] as string);
}

/**
 * The field that the first of some keys lead to, such as those of `http.status.toFixed`, and how many these are.
 *
 * @throws MillraceError INVALID_OPTION where there is no such field
 */
export function fieldAlong(
  option: string,
  keys: readonly string[],
  fields: readonly KnownField[],
): { readonly field: KnownField; readonly taken: number } {
  // A field may have points in its name without lying in an object.
  for (let taken = keys.length; taken > 1; taken--) {
    const field = fields.find(({ name }) => name === keys.slice(0, taken).join('.'));
    if (field !== undefined) return { field, taken };
  }
  const [first = '', ...more] = keys;
  const { field, taken } = descend(option, checkedField(option, first, fields), more);
  return { field, taken: taken + 1 };
}

/** Follows keys into the objects that a field holds. @throws MillraceError INVALID_OPTION for a key that none of them has */
function descend(option: string, outer: KnownField, keys: readonly string[]): { readonly field: KnownField; readonly taken: number } {
  let field = outer;
  for (const [taken, key] of keys.entries()) {
    const member = calledSo(key, field.members ?? [], lastKey);
    if (member === undefined && !mayHave(field, key)) throw noMember(option, field, key);
    if (member === undefined) return { field, taken };
    field = member;
  }
  return { field, taken: keys.length };
}

/** Whether what a field holds may have something of that name, although the sample shows no such field. */
function mayHave({ kind }: KnownField, key: string): boolean {
  const isIndex = /^\d+$/.test(key) && (kind === 'string' || kind === 'array');
  return kind === 'any' || kind === 'null' || key in kinds[kind].prototype || isIndex || (kind === 'object' && isAwkwardName(key));
}

function noMember(option: string, field: KnownField, key: string): MillraceError {
  const { name, kind, members = [] } = field;
  if (kind !== 'object' && kind !== 'any' && kind !== 'null') {
    const nearest = nearestName(key, Object.getOwnPropertyNames(kinds[kind].prototype));
    const hint = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
    return new MillraceError('INVALID_OPTION', `${option}: there is no '${key}' in '${name}', which is ${kindText(field)}${hint}`);
  }
  const missing = `${option}: there is no field '${name}.${key}'`;
  if (members.length === 0) return new MillraceError('INVALID_OPTION', `${missing}; of '${name}', the first lines show no fields`);
  const nearest = nearestName(key, members.map(lastKey));
  const hint = nearest === undefined ? '; the' : `; did you mean '${name}.${nearest}'? The`;
  return new MillraceError('INVALID_OPTION', `${missing}${hint} fields of '${name}' are ${members.map(lastKey).join(', ')}`);
}

function refuseName(option: string, name: string, fields: readonly KnownField[]): never {
  const known = fields.map(wholeName);
  const missing = `${option}: there is no field '${name}'`;
  if (known.length === 1 && known[0] === 'line')
    throw new MillraceError(
      'INVALID_OPTION',
      `${missing}: what is read is text, and 'line' is all there is; --format or --pattern says what is in it`,
    );
  const nearest = nearestField(name, fields);
  const hint = nearest === undefined ? '; the' : `; did you mean '${nearest}'? The`;
  throw new MillraceError('INVALID_OPTION', `${missing}${hint} fields are ${known.join(', ')}`);
}

/** The name of the field that somebody may have meant: one of the record, or one in an object whose last key it is, or that resembles it. */
function nearestField(name: string, fields: readonly KnownField[]): string | undefined {
  const inner = fieldsWithin(fields);
  const withThatKey = calledSo(name, inner, lastKey);
  return nearestName(name, fields.map(wholeName)) ?? withThatKey?.name ?? nearestName(name, inner.map(wholeName));
}
