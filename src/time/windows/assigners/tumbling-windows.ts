/** Windows of a fixed size, one behind the other: each record belongs to exactly one. */

import type { Duration } from '../../../base/duration.ts';
import { MillraceError } from '../../../base/errors.ts';
import { anything, checkOptions, type OptionRules, optional } from '../../../base/options.ts';
import { parseOffset, positiveDuration } from '../arguments.ts';
import { eventTimeTrigger } from '../triggers/event-time-trigger.ts';
import { processingTimeTrigger } from '../triggers/processing-time-trigger.ts';
import { TimeWindow, windowStart } from '../window.ts';
import { type ResolveContext, requireTimestamp, type WindowAssigner } from '../window-assigner.ts';

/**
 * How the windows of different subtasks lie: all alike (`aligned`); each subtask's shifted by chance (`random`); or so that the
 * first record of the subtask, by the clock, opens one (`natural`). The latter two spread out the work of closing windows.
 */
export type WindowStagger = 'aligned' | 'random' | 'natural';

const staggers: readonly unknown[] = ['aligned', 'random', 'natural'];

export interface TumblingOptions {
  /** Shifts the windows: `'15m'` for hours that start at a quarter past, `'-8h'` for days of UTC+8. Below the size. */
  readonly offset?: Duration;
  /** Default `aligned`. */
  readonly stagger?: WindowStagger;
}

export interface TumblingWindows extends WindowAssigner<unknown, TimeWindow> {
  readonly kind: 'tumbling';
  readonly sizeMs: number;
  readonly offsetMs: number;
  readonly stagger: WindowStagger;
}

const tumblingRules: OptionRules<TumblingOptions> = { offset: optional(anything), stagger: optional(anything) };

export function tumblingWindows(isEventTime: boolean, size: Duration, options: TumblingOptions = {}): TumblingWindows {
  checkOptions<TumblingOptions>(options, tumblingRules, 'tumbling');
  const sizeMs = positiveDuration(size, 'tumbling: size');
  const offsetMs = parseOffset(options.offset ?? 0, 'tumbling: offset', sizeMs);
  const { stagger = 'aligned' } = options;
  if (!staggers.includes(stagger))
    throw new MillraceError('INVALID_OPTION', `tumbling: stagger is 'aligned', 'random' or 'natural', not '${String(stagger)}'`);
  return new Tumbling({ isEventTime, sizeMs, offsetMs, stagger });
}

type Shape = Pick<TumblingWindows, 'isEventTime' | 'sizeMs' | 'offsetMs' | 'stagger'>;

class Tumbling implements TumblingWindows {
  readonly kind = 'tumbling';
  readonly isEventTime: boolean;
  readonly sizeMs: number;
  readonly offsetMs: number;
  readonly stagger: WindowStagger;

  constructor({ isEventTime, sizeMs, offsetMs, stagger }: Shape) {
    this.isEventTime = isEventTime;
    this.sizeMs = sizeMs;
    this.offsetMs = offsetMs;
    this.stagger = stagger;
  }

  assignWindow(_record: unknown, timestamp: number | undefined, context: { readonly processingTime: number }): TimeWindow {
    const time = this.isEventTime ? requireTimestamp(timestamp) : context.processingTime;
    const start = windowStart(time, this.offsetMs, this.sizeMs);
    return new TimeWindow(start, start + this.sizeMs);
  }

  assignWindows(record: unknown, timestamp: number | undefined, context: { readonly processingTime: number }): TimeWindow[] {
    return [this.assignWindow(record, timestamp, context)];
  }

  defaultTrigger() {
    return this.isEventTime ? eventTimeTrigger : processingTimeTrigger;
  }

  resolve(context: ResolveContext): Tumbling {
    const { isEventTime, sizeMs, stagger } = this;
    if (stagger === 'aligned') return this;
    const offsetMs = (this.offsetMs + staggerOffset(stagger, sizeMs, context)) % sizeMs;
    return new Tumbling({ isEventTime, sizeMs, offsetMs, stagger: 'aligned' });
  }
}

function staggerOffset(stagger: 'random' | 'natural', sizeMs: number, { processingTime, random }: ResolveContext): number {
  if (stagger === 'random') return Math.floor(random.next() * sizeMs);
  return processingTime - windowStart(processingTime, 0, sizeMs);
}
