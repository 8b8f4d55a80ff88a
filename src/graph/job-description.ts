/** A job as its module describes it: the logical graph, and how to run it. Immutable. */

import type { Limits } from '../base/limits.ts';
import type { LogicalGraph, RuntimeMode } from './logical.ts';

export interface JobDescription {
  readonly name: string;
  readonly graph: LogicalGraph;
  readonly mode: RuntimeMode | 'automatic';
  /** Milliseconds that a part-filled batch may wait. */
  readonly bufferTimeoutMs: number;
  readonly localAggregation: boolean;
  readonly chaining: boolean;
  /** Changes to the default limits. */
  readonly limits: Partial<Limits>;
  /** What is to be said to the user when the job starts. */
  readonly notices: readonly string[];
}
