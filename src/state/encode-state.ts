/** Values of state, in entries of checkpoints. */

import { inspect } from 'node:util';
import { OperatorError } from '../base/operator-error.ts';
import type { ByteSink } from '../batch/byte-sink.ts';
import type { ByteSource } from '../batch/byte-source.ts';
import { UnsupportedValueError } from '../batch/unsupported-value.ts';
import { encodeValue } from '../batch/value-codec.ts';
import type { KeyIndex } from './key-index.ts';

/**
 * Appends a value.
 *
 * @param what of the state it is, for the error; called only then
 * @throws OperatorError UNSUPPORTED_VALUE for what is no plain data
 */
export function encodeState(sink: ByteSink, value: unknown, what: () => string): void {
  try {
    encodeValue(sink, value);
  } catch (error) {
    if (!(error instanceof UnsupportedValueError)) throw error;
    const place = error.path === '' ? '' : ` (at ${error.path})`;
    throw new OperatorError('UNSUPPORTED_VALUE', `${what()} holds a ${error.type}${place}, which no checkpoint can hold; keep plain data`, {
      cause: error,
    });
  }
}

/** Begins an entry with the key of a slot. */
export function writeKey(sink: ByteSink, index: KeyIndex, slot: number): void {
  index.write(slot, sink);
}

/** The slot of the key that an entry begins with: a new one, unless an earlier entry had the same. */
export function readKey(source: ByteSource, index: KeyIndex, hash: number): number {
  return index.read(hash, source);
}

/** A key as errors show it. */
export function shownKey(key: unknown): string {
  return inspect(key, { depth: 2, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100 });
}
