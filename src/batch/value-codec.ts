/**
 * @hotpath
 * Any data value as bytes and back, without loss: what crosses a thread or enters a snapshot in an `any` column.
 * Invariant: `decodeValue` returns a value like the one encoded, or one of them throws; nothing is dropped or coerced.
 * What is not kept is what values do not show: shared references become copies, properties that are not enumerable
 * are left out, frozen objects thaw, accessors are what they read as. Objects of another realm become objects of this one. Runs on any thread.
 */
import { nestingDepthMax } from '../base/limits.ts';
import type { ByteSink } from './byte-sink.ts';
import type { ByteSource } from './byte-source.ts';
import { findUnsupported, UnsupportedValueError } from './unsupported-value.ts';
import { byteClasses, byteKinds, isIndex, kindOf, symbolKeyOf } from './value-kind.ts';

/** Stored beside encoded values. Goes up when `tag` or a payload changes. */
export const valueCodecVersion = 1;

/** First byte of every value, and what follows it. `text` is the layout of `ByteSink.text`. */
export const tag = {
  undefined: 0, // nothing
  null: 1, // nothing
  false: 2, // nothing
  true: 3, // nothing
  int32: 4, // layout of `ByteSink.zigzag`
  float64: 5, // 8 bytes; any number that no other tag takes
  negativeZero: 6, // nothing
  notANumber: 7, // nothing, so that all NaNs have the same bytes
  bigint64: 8, // 8 bytes, two's complement
  bigint: 9, // layout of `ByteSink.bigint`; those that bigint64 cannot hold
  string: 10, // text
  date: 11, // float64 of the milliseconds since 1970
  invalidDate: 12, // nothing
  array: 13, // varint of the length, the elements
  sparseArray: 14, // varint of the length, varint of the count of elements; for each: varint of its index, the element
  object: 15, // varint of the property count; for each property: text of its key, the value
  nullObject: 16, // as object; the prototype is null
  map: 17, // varint of the size; for each entry: the key, the value
  set: 18, // varint of the size, the elements
  bytes: 19, // u8 (index in byteKinds), varint of the byte count, the bytes
} as const;

/** From this depth on, an object is compared with those that hold it. Ordinary values never get here. */
const cycleCheckDepth = 200;
/** The most properties whose count is one byte, which is filled in when they have been written. */
const narrowObjectMax = 127;

/** Writes one value, or one key, that is nested in `depth` others. */
export type Writer = (sink: ByteSink, value: unknown, depth: number) => void;
type ObjectWriter = (sink: ByteSink, value: object, depth: number) => void;

/** Thrown where encoding fails. Carries nothing: the place is searched for afterwards, by `findUnsupported`. */
const refusal = new Error('a value was refused');

/**
 * Appends a value to the sink. On failure the sink is as before.
 * @throws UnsupportedValueError for functions, symbols, class instances, getters that throw, cycles and the like
 */
export function encodeValue(sink: ByteSink, value: unknown): void {
  encodeWith(writeValue, sink, value, false);
}

/** Calls the writer and turns its refusal into an error that names the place. */
export function encodeWith(write: Writer, sink: ByteSink, value: unknown, isKey: boolean): void {
  const start = sink.length;
  try {
    write(sink, value, 0);
  } catch (error) {
    sink.length = start;
    const found = findUnsupported(value, '', isKey, new Set());
    if (found !== undefined) throw found;
    throw error === refusal ? new UnsupportedValueError('', 'value that changes when read') : error;
  }
}

/** Ends the encoding of the whole value. */
export function refuse(): never {
  throw refusal;
}

const writeValue: Writer = (sink, value, depth) => {
  if (typeof value !== 'object' || value === null) writePrimitive(sink, value);
  else writeNested(sink, value, depth, writeObject);
};

/** Writes what is not an object; refuses functions and symbols. */
export function writePrimitive(sink: ByteSink, value: unknown): void {
  if (typeof value === 'string') {
    sink.u8(tag.string);
    sink.text(value);
  } else if (typeof value === 'number') {
    writeNumber(sink, value);
  } else if (typeof value === 'bigint') {
    writeBigint(sink, value);
  } else {
    sink.u8(tagOfSingle(value));
  }
}

/** Tag of a type that has one or two values. */
function tagOfSingle(value: unknown): number {
  if (value === null) return tag.null;
  if (value === undefined) return tag.undefined;
  if (typeof value !== 'boolean') refuse();
  return value ? tag.true : tag.false;
}

function writeNumber(sink: ByteSink, value: number): void {
  const int32 = value | 0;
  if (int32 === value && (int32 !== 0 || 1 / value > 0)) {
    sink.u8(tag.int32);
    sink.zigzag(int32);
  } else if (value === 0) {
    sink.u8(tag.negativeZero);
  } else if (Number.isNaN(value)) {
    sink.u8(tag.notANumber);
  } else {
    sink.u8(tag.float64);
    sink.f64(value);
  }
}

function writeBigint(sink: ByteSink, value: bigint): void {
  if (BigInt.asIntN(64, value) === value) {
    sink.u8(tag.bigint64);
    sink.i64(value);
  } else {
    sink.u8(tag.bigint);
    sink.bigint(value);
  }
}

// The objects around the one being written, from cycleCheckDepth on. Empty between values.
const deepAncestors = new Set<object>();

/** Writes an object with a writer of objects, which is not given one that is too deep or holds itself. */
export function writeNested(sink: ByteSink, value: object, depth: number, write: ObjectWriter): void {
  if (depth < cycleCheckDepth) write(sink, value, depth);
  else writeDeep(sink, value, depth, write);
}

function writeDeep(sink: ByteSink, value: object, depth: number, write: ObjectWriter): void {
  if (depth >= nestingDepthMax || deepAncestors.has(value)) refuse();
  deepAncestors.add(value);
  try {
    write(sink, value, depth);
  } finally {
    deepAncestors.delete(value);
  }
}

function writeObject(sink: ByteSink, value: object, depth: number): void {
  const kind = kindOf(value);
  if (kind === 'Object') writePlain(sink, value as Record<string, unknown>, depth, tag.object);
  else if (kind === 'Array') writeArray(sink, value as unknown[], depth, writeValue);
  else if (kind === 'NullObject') writePlain(sink, value as Record<string, unknown>, depth, tag.nullObject);
  else if (kind === 'Map') writeMap(sink, value as Map<unknown, unknown>, depth);
  else if (kind === 'Set') writeSet(sink, value as Set<unknown>, depth);
  else writeLeaf(sink, value, kind);
}

/** Writes an object that holds no values: a date or bytes. Refuses whatever else has come so far. */
export function writeLeaf(sink: ByteSink, value: object, kind: string | undefined): void {
  if (kind === undefined) refuse();
  if (kind === 'Date') writeDate(sink, value as Date);
  else writeBytes(sink, value as ArrayBuffer | ArrayBufferView, byteKinds.indexOf(kind));
}

/** The count is filled in last: `for … in` tells it only at its end, but reads keys without making a list of them. */
function writePlain(sink: ByteSink, object: Record<string, unknown>, depth: number, objectTag: number): void {
  refuseSymbolKeys(object);
  sink.u8(objectTag);
  const countPosition = sink.length;
  sink.u8(0);
  let count = 0;
  for (const key in object) {
    if (!Object.hasOwn(object, key)) continue; // Someone has put a property on Object.prototype.
    if (++count > narrowObjectMax) break;
    sink.text(key);
    writeValue(sink, object[key], depth + 1);
  }
  if (count <= narrowObjectMax) sink.bytes[countPosition] = count;
  else writeWide(sink, object, depth, countPosition);
}

/** Starts the properties again, with a count of several bytes in front. */
function writeWide(sink: ByteSink, object: Record<string, unknown>, depth: number, countPosition: number): void {
  const keys = Object.keys(object);
  sink.length = countPosition;
  sink.varint(keys.length);
  for (const key of keys) writeProperty(sink, object, key, depth, writeValue);
}

export function writeProperty(sink: ByteSink, object: Record<string, unknown>, key: string, depth: number, write: Writer): void {
  sink.text(key);
  write(sink, object[key], depth + 1);
}

/** Of all questions only `keys` tells elements, holes and extra properties apart. It takes 8 ns an element. */
export function writeArray(sink: ByteSink, array: readonly unknown[], depth: number, write: Writer): void {
  refuseSymbolKeys(array);
  const length = array.length;
  const keys = Object.keys(array);
  // Indices come first, ascending: when the last of as many keys is the last index, there are indices only, and all.
  const isDense = keys.length === length && (length === 0 || keys[length - 1] === String(length - 1));
  if (isDense) writeDense(sink, array, depth, write);
  else writeSparse(sink, array, keys, depth, write);
}

function writeDense(sink: ByteSink, array: readonly unknown[], depth: number, write: Writer): void {
  const { length } = array;
  sink.u8(tag.array);
  sink.varint(length);
  for (let index = 0; index < length; index++) write(sink, array[index], depth + 1);
}

function writeSparse(sink: ByteSink, array: readonly unknown[], keys: string[], depth: number, write: Writer): void {
  sink.u8(tag.sparseArray);
  sink.varint(array.length);
  sink.varint(keys.length);
  for (const key of keys) {
    if (!isIndex(key)) refuse();
    sink.varint(Number(key));
    write(sink, array[Number(key)], depth + 1);
  }
}

function writeMap(sink: ByteSink, map: ReadonlyMap<unknown, unknown>, depth: number): void {
  refuseExtraProperties(map);
  sink.u8(tag.map);
  let left = map.size;
  sink.varint(left);
  for (const [key, value] of map) {
    if (left-- === 0) refuse(); // A getter has added to it.
    writeValue(sink, key, depth + 1);
    writeValue(sink, value, depth + 1);
  }
  if (left !== 0) refuse();
}

function writeSet(sink: ByteSink, set: ReadonlySet<unknown>, depth: number): void {
  refuseExtraProperties(set);
  sink.u8(tag.set);
  let left = set.size;
  sink.varint(left);
  for (const value of set) {
    if (left-- === 0) refuse(); // A getter has added to it.
    writeValue(sink, value, depth + 1);
  }
  if (left !== 0) refuse();
}

function writeDate(sink: ByteSink, date: Date): void {
  refuseExtraProperties(date);
  const time = date.getTime();
  if (Number.isNaN(time)) {
    sink.u8(tag.invalidDate);
  } else {
    sink.u8(tag.date);
    sink.f64(time);
  }
}

/** Copies what the view shows. Extra properties of views go unseen: to list them is to list every index. */
function writeBytes(sink: ByteSink, value: ArrayBuffer | ArrayBufferView, kind: number): void {
  refuseSymbolKeys(value);
  sink.u8(tag.bytes);
  sink.u8(kind);
  sink.varint(value.byteLength);
  if (ArrayBuffer.isView(value)) sink.copy(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  else sink.copy(new Uint8Array(value));
}

export function refuseSymbolKeys(object: object): void {
  if (symbolKeyOf(object) !== undefined) refuse();
}

function refuseExtraProperties(object: object): void {
  refuseSymbolKeys(object);
  if (Object.keys(object).length !== 0) refuse();
}

/** Reads the value at the source's position and moves past it. Throws an `AssertionError` on bytes cut short. */
export function decodeValue(source: ByteSource): unknown {
  return readValue(source, 0);
}

function readValue(source: ByteSource, depth: number): unknown {
  const found = source.u8();
  // biome-ignore format: a table; the usual ones come first
  switch (found) {
    case tag.string: return source.text();
    case tag.int32: return source.zigzag();
    case tag.float64: return source.f64();
    case tag.object: return readProperties(source, {}, depth);
    case tag.array: return readArray(source, depth);
    case tag.null: return null;
    case tag.undefined: return undefined;
    case tag.true: return true;
    case tag.false: return false;
    case tag.date: return new Date(source.f64());
    case tag.nullObject: return readProperties(source, Object.create(null), depth);
    case tag.map: return readMap(source, depth);
    case tag.set: return readSet(source, depth);
    case tag.bytes: return readBytes(source);
    case tag.bigint64: return source.i64();
    case tag.bigint: return source.bigint();
    case tag.negativeZero: return -0;
    case tag.notANumber: return Number.NaN;
    case tag.invalidDate: return new Date(Number.NaN);
    case tag.sparseArray: return readSparse(source, depth);
    default: return source.fail(`tag ${found}, which is no tag of a value,`);
  }
}

/** A count of things that take `bytesMin` bytes each at least, checked before memory is spent on it. */
function readCount(source: ByteSource, depth: number, bytesMin: number): number {
  if (depth >= nestingDepthMax) source.fail('a value nested too deep');
  const count = source.varint();
  source.need(count * bytesMin);
  return count;
}

function readProperties(source: ByteSource, object: Record<string, unknown>, depth: number): object {
  const count = readCount(source, depth, 2);
  for (let index = 0; index < count; index++) {
    const key = source.key();
    const value = readValue(source, depth + 1);
    if (key === '__proto__') defineOwn(object, key, value);
    else object[key] = value;
  }
  return object;
}

/** Assignment to `__proto__` would set the prototype. */
function defineOwn(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Pairs and triples, which keys of several fields are, take the memory that they need; an array that grows has room for 17 at once. */
function readArray(source: ByteSource, depth: number): unknown[] {
  const length = readCount(source, depth, 1);
  const below = depth + 1;
  if (length === 2) return [readValue(source, below), readValue(source, below)];
  if (length === 3) return [readValue(source, below), readValue(source, below), readValue(source, below)];
  const array: unknown[] = [];
  for (let index = 0; index < length; index++) array.push(readValue(source, below));
  return array;
}

function readSparse(source: ByteSource, depth: number): unknown[] {
  const length = source.varint();
  if (length >= 2 ** 32) source.fail('an array with an impossible length');
  const count = readCount(source, depth, 2);
  const array: unknown[] = [];
  for (let element = 0; element < count; element++) {
    const index = source.varint();
    if (index >= length) source.fail('an index beyond the array');
    array[index] = readValue(source, depth + 1);
  }
  return lengthen(array, length);
}

/** Setting `length` would reserve memory for all of the holes; an element far beyond the others does not. */
function lengthen(array: unknown[], length: number): unknown[] {
  if (array.length === length) return array;
  array[length - 1] = undefined;
  delete array[length - 1];
  return array;
}

function readMap(source: ByteSource, depth: number): Map<unknown, unknown> {
  const size = readCount(source, depth, 2);
  const map = new Map<unknown, unknown>();
  for (let entry = 0; entry < size; entry++) {
    const key = readValue(source, depth + 1);
    map.set(key, readValue(source, depth + 1));
  }
  return map;
}

function readSet(source: ByteSource, depth: number): Set<unknown> {
  const size = readCount(source, depth, 1);
  const set = new Set<unknown>();
  for (let element = 0; element < size; element++) set.add(readValue(source, depth + 1));
  return set;
}

/** Copies into memory of its own: the source's bytes may be a ring that is written again. */
function readBytes(source: ByteSource): unknown {
  const kind = byteClasses[source.u8()];
  if (kind === undefined) source.fail('bytes of an unknown class');
  const memory = new Uint8Array(source.view(source.varint())).buffer;
  if (kind === ArrayBuffer) return memory;
  if (kind === Buffer) return Buffer.from(memory);
  return new (kind as Uint8ArrayConstructor)(memory);
}
