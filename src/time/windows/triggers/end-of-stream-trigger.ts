/** Fires when the input has ended: the trigger of `globalWindow({ endOfStream: true })`. */

import type { Trigger } from '../trigger.ts';

export interface EndOfStreamTrigger extends Trigger {
  readonly kind: 'end-of-stream';
}

/** The last watermark of a stream is not below the end of time. */
export const endOfStreamTrigger: EndOfStreamTrigger = {
  kind: 'end-of-stream',
  onElement(_record, _timestamp, window, context) {
    context.registerEventTime(window.maxTimestamp);
    return 'continue';
  },
  onEventTime: (time, window) => (time === window.maxTimestamp ? 'fire' : 'continue'),
  onProcessingTime: () => 'continue',
  onMerge: () => undefined,
};
