/** Streams that meet, on threads. */

import { describe, expect, it } from 'vitest';
import { jobModule, rowsOf, testCluster, within } from './support.ts';

describe('two streams on threads', () => {
  it('are joined, connected and broadcast as on one', async () => {
    const count = 1000;
    const job = await testCluster({ slots: 2 }).submit(jobModule('joins'), { args: { count } });
    const rows = await within(rowsOf(job, 'rows'), 'the rows');
    const numbers = Array.from({ length: count }, (_, i) => i);
    const expected = [
      ...numbers.map((i) => `interval ${i} ${i}`),
      ...numbers.map((i) => `window ${i} ${i}`),
      ...numbers.slice(0, 10).map((key) => `seen ${key} ${(2 * count) / 10}`),
      'rules 0',
      'rules 1',
    ];
    expect([...rows].sort()).toEqual(expected.sort());
  });
});
