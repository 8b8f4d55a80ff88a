/**
 * The checkpoints of one subtask: which have been triggered, and the snapshot that is being stored. There is one at a time; the
 * next waits, and the subtask with it, until it is. Runs on the subtask's thread.
 */

import { OperatorError } from '../base/operator-error.ts';
import type { Clock } from '../base/system.ts';
import type { StateStorage } from '../checkpoint/checkpoint-storage.ts';
import { stateName } from '../checkpoint/layout.ts';
import {
  type CheckpointTrigger,
  noStatistics,
  type OperatorRestore,
  type SnapshotStatistics,
  type SubtaskRestore,
} from '../wire/messages.ts';
import { type SubtaskPart, type SubtaskState, watermarkPart } from '../wire/state-handles.ts';
import type { ChainedOperator } from './chained-operator.ts';
import { decodePart } from './decode-part.ts';
import { type KnownSegment, KnownSegments } from './known-segments.ts';
import type { RowsInFlight } from './rows-in-flight.ts';
import { type KeyedSnapshot, type OperatorSnapshot, SubtaskSnapshot } from './subtask-snapshot.ts';

export interface SubtaskCheckpointsOptions {
  /** Tells the subtask's state from those of others: part of a file's name. */
  readonly name: string;
  readonly operators: readonly ChainedOperator[];
  /** Where state is stored: of checkpoints, or in the directory of a savepoint. */
  readonly storage: (savepoint: string | undefined) => StateStorage;
  /** The directory of the savepoint that the subtask goes on from, if it is one. */
  readonly restoreFrom: string | undefined;
  /** Whether a key of this hash belongs to the subtask. */
  readonly owns: (operator: number, hash: number) => boolean;
  readonly clock: Clock;
  /** Units of state that are encoded between two steps. */
  readonly units: number;
  readonly acknowledge: (checkpoint: number, state: SubtaskState | 'finished', statistics: SnapshotStatistics) => void;
  readonly decline: (checkpoint: number, error: unknown) => void;
  /** Something changed for which the subtask may wait. */
  readonly wake: () => void;
}

/** What is taken at a barrier. */
export interface TakenState {
  readonly trigger: CheckpointTrigger;
  readonly splits: readonly unknown[];
  readonly watermark: number;
  readonly alignmentMs: number;
  /** Monotonic time since which the stream stands still. */
  readonly since: number;
  /** Whether all has been emitted that operators hold by key: only what is to be committed is left. */
  readonly drained: boolean;
  /** Whether the rows belong to it that its barrier overtakes: `takeAlong` says which. */
  readonly takesAlong: boolean;
}

export class SubtaskCheckpoints {
  readonly #options: SubtaskCheckpointsOptions;
  /** Checkpoints that have been triggered and not taken, ascending. */
  readonly #triggered: CheckpointTrigger[] = [];
  /** By operator and name. */
  readonly #known: ReadonlyMap<string, KnownSegments>[];
  #snapshot: SubtaskSnapshot | null = null;
  /** The checkpoint of the snapshot, and whether it is a savepoint. */
  #storing = 0;
  #storesSavepoint = false;
  /** Whether all of it is encoded, and only the storage is waited for. */
  #encoded = false;

  constructor(options: SubtaskCheckpointsOptions) {
    this.#options = options;
    this.#known = options.operators.map(({ keyed }) => new Map([...keyed.keys()].map((name) => [name, new KnownSegments()])));
  }

  /** Goes on from stored state, before the operators are opened. Returns the watermark of the input. */
  restore({ operators }: SubtaskRestore): number {
    for (const [i, state] of operators.entries()) this.#restoreOperator(i, state);
    const from = this.#options.storage(this.#options.restoreFrom);
    const watermarks = (operators[0]?.parts[watermarkPart] ?? []).flatMap((slice) => decodePart(from, slice)) as number[];
    return watermarks.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...watermarks);
  }

  #restoreOperator(operator: number, { keyed, parts }: OperatorRestore): void {
    const { operators, storage, owns, restoreFrom } = this.#options;
    const { instance, keyed: states, failure } = operators[operator] as ChainedOperator;
    const from = storage(restoreFrom);
    try {
      checkStored(keyed, states);
      for (const [name, { contents, log }] of states) {
        const adopted: KnownSegment[] = [];
        for (const { segment, adopts } of keyed[name] ?? []) {
          const { id, schema, entries } = segment;
          const stale = segment.stale.map((list) => from.read(list));
          log.read({ id, schema, entries, bytes: from.read(segment.bytes), stale }, (hash) => owns(operator, hash), adopts);
          if (adopts) adopted.push({ handle: segment, lists: stale.map(ordinalsOf) });
        }
        contents.restored?.();
        (this.#known[operator] as Map<string, KnownSegments>).set(name, new KnownSegments(adopted));
      }
      const items = Object.entries(parts)
        .filter(([name]) => name !== watermarkPart)
        .map(([name, slices]) => [name, slices.flatMap((slice) => decodePart(from, slice))]);
      // One that held nothing hears of it, too: it goes on, and does not begin.
      instance.restore?.(Object.fromEntries(items));
    } catch (error) {
      throw failure(error);
    }
  }

  triggered(trigger: CheckpointTrigger): void {
    this.#triggered.push(trigger);
  }

  /** What a checkpoint is to be; undefined while that has not been said. */
  trigger(checkpoint: number): CheckpointTrigger | undefined {
    return this.#triggered.find((each) => each.checkpoint === checkpoint);
  }

  /** The first checkpoint that was triggered and not taken. */
  get next(): CheckpointTrigger | undefined {
    return this.#triggered[0];
  }

  /** A savepoint that is given up is let go of. What a checkpoint stores is stored all the same: the next one builds on it. */
  abort(checkpoint: number): void {
    const snapshot = this.#snapshot;
    if (snapshot === null || !this.#storesSavepoint || this.#storing !== checkpoint) return;
    this.#snapshot = null;
    snapshot.abort();
    this.#options.wake();
  }

  /** Nothing will be taken for a checkpoint any more. */
  forget(checkpoint: number): void {
    const index = this.#triggered.findIndex((each) => each.checkpoint === checkpoint);
    if (index >= 0) this.#triggered.splice(index, 1);
  }

  /** Whether the state of an earlier checkpoint is not stored yet. */
  get isStoring(): boolean {
    return this.#snapshot !== null;
  }

  /** Whether `advance` has something to do. */
  get isEncoding(): boolean {
    return this.#snapshot !== null && !this.#encoded && !this.#snapshot.waits;
  }

  /** Takes what there is now. It is encoded and stored while the stream goes on. */
  take({ trigger, splits, watermark, alignmentMs, since, drained, takesAlong }: TakenState): void {
    const { operators, storage, clock, units, name } = this.#options;
    const { checkpoint, savepoint } = trigger;
    for (const earlier of [...this.#triggered]) if (earlier.checkpoint <= checkpoint) this.forget(earlier.checkpoint);
    this.#storing = checkpoint;
    this.#storesSavepoint = savepoint !== undefined;
    this.#encoded = false;
    const taken: OperatorSnapshot[] = [];
    try {
      for (const [i, operator] of operators.entries()) {
        const parts = this.#takeParts(operator, i, { drained, watermark });
        taken.push({
          keyed: drained ? new Map() : this.#beginLogs(operator, i, savepoint !== undefined),
          parts,
          failure: operator.failure,
        });
      }
      this.#snapshot = new SubtaskSnapshot({
        name: stateName(checkpoint, name),
        storage: storage(savepoint),
        operators: taken,
        splits,
        takesAlong,
        clock,
        alignmentMs,
        syncMs: clock.monotonic() - since,
        units,
      });
    } catch (error) {
      for (const { keyed } of taken) for (const { snapshot } of keyed.values()) snapshot.failed();
      this.#options.decline(checkpoint, error);
    }
  }

  /** The rows that belong to the snapshot that was taken last, and the bytes that were read until they were known. */
  takeAlong(rows: readonly RowsInFlight[], processedBytes: number): void {
    this.#snapshot?.takeAlong(rows, processedBytes);
  }

  /** The snapshot that was taken last cannot be had. */
  failTaken(error: unknown): void {
    if (this.#snapshot !== null) this.#failed(this.#snapshot, this.#storing, error);
  }

  /** Where one of them throws, none has begun. */
  #beginLogs({ keyed }: ChainedOperator, index: number, full: boolean): OperatorSnapshot['keyed'] {
    const known = this.#known[index] as ReadonlyMap<string, KnownSegments>;
    const begun = new Map<string, KeyedSnapshot>();
    try {
      for (const [name, { contents, log }] of keyed)
        begun.set(name, { snapshot: log.begin(full), schema: contents.schema, known: known.get(name) as KnownSegments });
    } catch (error) {
      for (const { snapshot } of begun.values()) snapshot.failed();
      throw error;
    }
    return begun;
  }

  /** What belongs to no key. Of a subtask that has emitted everything only sinks have something left. */
  #takeParts(
    { instance, failure }: ChainedOperator,
    index: number,
    { drained, watermark }: Pick<TakenState, 'drained' | 'watermark'>,
  ): OperatorSnapshot['parts'] {
    if (drained && instance.checkpointCompleted === undefined) return {};
    const ofInput: Record<string, SubtaskPart> =
      index > 0 || watermark === Number.NEGATIVE_INFINITY ? {} : { [watermarkPart]: { distribution: 'union', items: [watermark] } };
    try {
      return { ...instance.snapshot?.(), ...ofInput };
    } catch (error) {
      throw failure(error);
    }
  }

  /** Encodes some more of the snapshot; false when there is nothing to encode. */
  advance(): boolean {
    const snapshot = this.#snapshot;
    if (snapshot === null || this.#encoded || snapshot.waits) return false;
    const checkpoint = this.#storing;
    try {
      if (!snapshot.advance()) return true;
      this.#encoded = true;
      this.#store(snapshot, checkpoint);
    } catch (error) {
      this.#failed(snapshot, checkpoint, error);
    }
    return true;
  }

  #store(snapshot: SubtaskSnapshot, checkpoint: number): void {
    snapshot.store().then(
      ({ state, statistics }) => {
        if (this.#snapshot !== snapshot) return;
        this.#snapshot = null;
        this.#options.acknowledge(checkpoint, state, statistics);
        this.#options.wake();
      },
      (error) => this.#failed(snapshot, checkpoint, error),
    );
  }

  #failed(snapshot: SubtaskSnapshot, checkpoint: number, error: unknown): void {
    if (this.#snapshot !== snapshot) return;
    this.#snapshot = null;
    snapshot.abort();
    this.#options.decline(checkpoint, error);
    this.#options.wake();
  }

  /** The subtask has nothing left that a checkpoint could hold. */
  finished(): void {
    for (const { checkpoint } of this.#triggered.splice(0)) this.#options.acknowledge(checkpoint, 'finished', noStatistics);
  }

  /** Lets go of what is being stored. */
  close(): void {
    const snapshot = this.#snapshot;
    this.#snapshot = null;
    snapshot?.abort();
  }
}

/** A list of ordinals as it is stored, of which nobody knows where it begins in memory. */
function ordinalsOf(list: Uint8Array): Uint32Array {
  return new Uint32Array(list.slice().buffer);
}

/** @throws OperatorError STATE_MISMATCH for state that the operator keeps no more: it would be lost */
function checkStored(stored: OperatorRestore['keyed'], states: ChainedOperator['keyed']): void {
  const unknown = Object.entries(stored).find(([name, segments]) => segments.length > 0 && !states.has(name));
  if (unknown === undefined) return;
  const kept = [...states.keys()].map((name) => `'${name}'`).join(', ');
  throw new OperatorError(
    'STATE_MISMATCH',
    `its state is stored as '${unknown[0]}', and it keeps ${kept || 'none'} now: it works in another way; give it another uid, or write it as it was`,
  );
}
