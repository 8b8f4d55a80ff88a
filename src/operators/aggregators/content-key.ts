/**
 * Stand-ins for values in a `Map` or `Set`. Invariant: two values have the same stand-in exactly if they are the same key
 * to the engine: numbers as `Map` compares them, dates, arrays, bytes and objects by content. A stand-in is a primitive,
 * so it may cross threads. Runs on any thread.
 *
 * @hotpath
 */

import { ByteSink } from '../../batch/byte-sink.ts';
import { encodeKey } from '../../batch/key-codec.ts';
import { UnsupportedValueError } from '../../batch/unsupported-value.ts';

export type ContentKey = string | number | bigint | boolean;

/** Stand-ins of objects begin with a zero unit and a one; a string that begins with a zero unit gets another in front. */
const stringMark = '\u0000';
const objectMark = '\u0000\u0001';

const sink = new ByteSink();

/**
 * The stand-in of a value that is neither null nor undefined; `call` names the aggregator in errors.
 *
 * @throws TypeError for what cannot be a key: maps, sets, functions
 */
export function contentKey(value: unknown, call: string): ContentKey {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? stringMark + value : value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return value;
  encodeContent(sink, value, call);
  return objectMark + sink.bytes.latin1Slice(0, sink.length);
}

/** The canonical bytes of the object that a stand-in is for; undefined for those that are values themselves, see `valueOfContentKey`. */
export function bytesOfContentKey(key: ContentKey): Buffer | undefined {
  return typeof key === 'string' && key.startsWith(objectMark) ? Buffer.from(key.slice(objectMark.length), 'latin1') : undefined;
}

/** The value of a stand-in that is not for an object. */
export function valueOfContentKey(key: ContentKey): ContentKey {
  return typeof key === 'string' && key.charCodeAt(0) === 0 ? key.slice(stringMark.length) : key;
}

/** Fills the sink with the canonical bytes of a value. */
export function encodeContent(into: ByteSink, value: unknown, call: string): void {
  into.reset();
  try {
    encodeKey(into, value);
  } catch (error) {
    throw error instanceof UnsupportedValueError ? notComparable(call, error) : error;
  }
}

function notComparable(call: string, cause: UnsupportedValueError): TypeError {
  const place = cause.path === '' ? '' : ` at ${cause.path}`;
  return new TypeError(`${call} takes values that can be keys, not ${cause.type}${place}; convert them with a function`, { cause });
}
