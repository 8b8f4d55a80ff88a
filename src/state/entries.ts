/**
 * Entries of keyed state as they lie in segments, one behind the other:
 *
 *     u32 hash of the key, u32 length, the bytes that `KeyedContents.write` wrote: the key first
 *
 * @hotpath (writeEntry, entryHash, entryLength)
 */

import { assert } from '../base/assert.ts';
import type { ByteSink } from '../batch/byte-sink.ts';
import type { KeyedContents } from './keyed-contents.ts';

/** In front of the bytes of an entry. */
export const headerBytes = 8;

/** A stored segment, as logs read it. */
export interface StoredSegment {
  readonly id: string;
  readonly schema: unknown;
  readonly bytes: Uint8Array;
  readonly entries: number;
  /** Lists of ordinals of stale entries. */
  readonly stale: readonly Uint8Array[];
}

/** Appends the entry of a unit. @throws what `write` throws; then the sink is as before */
export function writeEntry(sink: ByteSink, hash: number, unit: number, contents: Pick<KeyedContents, 'write'>): void {
  const start = sink.length;
  try {
    sink.u32(hash >>> 0);
    sink.u32(0);
    contents.write(unit, sink);
  } catch (error) {
    sink.length = start;
    throw error;
  }
  const end = sink.length;
  sink.length = start + 4;
  sink.u32(end - start - headerBytes);
  sink.length = end;
}

/** Of the entry that begins there. */
export function entryHash(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at);
}

/** Bytes of the entry that begins there, with its header. */
export function entryLength(bytes: Uint8Array, at: number): number {
  return headerBytes + (int32At(bytes, at + 4) >>> 0);
}

function int32At(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  return low | ((bytes[at + 3] as number) << 24);
}

/** Whether the entries of a stored segment are stale, 1 or 0, by ordinal. */
export function staleOf({ entries, stale }: StoredSegment): Uint8Array {
  const isStale = new Uint8Array(entries);
  for (const list of stale) {
    const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
    for (let at = 0; at < list.byteLength; at += 4) isStale[view.getUint32(at, true)] = 1;
  }
  return isStale;
}

/** Calls `visit` with each entry of a stored segment: where it begins and ends, header and all. */
export function forEachEntry(
  { bytes, entries }: StoredSegment,
  visit: (ordinal: number, hash: number, start: number, end: number) => void,
): void {
  let start = 0;
  for (let ordinal = 0; ordinal < entries; ordinal++) {
    assert(start + headerBytes <= bytes.length, 'a segment has the entries that it is said to have');
    const end = start + entryLength(bytes, start);
    visit(ordinal, entryHash(bytes, start), start, end);
    start = end;
  }
  assert(start === bytes.length, 'a segment has the entries that it is said to have');
}

/** The same memory. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
