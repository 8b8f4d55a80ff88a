/** Fires when a window has got n records since it last fired. */

import { wholeNumber } from '../arguments.ts';
import type { Trigger } from '../trigger.ts';
import type { Window } from '../window.ts';

interface CountState {
  records: number;
}

export interface CountTrigger extends Trigger<unknown, Window, CountState> {
  readonly kind: 'count';
  readonly count: number;
}

export function countTrigger(n: number): CountTrigger {
  const count = wholeNumber(n, 'triggers.count', 1);
  return {
    kind: 'count',
    count,
    createState: () => ({ records: 0 }),
    onElement(_record, _timestamp, _window, { state }) {
      state.records++;
      if (state.records < count) return 'continue';
      state.records = 0;
      return 'fire';
    },
    onEventTime: () => 'continue',
    onProcessingTime: () => 'continue',
    // A sum that has reached n fires at the next record, which is the one that caused the merge.
    onMerge: () => undefined,
    mergeState(into, from) {
      into.records += from.records;
    },
    clear(_window, { state }) {
      state.records = 0;
    },
  };
}
