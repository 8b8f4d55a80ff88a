/** Keys of slices: how long the index knows those that no slice has any more. */

import { describe, expect, test } from 'vitest';
import { hashNumber } from '../../../../src/base/hash.ts';
import { count } from '../../../../src/operators/aggregators/index.ts';
import { Accumulators } from '../../../../src/operators/window/slices/accumulators.ts';
import { FilledSlices } from '../../../../src/operators/window/slices/filled-slices.ts';
import { Slices } from '../../../../src/operators/window/slices/slices.ts';
import { KeyIndex } from '../../../../src/state/key-index.ts';

function emptySlices(keysMax?: number): {
  index: KeyIndex;
  filled: FilledSlices;
  fill: (slice: number, from: number, keys: number) => void;
  drop: () => void;
} {
  const index = new KeyIndex();
  const slices = new Slices({ sizeMs: 1000, slideMs: 1000, offsetMs: 0 });
  const filled = new FilledSlices(slices, new Accumulators({ hits: count() }), index, keysMax);
  return {
    index,
    filled,
    fill(slice, from, keys) {
      for (let key = from; key < from + keys; key++) filled.slotOf(slice, index.ofNumber(hashNumber(key), key));
    },
    drop() {
      filled.dropFirst(1);
      filled.forgetVacant();
    },
  };
}

describe('keys that no slice has', () => {
  test('stay known while they are few beside those that slices have', () => {
    const { index, fill, drop } = emptySlices();
    for (let slice = 0; slice < 3; slice++) {
      fill(slice, slice * 100, 100);
      drop();
      expect(index.keyCount).toBe((slice + 1) * 100);
    }
    fill(3, 300, 100);
    fill(4, 1000, 1);
    drop();
    // Those of the slice that was dropped are kept once more.
    expect(index.keyCount).toBe(101);
  });

  test('are forgotten at last where fewer come than before', () => {
    const { index, fill, drop } = emptySlices();
    fill(0, 0, 10_000);
    drop();
    expect(index.keyCount).toBe(10_000);
    fill(1, 0, 1);
    drop();
    expect(index.keyCount).toBe(1);
    for (let slice = 2; slice < 3000; slice++) {
      fill(slice, slice, 1);
      drop();
      expect(index.keyCount).toBeLessThanOrEqual(10_000 / 8 + 2);
    }
  });

  test('are not forgotten in the middle of a batch', () => {
    const { index, fill, filled } = emptySlices();
    fill(0, 0, 1000);
    fill(1, 0, 1);
    filled.dropFirst(1);
    // Row 7 of a batch, the slots of which are known, is added after time has advanced.
    const key = index.ofNumber(hashNumber(7), 7);
    filled.dropFirst(1);
    expect([index.keyCount, index.has(key)]).toEqual([1000, true]);
    filled.slotOf(2, key);
    filled.forgetVacant();
    expect([index.keyCount, index.has(key)]).toEqual([2, true]);
  });

  test('are kept up to a number of all keys where one is given', () => {
    const { index, fill, drop } = emptySlices(150);
    fill(0, 0, 100);
    fill(1, 100, 60);
    drop();
    expect(index.keyCount).toBe(60);
    drop();
    expect(index.keyCount).toBe(60);
  });
});
