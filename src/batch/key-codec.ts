/**
 * @hotpath
 * The canonical bytes of a key. Invariant: two keys are the same key exactly if their bytes are equal. Keys are compared
 * by content: numbers as `Map` compares them (−0 is 0, NaN is NaN), dates by time, bytes by content and class, arrays
 * element by element (a hole is no element), plain objects by their properties in any order and with either prototype.
 * `1`, `1n` and `'1'` are three keys. The layout is that of values, so `decodeValue` reads keys. Runs on any thread.
 */
import type { ByteSink } from './byte-sink.ts';
import {
  encodeWith,
  refuse,
  refuseSymbolKeys,
  tag,
  type Writer,
  writeArray,
  writeLeaf,
  writeNested,
  writePrimitive,
  writeProperty,
} from './value-codec.ts';
import { kindOf } from './value-kind.ts';

/**
 * Appends the canonical bytes of a key to the sink. On failure the sink is as before.
 * @throws UnsupportedValueError for what `encodeValue` refuses, and for maps and sets
 */
export function encodeKey(sink: ByteSink, key: unknown): void {
  encodeWith(writeKey, sink, key, true);
}

const writeKey: Writer = (sink, key, depth) => {
  if (typeof key === 'object' && key !== null) writeNested(sink, key, depth, writeObjectKey);
  else writePrimitive(sink, key === 0 ? 0 : key); // The comparison takes −0 for 0 as well.
};

function writeObjectKey(sink: ByteSink, key: object, depth: number): void {
  const kind = kindOf(key);
  if (kind === 'Object' || kind === 'NullObject') writeSorted(sink, key as Record<string, unknown>, depth);
  else if (kind === 'Array') writeArray(sink, key as unknown[], depth, writeKey);
  else if (kind === 'Map' || kind === 'Set') refuse();
  else writeLeaf(sink, key, kind);
}

/** `sort` compares UTF-16 units, which is the same order in every locale. */
function writeSorted(sink: ByteSink, object: Record<string, unknown>, depth: number): void {
  refuseSymbolKeys(object);
  const names = Object.keys(object).sort();
  sink.u8(tag.object);
  sink.varint(names.length);
  for (const name of names) writeProperty(sink, object, name, depth, writeKey);
}
