import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlaceIndex } from '../../src/state/disk/place-index.ts';

const hash = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1));
const step = fc.record({ kind: fc.constantFrom('add', 'add', 'remove', 'move'), hash, nth: fc.nat(5) });

/** Places of a hash, in the order in which the index says them. */
function placesOf(index: PlaceIndex, hash: number): number[] {
  const places: number[] = [];
  for (let at = index.find(hash); at >= 0; at = index.findNext(hash, at)) places.push(index.placeAt(at));
  return places;
}

describe('an index of places', () => {
  test('has what was added and not removed, several of one hash too', () => {
    const property = fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const index = new PlaceIndex();
      const model = new Map<number, Set<number>>();
      let next = 1 << 20;
      for (const { kind, hash, nth } of steps) {
        const places = model.get(hash) ?? new Set();
        model.set(hash, places);
        const place = [...places][nth % Math.max(1, places.size)];
        if (kind === 'add') {
          index.add(hash, ++next);
          places.add(next);
        } else if (place === undefined) expect(index.move(hash, 7 << 20, ++next)).toBe(false);
        else if (kind === 'move') {
          expect(index.move(hash, place, ++next)).toBe(true);
          places.delete(place);
          places.add(next);
        } else {
          let at = index.find(hash);
          while (index.placeAt(at) !== place) at = index.findNext(hash, at);
          index.removeAt(at);
          places.delete(place);
        }
      }
      const all = [...model].flatMap(([hash, places]) => [...places].map((place) => [hash, place]));
      for (const [hash, places] of model) expect(new Set(placesOf(index, hash))).toEqual(places);
      expect(index.size).toBe(all.length);
      const entries = index.entries();
      expect(new Set(Array.from({ length: index.size }, (_, i) => `${entries.slice(i * 2, i * 2 + 2)}`))).toEqual(new Set(all.map(String)));
    });
    fc.assert(property, { numRuns: 60 });
  });

  test('does not grow where as many are removed as are added', () => {
    const index = new PlaceIndex();
    const hashOf = (i: number): number => Math.imul(i, 0x2c1b3c6d);
    for (let i = 0; i < 1000; i++) index.add(hashOf(i), (1 << 20) + i);
    const { bytes } = index;
    for (let i = 1000; i < 50_000; i++) {
      index.removeAt(index.find(hashOf(i - 1000)));
      index.add(hashOf(i), (1 << 20) + i);
    }
    expect(index.size).toBe(1000);
    expect(index.bytes).toBeLessThanOrEqual(bytes * 1.5);
    for (let i = 49_000; i < 50_000; i++) expect(placesOf(index, hashOf(i))).toEqual([(1 << 20) + i]);
  });
});
