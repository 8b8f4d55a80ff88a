/** Subtasks of a source on different threads, which wait for each other. */

import { describe, expect, test } from 'vitest';
import { jobModule, rowsOf, sharedCluster, within } from './support.ts';

interface Row {
  readonly id: 'fast' | 'slow';
  readonly at: number;
  readonly readAt: number;
}

/**
 * The furthest that a record of the fast split was ahead of what had been read of the slow one. Who has said no watermark yet holds
 * nobody back: what counts is read after the third slow record, before which the watermark of the first was told.
 */
function largestLead(rows: readonly Row[]): number {
  let slow = 0;
  let lead = 0;
  for (const { id, at } of rows.toSorted((a, b) => a.readAt - b.readAt)) {
    if (id === 'slow') slow = at;
    else if (slow >= 30) lead = Math.max(lead, at - slow);
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
    // Without alignment the lead is several hundred. A record comes every millisecond until the next watermark is made and told.
    expect(largestLead(rows)).toBeLessThanOrEqual(100 + 100);
  });
});
