/**
 * What a checkpoint is: its manifest, plain data that names every piece of state with its place, length and checksum. It is never
 * changed. `manifest-codec.ts` says how it is written.
 */

import type { OperatorState, StateHandle } from '../wire/state-handles.ts';

/** A checkpoint is the job's, which removes it when there are newer ones; a savepoint is the user's, and stands for itself. */
export type CheckpointKind = 'checkpoint' | 'savepoint';

export interface CheckpointManifest {
  /** From 1, and higher than that of all earlier checkpoints and savepoints in the life of the job's state. */
  readonly id: number;
  readonly kind: CheckpointKind;
  readonly jobName: string;
  /** Milliseconds since 1970, UTC. */
  readonly triggeredAt: number;
  /** Operators that have state, and those that had splits to read. */
  readonly operators: readonly OperatorManifest[];
  /** Records that the job had taken in, by the name of the host input. */
  readonly hostInputs: Readonly<Record<string, number>>;
  /** The job's graph, a line for each operator: for people who compare. */
  readonly graph: readonly string[];
}

export interface OperatorManifest {
  /** Its `uid`, or what was derived where it has none: by this an operator is found again in a later version of the job. */
  readonly stateId: string;
  /** For messages. */
  readonly name: string;
  /** Of its spec. */
  readonly kind: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** By index of the subtask: as many as the parallelism. */
  readonly subtasks: readonly OperatorSubtaskState[];
  /** Of a source: the splits that were not read to their end, those being read with their positions. */
  readonly splits?: readonly unknown[];
}

export interface OperatorSubtaskState extends OperatorState {
  /** Rows that the barrier has overtaken on their way to this subtask, which heads a stage: in the order in which they are to be replayed. */
  readonly inFlight?: readonly InFlightRows[];
}

/** Rows of one channel that an unaligned checkpoint has taken along. */
export interface InFlightRows {
  /** Which exchange, by a key that is the same after a restart: see `exchangeKey`. */
  readonly exchange: string;
  /** The split that a source had read them from, where it tells them apart. */
  readonly split?: string;
  /** The side output of the source that they are for; its main output when absent. */
  readonly side?: string;
  /** The frames, as the channel would have carried them. */
  readonly rows: StateHandle;
  readonly count: number;
}

/** Every handle in a subtask's state. */
export function* handlesOf(state: OperatorSubtaskState): Generator<StateHandle> {
  for (const segments of Object.values(state.keyed)) {
    for (const { bytes, stale } of segments) {
      yield bytes;
      yield* stale;
    }
  }
  for (const { items } of Object.values(state.parts)) yield items;
  for (const { rows } of state.inFlight ?? []) yield rows;
}

/** The files that a manifest names, each with the bytes that it must have at least. */
export function filesOf(manifest: Pick<CheckpointManifest, 'operators'>): ReadonlyMap<string, number> {
  return filesNamed(manifest.operators.flatMap(({ subtasks }) => subtasks));
}

/** The same of states, such as those that subtasks have acknowledged. */
export function filesNamed(states: Iterable<OperatorSubtaskState>): ReadonlyMap<string, number> {
  const files = new Map<string, number>();
  for (const state of states) {
    for (const handle of handlesOf(state)) {
      if (handle.kind === 'inline') continue;
      files.set(handle.path, Math.max(files.get(handle.path) ?? 0, handle.offset + handle.length));
    }
  }
  return files;
}
