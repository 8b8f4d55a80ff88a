/** Why a value cannot be encoded, and where in it that is. Only asked when encoding has failed. Runs on any thread. */

import { types } from 'node:util';
import { thrownText } from '../base/errors.ts';
import { nestingDepthMax } from '../base/limits.ts';
import { isIndex, isResizable, kindOf, symbolKeyOf } from './value-kind.ts';

/** A value that cannot be encoded, and where it is. */
export class UnsupportedValueError extends Error {
  override readonly name = 'UnsupportedValueError';
  /** Where it is within the value given: `.items[3].callback`, `.map.get("x")`; empty for the value itself. */
  readonly path: string;
  /** What it is: `function`, `symbol key`, `class Foo instance`, `WeakMap`, `getter that throws Error: no`, `cyclic value`. */
  readonly type: string;

  constructor(path: string, type: string, options?: { cause?: unknown }) {
    super(`cannot encode ${path === '' ? 'the value itself' : path}: ${type}`, options);
    this.path = path;
    this.type = type;
  }
}

/** Searches for the first part of the value that makes encoding fail. Only called when it has failed. */
export function findUnsupported(value: unknown, path: string, isKey: boolean, ancestors: Set<object>): UnsupportedValueError | undefined {
  const type = unsupportedType(value, isKey, ancestors);
  if (type !== undefined) return new UnsupportedValueError(path, type);
  if (typeof value !== 'object' || value === null) return undefined;
  ancestors.add(value);
  for (const [step, read] of partsOf(value)) {
    const place = path + step;
    let part: unknown;
    try {
      part = read();
    } catch (error) {
      return new UnsupportedValueError(place, `getter that throws ${thrownText(error)}`, { cause: error });
    }
    const found = findUnsupported(part, place, isKey, ancestors);
    if (found !== undefined) return found;
  }
  ancestors.delete(value);
  return undefined;
}

function unsupportedType(value: unknown, isKey: boolean, ancestors: Set<object>): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null) return undefined;
  if (ancestors.has(value)) return 'cyclic value';
  if (ancestors.size >= nestingDepthMax) return `value nested deeper than ${nestingDepthMax} levels`;
  const kind = kindOf(value);
  if (kind === undefined) return instanceType(value);
  if (isKey && (kind === 'Map' || kind === 'Set')) return kind;
  return extraPropertyType(value, kind);
}

/** What it is an instance of. */
function instanceType(value: object): string {
  const maker = Object.getPrototypeOf(value).constructor;
  const name: string = typeof maker === 'function' ? maker.name : 'Object';
  if (name === 'Object') return 'object with a prototype of its own';
  if (types.isBoxedPrimitive(value)) return `${name} object`;
  if (isResizable(value)) return 'resizable ArrayBuffer';
  const isClass = Function.prototype.toString.call(maker).startsWith('class');
  return isClass ? `class ${name === '' ? '(anonymous)' : name} instance` : name;
}

function extraPropertyType(value: object, kind: string): string | undefined {
  const symbol = symbolKeyOf(value);
  if (symbol !== undefined) return `symbol key ${String(symbol)}`;
  if (kind.endsWith('Object') || ArrayBuffer.isView(value)) return undefined;
  const extra = Object.keys(value).find((key) => kind !== 'Array' || !isIndex(key));
  if (extra === undefined) return undefined;
  return `${kind === 'Array' ? 'array' : kind} with the extra property ${JSON.stringify(extra)}`;
}

/** The parts of a value that are encoded in turn, each with the step that leads to it: those of now, whatever getters add. */
function* partsOf(value: object): Iterable<[step: string, read: () => unknown]> {
  if (types.isMap(value)) {
    let index = 0;
    for (const [key, item] of [...value]) {
      yield [`.keys()[${index++}]`, () => key];
      yield [`.get(${displayOf(key)})`, () => item];
    }
  } else if (types.isSet(value)) {
    let index = 0;
    for (const item of [...value]) yield [`.values()[${index++}]`, () => item];
  } else if (!ArrayBuffer.isView(value)) {
    for (const key of Object.keys(value)) yield [stepTo(key), () => (value as Record<string, unknown>)[key]];
  }
}

function stepTo(key: string): string {
  if (isIndex(key)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function displayOf(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  if (typeof key === 'object' && key !== null) return '{…}';
  return typeof key === 'bigint' ? `${key}n` : String(key);
}
