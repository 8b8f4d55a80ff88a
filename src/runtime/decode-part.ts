/** Reads the stored items of a part. */

import { assert } from '../base/assert.ts';
import { ByteSource } from '../batch/byte-source.ts';
import { decodeValue } from '../batch/value-codec.ts';
import type { StateStorage } from '../checkpoint/checkpoint-storage.ts';
import type { PartSlice } from '../wire/messages.ts';

export function decodePart(storage: StateStorage, { items, from, to }: PartSlice): unknown[] {
  const source = new ByteSource();
  source.reset(storage.read(items));
  const decoded = decodeValue(source);
  assert(Array.isArray(decoded), 'a part is stored as an array of items');
  return decoded.slice(from, to);
}
