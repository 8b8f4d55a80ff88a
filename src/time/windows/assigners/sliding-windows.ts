/** Windows of a fixed size that start at every multiple of a slide: each record belongs to size ÷ slide of them. */

import type { Duration } from '../../../base/duration.ts';
import { anything, checkOptions, type OptionRules, optional } from '../../../base/options.ts';
import { parseOffset, positiveDuration } from '../arguments.ts';
import { eventTimeTrigger } from '../triggers/event-time-trigger.ts';
import { processingTimeTrigger } from '../triggers/processing-time-trigger.ts';
import { TimeWindow, windowStart } from '../window.ts';
import { requireTimestamp, type WindowAssigner } from '../window-assigner.ts';

export interface SlidingOptions {
  /** Shifts the windows. Below the slide. */
  readonly offset?: Duration;
}

export interface SlidingWindows extends WindowAssigner<unknown, TimeWindow> {
  readonly kind: 'sliding';
  readonly sizeMs: number;
  /** May be above the size: then records between two windows belong to none. */
  readonly slideMs: number;
  readonly offsetMs: number;
}

const slidingRules: OptionRules<SlidingOptions> = { offset: optional(anything) };

export function slidingWindows(isEventTime: boolean, size: Duration, slide: Duration, options: SlidingOptions = {}): SlidingWindows {
  checkOptions<SlidingOptions>(options, slidingRules, 'sliding');
  const sizeMs = positiveDuration(size, 'sliding: size');
  const slideMs = positiveDuration(slide, 'sliding: slide');
  const offsetMs = parseOffset(options.offset ?? 0, 'sliding: offset', slideMs);
  return {
    kind: 'sliding',
    isEventTime,
    sizeMs,
    slideMs,
    offsetMs,
    assignWindows(_record, timestamp, context) {
      const time = isEventTime ? requireTimestamp(timestamp) : context.processingTime;
      const windows: TimeWindow[] = [];
      for (let start = windowStart(time, offsetMs, slideMs); start > time - sizeMs; start -= slideMs)
        windows.push(new TimeWindow(start, start + sizeMs));
      return windows;
    },
    defaultTrigger: () => (isEventTime ? eventTimeTrigger : processingTimeTrigger),
  };
}
