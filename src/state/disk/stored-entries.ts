/** The entries of a stored segment, read one after the other. */

import { assert } from '../../base/assert.ts';
import { ByteSource } from '../../batch/byte-source.ts';
import type { StoredSegment } from '../state-log.ts';
import { headerBytes } from './segment.ts';

/** By ordinal. */
export function staleOf({ entries, stale }: StoredSegment): Uint8Array {
  const isStale = new Uint8Array(entries);
  for (const list of stale) {
    const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
    for (let at = 0; at < list.byteLength; at += 4) isStale[view.getUint32(at, true)] = 1;
  }
  return isStale;
}

/** Calls `visit` with the entries that count and are owned, header and all. */
export function forEachEntry(
  { bytes, entries }: StoredSegment,
  isStale: Uint8Array,
  owns: (hash: number) => boolean,
  visit: (hash: number, entry: Uint8Array) => void,
): void {
  const source = new ByteSource();
  const buffer = bufferOf(bytes);
  let position = 0;
  for (let ordinal = 0; ordinal < entries; ordinal++) {
    const start = position;
    source.reset(buffer, start);
    const hash = source.u32() | 0;
    position = start + headerBytes + source.u32();
    if (isStale[ordinal] === 0 && owns(hash)) visit(hash, buffer.subarray(start, position));
  }
  assert(position === bytes.length, 'a segment has the entries that it is said to have');
}

/** The same memory. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
