/**
 * How many bytes values take, about, before anybody has encoded them: so that a batch is sealed in time. Runs on any thread.
 * @hotpath
 */

import { nestingDepthMax } from '../base/limits.ts';
import { unitOutsideLatin1 } from './byte-sink.ts';

/** Strings up to this length count a byte for each unit, whatever they are: to look costs more than them being twice as large. */
const shortTextUnitsMax = 32;

/** What a value takes beside its content: its tag, and a length. */
const valueBytesMin = 2;
/** What a number takes, or a value of one of the small kinds. */
const numberBytes = 8;

/** Bytes of a string in a column: one a unit, two where a unit does not fit one. */
export function textBytes(text: string): number {
  const units = text.length;
  return units > shortTextUnitsMax && unitOutsideLatin1.test(text) ? units * 2 : units;
}

/** Bytes of a value in an `any` column, about; no more is counted once there are `enough`. */
export function valueBytes(value: unknown, enough: number): number {
  try {
    return bytesWithin(value, enough, 0);
  } catch {
    // A getter threw. The codec says which, where the value crosses threads.
    return valueBytesMin;
  }
}

function bytesWithin(value: unknown, enough: number, depth: number): number {
  if (typeof value === 'string') return valueBytesMin + textBytes(value);
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? numberBytes : value.toString(16).length >> 1;
  if (typeof value !== 'object' || value === null) return numberBytes;
  // What is deeper is refused by the codec, or holds itself.
  if (depth >= nestingDepthMax) return valueBytesMin;
  if (Array.isArray(value)) return bytesOfElements(value, enough, depth);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return bytesOfProperties(value, enough, depth);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return valueBytesMin + value.byteLength;
  if (value instanceof Map) return bytesOfAll(value.keys(), enough, depth) + bytesOfAll(value.values(), enough, depth);
  if (value instanceof Set) return bytesOfAll(value, enough, depth);
  // A date, or something that does not cross threads: what hangs from it is not ours to look at.
  return numberBytes;
}

function bytesOfElements(array: readonly unknown[], enough: number, depth: number): number {
  let bytes = valueBytesMin;
  for (let i = 0; i < array.length && bytes < enough; i++) bytes += bytesWithin(array[i], enough - bytes, depth + 1);
  return bytes;
}

function bytesOfAll(values: Iterable<unknown>, enough: number, depth: number): number {
  let bytes = valueBytesMin;
  for (const value of values) {
    if (bytes >= enough) break;
    bytes += bytesWithin(value, enough - bytes, depth + 1);
  }
  return bytes;
}

function bytesOfProperties(object: object, enough: number, depth: number): number {
  let bytes = valueBytesMin;
  for (const name in object) {
    if (bytes >= enough) break;
    bytes += name.length + bytesWithin((object as Record<string, unknown>)[name], enough - bytes, depth + 1);
  }
  return bytes;
}
