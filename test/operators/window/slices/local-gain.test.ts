/** Whether aggregating in front of an exchange pays, as it is judged. */

import { describe, expect, test } from 'vitest';
import { hashNumber } from '../../../../src/base/hash.ts';
import { LocalGain } from '../../../../src/operators/window/slices/local-gain.ts';

const judgedRows = 1000;

function sampled(pairs: number): LocalGain {
  const gain = new LocalGain({ judgedRows, samples: true });
  for (let i = 0; i < judgedRows; i++) gain.see(hashNumber(i % (pairs / 2)), i < judgedRows / 2 ? 0 : 1);
  gain.beginBatch(true);
  return gain;
}

function gainsNothing(gain: LocalGain): void {
  gain.rows = judgedRows;
  gain.passed = judgedRows / 4;
  gain.look();
  expect(gain.letsGo).toBe(true);
}

describe('with samples', () => {
  test('records pass at first', () => {
    const gain = new LocalGain({ judgedRows, samples: true });
    gain.beginBatch(true);
    expect([gain.passes, gain.isSampling]).toEqual([true, true]);
  });

  test('records of few keys and slices are aggregated', () => {
    expect(sampled(20).passes).toBe(false);
  });

  test('records of many go on passing, until the next sample', () => {
    const gain = sampled(300);
    expect([gain.passes, gain.isSampling]).toEqual([true, false]);
    let batches = 0;
    for (; !gain.isSampling; batches++) gain.beginBatch(true);
    expect(batches).toBeGreaterThan(500);
    expect(gain.passes).toBe(true);
  });

  test('what turns out to gain nothing is let go, and then passes', () => {
    const gain = sampled(20);
    gainsNothing(gain);
    gain.beginBatch(true);
    expect([gain.passes, gain.renews]).toEqual([false, true]);
    gainsNothing(gain);
    gain.beginBatch(false);
    expect(gain.passes).toBe(false);
    gain.beginBatch(true);
    expect([gain.passes, gain.isSampling, gain.renews]).toEqual([true, false, false]);
  });
});

test('without samples records are aggregated at first, and a quarter of them is few enough', () => {
  const gain = new LocalGain({ judgedRows, samples: false });
  expect(gain.passes).toBe(false);
  gain.rows = judgedRows;
  gain.passed = judgedRows / 4;
  gain.look();
  expect(gain.letsGo).toBe(false);
});

test('keys are let go again and again as long as that makes less of records', () => {
  const gain = new LocalGain({ judgedRows, samples: false });
  gain.rows = judgedRows;
  gain.passed = judgedRows;
  gain.look();
  gain.beginBatch(true);
  for (let i = 0; i < 3; i++) {
    gain.rows = judgedRows;
    gain.passed = judgedRows / 4;
    gain.look();
    gain.beginBatch(true);
    expect([gain.renews, gain.letsGo, gain.passes]).toEqual([true, false, false]);
  }
});
