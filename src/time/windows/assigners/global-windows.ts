/** One window for everything. */

import { checkOptions, flag, type OptionRules, optional } from '../../../base/options.ts';
import { endOfStreamTrigger } from '../triggers/end-of-stream-trigger.ts';
import { neverTrigger } from '../triggers/never-trigger.ts';
import { GlobalWindow } from '../window.ts';
import type { WindowAssigner } from '../window-assigner.ts';

export interface GlobalWindowOptions {
  /** Fires when the input ends. Default false: without a trigger it never fires. */
  readonly endOfStream?: boolean;
}

export interface GlobalWindows extends WindowAssigner<unknown, GlobalWindow> {
  readonly kind: 'global';
  readonly endOfStream: boolean;
}

const theWindow: readonly GlobalWindow[] = [GlobalWindow.instance];

const globalRules: OptionRules<GlobalWindowOptions> = { endOfStream: optional(flag) };

/**
 * Assigns all records of a key to one window, which never ends. Give it a trigger, or nothing ever comes out.
 *
 * @example
 * keyed.window(globalWindow()).trigger(triggers.purging(triggers.count(100)))
 * @example
 * keyed.window(globalWindow({ endOfStream: true })) // one result for each key, when the input ends
 */
export function globalWindow(options: GlobalWindowOptions = {}): GlobalWindows {
  const endOfStream = checkOptions<GlobalWindowOptions>(options, globalRules, 'globalWindow').endOfStream === true;
  return {
    kind: 'global',
    // As in Flink: it does not end by watermarks, and nothing is late.
    isEventTime: false,
    endOfStream,
    assignWindow: () => GlobalWindow.instance,
    assignWindows: () => theWindow,
    defaultTrigger: () => (endOfStream ? endOfStreamTrigger : neverTrigger),
  };
}
