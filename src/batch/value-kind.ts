/**
 * What a value is to the codecs: a direct instance of a class that they know, in this realm or another. Runs on any thread.
 * @hotpath
 */

import { types } from 'node:util';

/** What `tag.bytes` can hold. The order is part of the format. Elements are in little-endian order. */
// biome-ignore format: a table
export const byteKinds = [
  'ArrayBuffer', 'DataView', 'Buffer', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array',
  'Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array',
];

// biome-ignore format: a table, aligned with byteKinds
export const byteClasses = [
  ArrayBuffer, DataView, Buffer, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array,
  Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array,
] as const;

/**
 * Name of the built-in class that the object is a direct instance of, in this realm or another, if it is supported;
 * `NullObject` without a prototype.
 */
export function kindOf(value: object): string | undefined {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return 'Object';
  if (prototype === Array.prototype && Array.isArray(value)) return 'Array';
  if (prototype === null) return 'NullObject';
  const name = builtinName(value);
  const isDirect = ownConstructorName(prototype) === name && chainLength(prototype) === chainLengthOf(name);
  return isDirect && !isResizable(value) ? name : undefined;
}

/** What the engine made the object as, whatever its prototype has become. */
function builtinName(value: object): string {
  if (types.isDate(value)) return 'Date';
  if (types.isMap(value)) return 'Map';
  if (types.isSet(value)) return 'Set';
  if (ArrayBuffer.isView(value)) return Buffer.isBuffer(value) ? 'Buffer' : (value as Uint8Array)[Symbol.toStringTag];
  if (types.isArrayBuffer(value)) return 'ArrayBuffer';
  return Array.isArray(value) ? 'Array' : 'Object';
}

/** Count of prototypes that a direct instance has: with more it is an instance of a subclass. */
function chainLengthOf(name: string): number {
  if (name === 'Object') return 1;
  if (name === 'Buffer') return 4;
  return byteKinds.indexOf(name) > 2 ? 3 : 2;
}

function chainLength(prototype: object | null): number {
  let length = 0;
  for (let next = prototype; next !== null; next = Object.getPrototypeOf(next)) length++;
  return length;
}

function ownConstructorName(prototype: object): string | undefined {
  const maker = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof maker === 'function' ? maker.name : undefined;
}

/** Not in the types of ES2023. Node 20 has it. */
export function isResizable(value: object): boolean {
  return types.isArrayBuffer(value) && (value as { resizable?: boolean }).resizable === true;
}

/** The first symbol key that an object shows: those that are not enumerable it does not. */
export function symbolKeyOf(object: object): symbol | undefined {
  const symbols = Object.getOwnPropertySymbols(object);
  if (symbols.length === 0) return undefined;
  return symbols.find((symbol) => Object.prototype.propertyIsEnumerable.call(object, symbol));
}

export function isIndex(key: string): boolean {
  const index = Number(key) >>> 0;
  return String(index) === key && index !== 2 ** 32 - 1;
}
