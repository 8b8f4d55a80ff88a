/** Purges the window whenever another trigger fires. */

import { fires, type Trigger, type TriggerResult } from '../trigger.ts';
import type { Window } from '../window.ts';

export interface PurgingTrigger<in T, in W extends Window, S> extends Trigger<T, W, S> {
  readonly kind: 'purging';
  readonly nested: Trigger<T, W, S>;
}

/** Its state is that of the other trigger. */
export function purgingTrigger<T, W extends Window, S>(nested: Trigger<T, W, S>): PurgingTrigger<T, W, S> {
  const { onMerge } = nested;
  return {
    kind: 'purging',
    nested,
    createState: () => nested.createState?.() as S,
    onElement: (record, timestamp, window, context) => purging(nested.onElement(record, timestamp, window, context)),
    onEventTime: (time, window, context) => purging(nested.onEventTime(time, window, context)),
    onProcessingTime: (time, window, context) => purging(nested.onProcessingTime(time, window, context)),
    ...(onMerge === undefined ? {} : { onMerge: (window, context) => onMerge.call(nested, window, context) }),
    mergeState: (into, from) => nested.mergeState?.(into, from),
    clear: (window, context) => nested.clear?.(window, context),
  };
}

function purging(result: TriggerResult): TriggerResult {
  return fires(result) ? 'fire-and-purge' : result;
}
