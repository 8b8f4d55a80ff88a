/**
 * The messages between the host and the workers of a job, one union for each direction. Records never travel here; a message
 * is rare and may be cloned.
 */

import type { ErrorDescription } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';

/** What a worker needs to take part in a job; comes with the task, before all messages. */
export interface WorkerTask {
  /** URL of the job module. */
  readonly module: string;
  readonly args: unknown;
  readonly slot: number;
  readonly slots: number;
  /** Parallelism of an environment that names none. */
  readonly parallelism: number;
  readonly limits: Limits;
  readonly port: import('node:worker_threads').MessagePort;
}

/** Memory that the threads of a job share. */
export interface SharedJobMemory {
  /** By channel of the plan; undefined where both ends are on one worker. */
  readonly rings: readonly (SharedArrayBuffer | undefined)[];
  /** Watermarks of sources that are aligned, by the name of their group. */
  readonly alignments: Readonly<Record<string, SharedArrayBuffer>>;
  /** By slot. */
  readonly doorbells: readonly SharedArrayBuffer[];
  readonly hostDoorbell: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
}

export type HostMessage =
  /** The host has planned the job: build it, and run. `fingerprint` is the host's; a worker with another one fails. */
  | { readonly type: 'deploy'; readonly fingerprint: readonly string[]; readonly memory: SharedJobMemory; readonly limits: Limits }
  | { readonly type: 'split'; readonly stage: number; readonly subtask: number; readonly split: unknown }
  | { readonly type: 'no-more-splits'; readonly stage: number; readonly subtask: number }
  /** End the sources and let everything run through. */
  | { readonly type: 'stop' }
  /** Let go of everything and return. */
  | { readonly type: 'cancel' };

export type WorkerMessage =
  | { readonly type: 'split-request'; readonly stage: number; readonly subtask: number }
  /** Shown once for each topic; where it has votes, once that many workers have said it. An empty one only votes. */
  | { readonly type: 'warning'; readonly message: string; readonly topic: string; readonly votes: number }
  /** All subtasks of the worker have finished. */
  | { readonly type: 'finished' }
  | { readonly type: 'failed'; readonly error: ErrorDescription };
