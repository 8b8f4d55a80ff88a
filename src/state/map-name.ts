/**
 * Names of the keys of a map state, under which they lie in a `Map`. Invariant: two keys are the same key exactly if the `Map`
 * takes their names for the same. Most keys are their own names. Arrays, dates, bytes and plain objects are equal by content
 * and get a text of their canonical bytes; texts that could be taken for such a name get another.
 *
 * @hotpath
 */

import { ByteSink } from '../batch/byte-sink.ts';
import { ByteSource } from '../batch/byte-source.ts';
import { encodeKey } from '../batch/key-codec.ts';
import { UnsupportedValueError } from '../batch/unsupported-value.ts';
import { decodeValue } from '../batch/value-codec.ts';

const textMark = '\0t';
const contentMark = '\0c';

const sink = new ByteSink();
const source = new ByteSource();

/** @throws TypeError for what cannot be a key */
export function nameOf(key: unknown): unknown {
  switch (typeof key) {
    case 'string':
      return key.charCodeAt(0) === 0 ? textMark + key : key;
    case 'object':
      return key === null ? null : contentMark + canonical(key);
    case 'function':
    case 'symbol':
      return canonical(key);
    default:
      return key;
  }
}

/** The key of a name. Keys that are equal by content are another object every time. */
export function keyOf(name: unknown): unknown {
  if (typeof name !== 'string' || name.charCodeAt(0) !== 0) return name;
  const text = name.slice(textMark.length);
  if (name.startsWith(textMark)) return text;
  source.reset(Buffer.from(text, 'latin1'));
  return decodeValue(source);
}

function canonical(key: unknown): string {
  sink.reset();
  try {
    encodeKey(sink, key);
  } catch (error) {
    throw error instanceof UnsupportedValueError ? unsupported(error) : error;
  }
  return sink.bytes.latin1Slice(0, sink.length);
}

function unsupported(error: UnsupportedValueError): TypeError {
  const place = error.path === '' ? '' : ` (at ${error.path})`;
  return new TypeError(
    `a key of a map state cannot hold a ${error.type}${place}; use numbers, strings, booleans, bigints, dates, null, or arrays and plain objects of them`,
    { cause: error },
  );
}
