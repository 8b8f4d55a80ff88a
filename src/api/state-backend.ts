/** Where keyed state is kept while a job runs. */

import { type DataSize, parseDataSize } from '../base/data-size.ts';
import { anything, checkOptions, type OptionRules } from '../base/options.ts';

/** Where keyed state is kept while a job runs: an immutable description, made by `heap` or `disk`. */
export type StateBackend =
  | { readonly kind: 'heap' }
  | {
      readonly kind: 'disk';
      /** Bytes. */
      readonly memory: number;
    };

export interface DiskOptions {
  /** Memory that keyed state may take in the job, all its workers together: about as much as is meant, since objects have no exact size. */
  readonly memory: DataSize;
}

const diskRules: OptionRules<DiskOptions> = { memory: anything };

/**
 * Keyed state in memory, which is the default: nothing is faster, and state must fit.
 *
 * @example
 * const env = new StreamEnvironment({ stateBackend: heap() });
 */
export function heap(): StateBackend {
  return { kind: 'heap' };
}

/**
 * Keyed state larger than memory. Keys that are used stay in memory; others go to files in the state directory, and come back with
 * their next record. For keyed functions with state, `reduce`, `aggregate`, `sum`, `min` and `max`; keys with timers, and windows, stay
 * in memory. A job in batch mode keeps all in memory.
 *
 * @example
 * const env = new StreamEnvironment({ stateBackend: disk({ memory: '512MB' }) });
 */
export function disk(options: DiskOptions): StateBackend {
  const { memory } = checkOptions<DiskOptions>(options, diskRules, 'disk');
  return { kind: 'disk', memory: parseDataSize(memory, 'disk: memory') };
}
