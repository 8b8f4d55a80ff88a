/** Sinks: where records go. Each subtask writes through a writer of its own. */

import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';

export interface SinkContext {
  readonly system: System;
  readonly limits: Limits;
  readonly subtask: number;
  readonly parallelism: number;
  readonly jobName: string;
}

export interface SinkWriter<T> {
  /**
   * Takes a record. A writer that returns a promise gets its next record when it has resolved; the records that came
   * meanwhile wait, and the input waits with them.
   */
  write(record: T): void | Promise<void>;
  /** Hands on what is buffered. Called when a part-filled batch would be sent, and at the end. */
  flush?(): void | Promise<void>;
  /** After the last record of a job that ran to its end, behind `flush`. */
  finish?(): void | Promise<void>;
  /** Releases files and sockets. Called once, whatever happened. */
  close?(): void;
}

export interface Sink<T> {
  readonly name: string;
  /**
   * Whether writers keep records, or strings of them, beyond the next `flush`; true by default. Strings for one that does not may
   * share the memory of their batch, which is faster to make, and holds the batch for as long as one of them is kept.
   */
  readonly retains?: boolean;
  /** What it writes to, as people know it, where no other sink of the job may write: two sinks with one target are INVALID_JOB. */
  readonly target?: string;
  createWriter(context: SinkContext): SinkWriter<T>;
}
