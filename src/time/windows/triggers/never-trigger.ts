/** Never fires: the trigger of global windows that are given no other. */

import type { Trigger } from '../trigger.ts';

export interface NeverTrigger extends Trigger {
  readonly kind: 'never';
}

export const neverTrigger: NeverTrigger = {
  kind: 'never',
  onElement: () => 'continue',
  onEventTime: () => 'continue',
  onProcessingTime: () => 'continue',
  onMerge: () => undefined,
};
