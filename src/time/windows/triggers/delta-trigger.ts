/** Fires when a record differs from the one that fired last by more than a threshold. */

import { finiteNumber, requireFunction } from '../arguments.ts';
import type { Trigger } from '../trigger.ts';
import type { Window } from '../window.ts';

interface DeltaState<T> {
  /** The record of the last firing, or the first one; empty before. */
  reference: readonly T[];
}

export interface DeltaTrigger<in out T> extends Trigger<T, Window, DeltaState<T>> {
  readonly kind: 'delta';
  readonly threshold: number;
}

export function deltaTrigger<T>(threshold: number, delta: (reference: T, record: T) => number): DeltaTrigger<T> {
  finiteNumber(threshold, 'triggers.delta');
  requireFunction(delta, 'triggers.delta');
  return {
    kind: 'delta',
    threshold,
    createState: () => ({ reference: [] }),
    onElement(record, _timestamp, _window, { state }) {
      const isFirst = state.reference.length === 0;
      if (!isFirst && !(delta(state.reference[0] as T, record) > threshold)) return 'continue';
      state.reference = [record];
      return isFirst ? 'continue' : 'fire';
    },
    onEventTime: () => 'continue',
    onProcessingTime: () => 'continue',
    clear(_window, { state }) {
      state.reference = [];
    },
  };
}
