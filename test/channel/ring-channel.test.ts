import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/base/limits.ts';
import { UnsupportedColumnValueError } from '../../src/channel/frame-encoder.ts';
import { createRingMemory } from '../../src/channel/ring.ts';
import { RingChannelReader, RingChannelWriter } from '../../src/channel/ring-channel.ts';
import { column } from '../../src/schema/type.ts';
import { type ChannelEnds, testChannel, transfer } from './channel-conformance.ts';
import { batchOf, materialise, nullableString, type Offered, stringColumn, tupleType } from './plain-elements.ts';

/** @param counted bytes that have gone through the ring already */
function ringEnds(capacity: number, counted = 0): ChannelEnds {
  const memory = createRingMemory(capacity);
  const control = new Int32Array(memory);
  control[0] = counted;
  control[16] = counted;
  return { writer: new RingChannelWriter(memory, () => {}), reader: new RingChannelReader(memory, () => {}) };
}

for (const capacity of [256, 512, 2048, defaultLimits.ringBytes]) {
  testChannel(`ring channel of ${capacity} bytes`, () => ringEnds(capacity));
}

testChannel('ring channel whose counts pass 2³¹', () => ringEnds(512, 2 ** 31 - 96));
testChannel('ring channel whose counts pass 2³²', () => ringEnds(256, 2 ** 32 - 72));

describe('ring channel', () => {
  test('counts the bytes at both ends', () => {
    const ends = ringEnds(512);
    transfer(ends, [{ element: batchOf(stringColumn, ['x'.repeat(1000)]) }]);
    expect(ends.writer.bytes).toBeGreaterThan(1000);
    expect(ends.reader.bytes).toBe(ends.writer.bytes);
  });

  test('sends narrow strings in one byte a unit, again after wide ones', () => {
    const ends = ringEnds(2 ** 16);
    const bytesOf = (text: string): number => {
      const before = ends.writer.bytes;
      transfer(ends, [{ element: batchOf(stringColumn, [text]) }]);
      return ends.writer.bytes - before;
    };
    bytesOf('the schema goes first');
    const narrow = bytesOf('x'.repeat(800));
    expect(bytesOf('€'.repeat(800)) - narrow).toBe(800);
    bytesOf('x'.repeat(800));
    expect(bytesOf('x'.repeat(800))).toBe(narrow);
  });

  test('sends strings that are too many, or too long, to be put together', () => {
    const ends = ringEnds(2 ** 16);
    const long = 'x'.repeat(70_000);
    const many = Array.from({ length: 3000 }, (_, i) => `string ${i} ${'y'.repeat(60)}`);
    const texts = [...many, long, null, '', ...many, 'ÿ', long, long];
    // The first wide unit stands in a text behind the first one.
    const wide = [...texts, '€', ...many];
    const elements = [texts, wide, texts].map((strings) => batchOf(nullableString, strings));
    expect(
      transfer(
        ends,
        elements.map((element) => ({ element })),
      ),
    ).toEqual(elements);
  });

  test('sends a dictionary once, then ids', () => {
    const ends = ringEnds(2 ** 16);
    const offered: Offered = { element: batchOf(stringColumn, ['x'.repeat(1000)]), layout: 'dictionary', dictionaries: [] };
    const bytesOf = (): number => {
      const before = ends.writer.bytes;
      transfer(ends, [offered]);
      return ends.writer.bytes - before;
    };
    expect(bytesOf()).toBeGreaterThan(1000);
    expect(bytesOf()).toBeLessThan(100);
  });

  test('names the row and the column of a value that cannot leave its thread', () => {
    const { writer } = ringEnds(2048);
    const type = tupleType(column('float64'), column('any'));
    const rows = [
      [1, 'fine'],
      [2, () => {}],
    ];
    const batch = materialise(writer, { element: { ...batchOf(type, []), rows } });
    expect(() => writer.offer(batch)).toThrow(UnsupportedColumnValueError);
    expect(() => writer.offer(batch)).toThrow(expect.objectContaining({ row: 1, column: 1 }));
  });

  test('looks at the values of a batch once, however often there is no room for it', () => {
    const { writer, reader } = ringEnds(2048);
    let looks = 0;
    const ownKeys = (target: object): (string | symbol)[] => {
      looks++;
      return Reflect.ownKeys(target);
    };
    const watched = new Proxy({ a: 'x'.repeat(200) }, { ownKeys });
    const offered = { element: { ...batchOf(tupleType(column('any')), []), rows: [[watched]] } };
    let refused = materialise(writer, offered);
    for (; writer.offer(refused); refused = materialise(writer, offered)) looks = 0;
    const looksOnce = looks;
    expect(looksOnce).toBeGreaterThan(0);
    for (let offers = 0; offers < 100; offers++) expect(writer.offer(refused)).toBe(false);
    expect(looks).toBe(looksOnce);
    while (!writer.offer(refused)) {
      expect(reader.poll()).not.toBeNull();
      reader.release();
    }
    expect(looks).toBe(looksOnce);
    let last: unknown;
    for (let element = reader.poll(); element !== null; element = reader.poll()) {
      last = element.kind === 'batch' ? element.columns.map((each) => (each.kind === 'any' ? each.load(element.rowCount)[0] : null)) : null;
      reader.release();
    }
    expect(last).toEqual([{ a: 'x'.repeat(200) }]);
  });
});
