/**
 * Bytes in which frames lie, seen as every kind of element at once: views are made once for a whole ring, so that reading
 * or writing a frame makes none.
 */

import { ByteBuffer } from 'flatbuffers';
import { assert } from '../base/assert.ts';
import { ringBytesMin } from '../base/limits.ts';
import { FrameHeader, FrameKind } from '../wire/frame.ts';

/** Bytes of a frame's header; every frame starts and ends at a multiple of 8. */
export const headerBytes = 32;
export const columnEntryBytes = 20;

assert(ringBytesMin / 2 > headerBytes, 'the smallest ring has room for a header and a piece of a frame');

export function align8(bytes: number): number {
  return (bytes + 7) & ~7;
}

export class FrameMemory {
  readonly buffer: ArrayBufferLike;
  /** Where the memory begins in the buffer, in bytes. */
  readonly offset: number;
  readonly float64: Float64Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly uint8: Uint8Array;
  readonly bytes: Buffer;
  readonly flat: ByteBuffer;
  readonly header = new FrameHeader();

  constructor(buffer: ArrayBufferLike, offset: number, length: number) {
    this.buffer = buffer;
    this.offset = offset;
    this.float64 = new Float64Array(buffer, offset, length >> 3);
    this.int32 = new Int32Array(buffer, offset, length >> 2);
    this.int64 = new BigInt64Array(buffer, offset, length >> 3);
    this.uint8 = new Uint8Array(buffer, offset, length);
    this.bytes = Buffer.from(buffer as ArrayBuffer, offset, length);
    this.flat = new ByteBuffer(this.uint8);
  }

  headerAt(position: number): FrameHeader {
    return this.header.__init(position, this.flat);
  }

  /** A header with nothing but its kind and length. */
  startFrame(position: number, kind: FrameKind, bytes: number): FrameHeader {
    this.uint8.fill(0, position, position + headerBytes);
    const header = this.headerAt(position);
    header.mutate_bytes(bytes);
    header.mutate_kind(kind);
    return header;
  }

  /** Padding may be shorter than a header: only its first eight bytes are written. */
  writePadding(position: number, bytes: number): void {
    const header = this.headerAt(position);
    header.mutate_bytes(bytes);
    header.mutate_kind(FrameKind.Padding);
  }

  /** Bytes of the padding that lies at a position, 0 when something else does. */
  paddingAt(position: number): number {
    const header = this.headerAt(position);
    return header.kind() === FrameKind.Padding ? header.bytes() : 0;
  }
}

/** Private memory for frames that are larger than a ring. */
export function privateFrameMemory(bytes: number): FrameMemory {
  return new FrameMemory(new ArrayBuffer(bytes), 0, bytes);
}
