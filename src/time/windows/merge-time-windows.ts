/** The merging of windows of time that overlap or touch. */

import type { TimeWindow } from './window.ts';
import type { MergeWindows } from './window-assigner.ts';

/**
 * Merges windows that overlap or touch: the `mergeWindows` of session windows, for own merging assigners, too. It is known to
 * the engine, which finds such windows without looking at all of them.
 *
 * @example const shifts: WindowAssigner<Shift, TimeWindow> = { ..., mergeWindows: mergeTimeWindows };
 */
export function mergeTimeWindows(windows: readonly TimeWindow[], merge: MergeWindows<TimeWindow>): void {
  const sorted = [...windows].sort((a, b) => a.start - b.start);
  for (let first = 0; first < sorted.length; ) {
    let covered = sorted[first] as TimeWindow;
    let next = first + 1;
    for (; next < sorted.length && covered.intersects(sorted[next] as TimeWindow); next++)
      covered = covered.cover(sorted[next] as TimeWindow);
    if (next > first + 1) merge(sorted.slice(first, next), covered);
    first = next;
  }
}
