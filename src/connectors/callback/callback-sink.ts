/** A function as a sink. */

import { callable, checkOnly } from '../../base/options.ts';
import type { Sink } from '../../graph/sink.ts';

/** Where a record ended up. */
export interface CallbackContext {
  /** Index of the subtask that calls, from 0. */
  readonly subtask: number;
}

/**
 * Calls a function with each record, on the thread of the subtask. While a promise that it returned is open, the subtask waits, and
 * so does its input. What it throws fails the job; after a restart it is called again for records since the last checkpoint.
 *
 * @example callbackSink(async (order) => { await fetch(url, { method: 'POST', body: JSON.stringify(order) }); })
 */
export function callbackSink<T>(fn: (record: T, context: CallbackContext) => void | Promise<void>): Sink<T> {
  checkOnly(fn, callable, 'callback');
  return {
    name: fn.name === '' ? 'callback' : fn.name,
    createWriter: ({ subtask }) => {
      const context: CallbackContext = { subtask };
      return { write: (record) => fn(record, context) };
    },
  };
}
