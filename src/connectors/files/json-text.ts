/**
 * Values as JSON text, without loss in silence: what JSON cannot hold is an error that names the field. Beyond `JSON.stringify`,
 * which would write a NaN as null and a Map as {}:
 *
 * | value | JSON |
 * | --- | --- |
 * | bigint | a number with all of its digits |
 * | Date | a string, ISO 8601 in UTC |
 * | Map | an object; its keys must be strings, numbers or bigints |
 * | Set, typed array | an array |
 * | a field that is undefined | nothing |
 */

import { types } from 'node:util';
import { MillraceError } from '../../base/errors.ts';
import { nestingDepthMax } from '../../base/limits.ts';

/** The field that is being written: keys and indices from the outside in. One for the thread, since nothing is written in between. */
const path: (string | number)[] = [];

/**
 * A record as JSON on one line.
 *
 * @throws MillraceError UNSUPPORTED_VALUE for NaN, infinite numbers, invalid dates, functions, symbols, class instances, undefined
 * outside of a field
 */
export function jsonText(record: unknown): string {
  path.length = 0;
  return valueText(record);
}

function valueText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : refuse(`the number ${value}`, 'leave it out, or write null');
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? 'null' : objectText(value);
    case 'undefined':
      return refuse('undefined', 'write null');
    default:
      return refuse(`a ${typeof value}`, 'leave it out');
  }
}

function objectText(value: object): string {
  if (path.length > nestingDepthMax) refuse('nested too deep, or in itself', 'flatten it');
  if (Array.isArray(value)) return arrayText(value);
  if (isPlainObject(value)) return fieldsText(value);
  if (types.isDate(value)) return dateText(value);
  if (types.isMap(value)) return mapText(value);
  if (types.isSet(value)) return arrayText([...value]);
  if (types.isTypedArray(value)) return arrayText(value);
  return refuse(`an instance of ${value.constructor?.name ?? 'a class'}`, 'turn it into a plain object');
}

/** Whether it is `{…}`, of this realm or another, rather than an instance of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value));
}

function arrayText(elements: ArrayLike<unknown>): string {
  let text = '[';
  for (let i = 0; i < elements.length; i++) text += (i === 0 ? '' : ',') + memberText(i, elements[i]);
  return `${text}]`;
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  if (isSimple(fields)) return JSON.stringify(fields);
  let text = '';
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${memberText(name, value)}`;
  }
  return `{${text}}`;
}

/** Whether `JSON.stringify` would lose nothing. It takes half the time. */
function isSimple(fields: Readonly<Record<string, unknown>>): boolean {
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const simple =
      typeof value === 'number'
        ? Number.isFinite(value)
        : typeof value === 'string' || typeof value === 'boolean' || value === null || value === undefined;
    if (!simple) return false;
  }
  return true;
}

function mapText(map: ReadonlyMap<unknown, unknown>): string {
  const fields: string[] = [];
  const names = new Set<string>();
  for (const [key, value] of map) {
    const name = keyName(key);
    if (names.has(name)) refuse(`a Map with two keys that read '${name}'`, 'turn it into an array of pairs');
    names.add(name);
    fields.push(`${JSON.stringify(name)}:${memberText(name, value)}`);
  }
  return `{${fields.join(',')}}`;
}

function keyName(key: unknown): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'number' || typeof key === 'bigint') return String(key);
  return refuse('a Map with a key that is neither a string nor a number', 'turn it into an array of pairs');
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? refuse('an invalid date', 'leave it out, or write null') : `"${date.toISOString()}"`;
}

function memberText(name: string | number, value: unknown): string {
  path.push(name);
  const text = valueText(value);
  path.pop();
  return text;
}

function refuse(what: string, wayOut: string): never {
  const place = path.length === 0 ? 'the record' : `the field '${path.join('.')}'`;
  throw new MillraceError('UNSUPPORTED_VALUE', `${place} is ${what}, which JSON cannot hold; ${wayOut}`);
}
