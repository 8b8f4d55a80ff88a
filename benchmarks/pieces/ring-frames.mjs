/** Frames of numbers, written and read in place, for the piece `ring`. */
import { headerBytes } from '../../dist/modules/channel/frame-memory.js';
import { FrameKind } from '../../dist/modules/wire/frame.js';

/**
 * @param {number} bytes of the whole frame, its header included
 * @returns {Float64Array}
 */
export function payloadOf(bytes) {
  return Float64Array.from({ length: (bytes - headerBytes) / 8 }, (_, i) => i);
}

/**
 * @param {import('../../dist/modules/channel/ring.js').RingWriter} ring
 * @param {number} bytes
 * @param {Float64Array} payload
 * @returns {boolean} false when there is no room
 */
export function writeFrame(ring, bytes, payload) {
  const position = ring.reserve(bytes);
  if (position < 0) return false;
  ring.memory.startFrame(position, FrameKind.Data, bytes);
  ring.memory.float64.set(payload, (position + headerBytes) / 8);
  ring.publish(bytes);
  return true;
}

/** What was read, so that reading cannot be left out. */
export const read = { sum: 0 };

/**
 * @param {import('../../dist/modules/channel/ring.js').RingReader} ring
 * @returns {boolean} false when there is none
 */
export function readFrame(ring) {
  const position = ring.peek();
  if (position < 0) return false;
  const bytes = ring.memory.headerAt(position).bytes();
  const numbers = ring.memory.float64;
  const end = (position + bytes) / 8;
  let sum = 0;
  for (let i = (position + headerBytes) / 8; i < end; i++) sum += numbers[i];
  read.sum += sum;
  ring.release(bytes);
  return true;
}
