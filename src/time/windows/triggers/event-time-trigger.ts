/** Fires once the watermark has passed the end of the window, and for every late record behind it. */

import type { Trigger } from '../trigger.ts';

export interface EventTimeTrigger extends Trigger {
  readonly kind: 'event-time';
}

export const eventTimeTrigger: EventTimeTrigger = {
  kind: 'event-time',
  onElement(_record, _timestamp, window, context) {
    if (window.maxTimestamp <= context.watermark) return 'fire';
    context.registerEventTime(window.maxTimestamp);
    return 'continue';
  },
  onEventTime: (time, window) => (time === window.maxTimestamp ? 'fire' : 'continue'),
  onProcessingTime: () => 'continue',
  onMerge(window, context) {
    // Behind the watermark the record that caused the merge fires; a timer would fire a second time.
    if (window.maxTimestamp > context.watermark) context.registerEventTime(window.maxTimestamp);
  },
  clear: (window, context) => context.deleteEventTime(window.maxTimestamp),
};
