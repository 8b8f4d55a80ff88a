/** Fires once the clock of the machine has passed the end of the window. */

import type { Trigger } from '../trigger.ts';

export interface ProcessingTimeTrigger extends Trigger {
  readonly kind: 'processing-time';
}

export const processingTimeTrigger: ProcessingTimeTrigger = {
  kind: 'processing-time',
  onElement(_record, _timestamp, window, context) {
    context.registerProcessingTime(window.maxTimestamp);
    return 'continue';
  },
  onEventTime: () => 'continue',
  onProcessingTime: () => 'fire',
  onMerge(window, context) {
    if (window.maxTimestamp > context.processingTime) context.registerProcessingTime(window.maxTimestamp);
  },
  clear: (window, context) => context.deleteProcessingTime(window.maxTimestamp),
};
