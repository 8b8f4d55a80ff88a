import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRingMemory, RingReader, RingWriter } from '../../src/channel/ring.ts';
import { FrameKind } from '../../src/wire/frame.ts';

interface Ends {
  readonly writer: RingWriter;
  readonly reader: RingReader;
}

/** @param counted bytes that have gone through the ring already */
function ring(capacity: number, counted = 0, notify: () => void = () => {}): Ends {
  const memory = createRingMemory(capacity);
  const control = new Int32Array(memory);
  control[0] = counted;
  control[16] = counted;
  return { writer: new RingWriter(memory, notify), reader: new RingReader(memory, notify) };
}

/** Writes a frame that names itself; false when there is no room. */
function write({ writer }: Ends, bytes: number, name: number): boolean {
  const position = writer.reserve(bytes);
  if (position < 0) return false;
  writer.memory.startFrame(position, FrameKind.Data, bytes).mutate_schema(name);
  writer.memory.uint8.fill(name, position + 32, position + bytes);
  writer.publish(bytes);
  return true;
}

/** The name of the next frame, whose bytes must all be its own; undefined when there is none. */
function read({ reader }: Ends): number | undefined {
  const position = reader.peek();
  if (position < 0) return undefined;
  const header = reader.memory.headerAt(position);
  const name = header.schema();
  const body = reader.memory.uint8.subarray(position + 32, position + header.bytes());
  expect(body.every((byte) => byte === (name & 0xff))).toBe(true);
  expect(position + header.bytes()).toBeLessThanOrEqual(reader.capacity);
  reader.release(header.bytes());
  return name;
}

/** Counts at which something special happens: at the start, and as the signed and the unsigned count wrap. */
const counts = [0, 2 ** 31 - 64, 2 ** 32 - 64, 2 ** 32 - 8, 2 ** 32 - 256];

describe('ring', () => {
  test('takes only capacities that are powers of two', () => {
    const odd = createRingMemory(384);
    expect(() => new RingWriter(odd, () => {})).toThrow('the capacity of a ring is a power of two');
    expect(() => new RingReader(odd, () => {})).toThrow('the capacity of a ring is a power of two');
  });

  test('refuses frames that are larger than half of it', () => {
    const { writer } = ring(256);
    expect(writer.frameBytesMax).toBe(128);
    expect(() => writer.reserve(136)).toThrow('a frame takes at most half of the ring');
  });

  test.each(counts)('fills up to the last byte when it has counted %d', (counted) => {
    const ends = ring(256, counted);
    const written = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((name) => write(ends, 32, name));
    const wholeFrames = (counted & 255) % 32 === 0;
    expect(written).toHaveLength(wholeFrames ? 8 : 7);
    expect(written.map(() => read(ends))).toEqual(written);
    expect(read(ends)).toBeUndefined();
    expect(written.filter((name) => write(ends, 32, name))).toEqual(written);
  });

  test('has room for exactly what was read out of it', () => {
    const ends = ring(256);
    for (let name = 0; name < 8; name++) write(ends, 32, name);
    for (let name = 0; name < 50; name++) expect([write(ends, 32, 99), read(ends), write(ends, 32, name + 8)]).toEqual([false, name, true]);
  });

  test.each(counts)('takes the largest frame whenever it is empty, having counted %d', (counted) => {
    for (let first = 32; first <= 128; first += 8) {
      const ends = ring(256, counted);
      for (let name = 1; name < 100; name += 2) {
        expect([write(ends, first, name), read(ends)]).toEqual([true, name]);
        expect([write(ends, 128, name + 1), read(ends)]).toEqual([true, name + 1]);
      }
    }
  });

  test('forgets a reservation that is not published', () => {
    const ends = ring(256);
    expect(ends.writer.reserve(64)).toBe(0);
    expect(ends.reader.peek()).toBe(-1);
    expect(write(ends, 32, 1)).toBe(true);
    expect(read(ends)).toBe(1);
  });

  test('forgets a reservation behind the padding that it needed', () => {
    const ends = ring(256);
    for (const name of [1, 2]) expect([write(ends, 96, name), read(ends)]).toEqual([true, name]);
    expect(ends.writer.reserve(104)).toBe(0);
    expect(read(ends)).toBeUndefined();
    expect([write(ends, 128, 3), read(ends)]).toEqual([true, 3]);
    expect(read(ends)).toBeUndefined();
  });

  test('notifies after every publication and every release', () => {
    let notified = 0;
    const ends = ring(256, 0, () => notified++);
    ends.writer.reserve(32);
    expect(notified).toBe(0);
    write(ends, 32, 1);
    expect(notified).toBe(1);
    read(ends);
    expect(notified).toBe(2);
  });

  test('keeps order and content, whatever the sizes and the turns', () => {
    const sizes = fc.array(
      fc.integer({ min: 4, max: 16 }).map((words) => words * 8),
      { maxLength: 200 },
    );
    const turns = fc.array(fc.boolean(), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(sizes, turns, fc.constantFrom(...counts), (bytes, order, counted) => {
        const ends = ring(256, counted);
        const received: number[] = [];
        for (let name = 0, turn = 0; name < bytes.length; turn++) {
          if (order[turn % order.length] === true && take(ends, received)) continue;
          if (write(ends, bytes[name] as number, name)) name++;
          else expect(take(ends, received)).toBe(true);
        }
        while (take(ends, received));
        expect(received).toEqual(bytes.map((_, name) => name));
      }),
      { numRuns: 300 },
    );
  });
});

function take(ends: Ends, received: number[]): boolean {
  const name = read(ends);
  if (name !== undefined) received.push(name);
  return name !== undefined;
}
