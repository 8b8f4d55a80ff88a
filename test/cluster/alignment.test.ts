/** Subtasks of a source on different threads, which wait for each other. */

import { describe, expect, test } from 'vitest';
import { jobModule, rowsOf, sharedCluster, within } from './support.ts';

interface Row {
  readonly id: 'fast' | 'slow';
  readonly at: number;
  readonly readAt: number;
}

/** The furthest that a record of the fast split was ahead of what had been read of the slow one. */
function largestLead(rows: readonly Row[]): number {
  let slow = Number.NaN;
  let lead = 0;
  for (const { id, at } of rows.toSorted((a, b) => a.readAt - b.readAt)) {
    if (id === 'slow') slow = at;
    else if (!Number.isNaN(slow)) lead = Math.max(lead, at - slow);
  }
  return lead;
}

describe('aligned subtasks', () => {
  const cluster = sharedCluster({ slots: 2 });

  test('stay together, as close as they tell each other how far they are', { timeout: 60_000 }, async () => {
    const count = 60;
    const job = await cluster().submit(jobModule('aligned'), { args: { maxDrift: 100, count } });
    const rows = await rowsOf<Row>(job);
    await within(job.result(), 'the job');
    expect(rows).toHaveLength(2 * count);
    // Without alignment the fast one is at its end, at 600, when the slow one is at 60. Two intervals may pass until it is held.
    expect(largestLead(rows)).toBeLessThanOrEqual(100 + 2 * 100);
    const [fastEnd, slowEnd] = ['fast', 'slow'].map((id) => Math.max(...rows.filter((row) => row.id === id).map(({ readAt }) => readAt)));
    expect(slowEnd).toBeDefined();
    // The last third of the fast one waited for the slow one to be in its second half.
    expect(fastEnd).toBeGreaterThan(rows.find(({ id, at }) => id === 'slow' && at === 200)?.readAt as number);
  });
});
