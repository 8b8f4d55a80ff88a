/**
 * The barriers of one subtask: each from the moment it has come until the snapshot is taken, it is passed on, and the rows are known
 * that belong to the snapshot because the barrier has overtaken them. Runs on the subtask's thread, between two steps.
 *
 *     none ──begin──▶ pending ──operators are ready, the one before is stored──▶ none
 *                                                                                 └── collecting, until all is known that is taken along
 */

import type { Clock } from '../base/system.ts';
import type { Barrier } from '../channel/element.ts';
import type { ExchangeWriter } from '../compiler/exchange-writer.ts';
import type { ChainTime } from './chain-time.ts';
import { type ChainedOperator, callEach } from './chained-operator.ts';
import { InputGate } from './input-gate.ts';
import type { RowsInHand } from './rows-in-flight.ts';
import type { SourceInput } from './source-input.ts';
import type { SubtaskCheckpoints } from './subtask-checkpoints.ts';
import { TakenAlong } from './taken-along.ts';

export interface SubtaskBarriersOptions {
  readonly input: InputGate | SourceInput;
  /** From the head of the chain to its tail. */
  readonly operators: readonly ChainedOperator[];
  readonly outputs: readonly ExchangeWriter[];
  readonly time: Pick<ChainTime, 'inputWatermark'>;
  readonly checkpoints: SubtaskCheckpoints;
  /** Whether barriers may overtake rows. */
  readonly overtakes: boolean;
  readonly clock: Clock;
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
}

/** A checkpoint whose barrier has come. */
interface PendingBarrier {
  readonly checkpoint: number;
  /** Whether it has overtaken rows. */
  readonly overtakes: boolean;
  readonly alignmentMs: number;
  /** Monotonic time. */
  readonly since: number;
  /** Whether operators make ready for the snapshot, and have done so. */
  preparation: 'none' | 'underway' | 'done';
}

/** What the subtask knows of itself when a snapshot is taken. */
export interface SubtaskAtBarrier {
  /** What is not through of the batch in hand. */
  readonly inHand: RowsInHand | null;
  /** Whether everything has been emitted that operators hold by key, and the end was sent. */
  readonly drained: boolean;
}

export class SubtaskBarriers {
  readonly #options: SubtaskBarriersOptions;
  #pending: PendingBarrier | null = null;
  /** The checkpoint of which the host has said last that its barriers overtake rows. */
  #overtaking = 0;
  /** The checkpoint that was given up last. */
  #aborted = 0;
  /** Of the checkpoint that was taken last; `#collecting` while it is not known whether that is all. */
  #along: TakenAlong | null = null;
  #collecting = false;

  constructor(options: SubtaskBarriersOptions) {
    this.#options = options;
  }

  /** Whether the snapshot of a barrier that has come is still to be taken. */
  get isPending(): boolean {
    return this.#pending !== null;
  }

  /** Whether everything is to be emitted in front of it that would be at the end of the input. */
  get drains(): boolean {
    return this.#pending !== null && this.#options.checkpoints.trigger(this.#pending.checkpoint)?.drains === true;
  }

  /** The barriers of a checkpoint overtake rows from now on. */
  overtake(checkpoint: number): void {
    this.#overtaking = checkpoint;
    this.#options.input.overtake(checkpoint);
    if (this.#along?.checkpoint === checkpoint) this.#guard(() => this.#along?.announce());
  }

  /** A checkpoint is given up. */
  abort(checkpoint: number): void {
    const { input, checkpoints } = this.#options;
    input.abort(checkpoint);
    this.#aborted = checkpoint;
    if (this.#pending?.checkpoint !== checkpoint) checkpoints.forget(checkpoint);
    checkpoints.abort(checkpoint);
    if (!this.#collecting || this.#along?.checkpoint !== checkpoint) return;
    // What it holds of state is stored all the same: the next snapshot builds on it.
    this.#collecting = false;
    checkpoints.takeAlong([], 0);
  }

  /** The barrier of a checkpoint has come, or none of it will come any more. */
  begin(checkpoint: number): void {
    this.#begin(checkpoint, false);
  }

  #begin(checkpoint: number, overtakes: boolean): void {
    const { input, clock } = this.#options;
    input.skip(checkpoint);
    this.#pending = { checkpoint, overtakes, alignmentMs: input.alignmentMs, since: clock.monotonic(), preparation: 'none' };
  }

  /** The checkpoint that is to be taken although rows are in front of its barrier; 0 for none. */
  get overtaken(): number {
    return this.#options.overtakes && this.#pending === null ? this.#options.input.overtaken : 0;
  }

  /** The same where the end goes out in the place of barriers. */
  get overtakenByEnd(): number {
    const { overtakes, checkpoints } = this.#options;
    const isNext = overtakes && this.#pending === null && checkpoints.next?.checkpoint === this.#overtaking;
    return isNext ? this.#overtaking : 0;
  }

  /** Begins the checkpoint whose barrier has overtaken rows on the way here, if there is one. */
  beginOvertaken(): void {
    const checkpoint = this.overtaken;
    if (checkpoint !== 0) this.#begin(checkpoint, true);
  }

  /** The same where the end has been sent in the place of barriers, and waits for room: it is what overtakes. */
  beginOvertakenByEnd(): void {
    const checkpoint = this.overtakenByEnd;
    if (checkpoint === 0) return;
    const { clock } = this.#options;
    this.#pending = { checkpoint, overtakes: true, alignmentMs: 0, since: clock.monotonic(), preparation: 'done' };
  }

  /** Takes the snapshot of the barrier that has come as soon as everybody is ready for it, and passes the barrier on; true once it has. */
  take(at: SubtaskAtBarrier): boolean {
    const { checkpoints } = this.#options;
    const pending = this.#pending as PendingBarrier;
    const trigger = checkpoints.trigger(pending.checkpoint);
    // The host's word of it may be on its way; and there is one snapshot at a time.
    if (trigger === undefined || checkpoints.isStoring || !this.#isPrepared(pending, trigger.suspends)) return false;
    const { input, outputs, overtakes } = this.#options;
    const { checkpoint, alignmentMs, since } = pending;
    checkpoints.take({
      trigger,
      splits: input instanceof InputGate || at.drained ? [] : structuredClone(input.splits()),
      watermark: this.#watermark,
      alignmentMs,
      since,
      drained: at.drained,
      takesAlong: overtakes,
    });
    this.#pending = null;
    if (!at.drained) for (const output of outputs) output.mark({ kind: 'barrier', checkpoint } satisfies Barrier);
    if (overtakes) this.#guard(() => this.#takeAlong(pending, at));
    return true;
  }

  /** What operators know of: the gate may have come further. */
  get #watermark(): number {
    const { input, time } = this.#options;
    return input instanceof InputGate ? Math.max(time.inputWatermark, input.restoredWatermark) : Number.NEGATIVE_INFINITY;
  }

  /** Lets operators make ready; true once all have. */
  #isPrepared(pending: PendingBarrier, isLast: boolean): boolean {
    if (pending.preparation === 'none') this.#prepare(pending, isLast);
    return pending.preparation === 'done';
  }

  #prepare(pending: PendingBarrier, isLast: boolean): void {
    const { operators, wake, fail } = this.#options;
    const preparations: Promise<void>[] = [];
    callEach(operators, (instance) => {
      const preparation = instance.prepareSnapshot?.(pending.checkpoint, isLast);
      if (preparation !== undefined) preparations.push(preparation);
    });
    pending.preparation = preparations.length === 0 ? 'done' : 'underway';
    if (pending.preparation === 'done') return;
    Promise.all(preparations).then(() => {
      pending.preparation = 'done';
      wake();
    }, fail);
  }

  /** Takes the rows along that belong to the snapshot just taken, as far as they are known. */
  #takeAlong({ checkpoint, overtakes }: PendingBarrier, { inHand, drained }: SubtaskAtBarrier): void {
    const { input, outputs, checkpoints } = this.#options;
    if (checkpoint <= this.#aborted) {
      this.#along = null;
      checkpoints.takeAlong([], 0);
      return;
    }
    this.#collecting = true;
    this.#along = new TakenAlong({ checkpoint, input, outputs, inHand, ended: drained });
    if (overtakes || checkpoint === this.#overtaking) this.#along.announce();
    this.collect();
  }

  /** Hands over what the snapshot that was taken last takes along, once that is all. */
  collect(): void {
    if (!this.#collecting) return;
    const { input, checkpoints } = this.#options;
    this.#guard(() => {
      const rows = (this.#along as TakenAlong).rows();
      if (rows === null) return;
      this.#collecting = false;
      checkpoints.takeAlong(rows, input.processedBytes);
    });
  }

  /** What cannot be taken along fails the checkpoint, not the subtask. */
  #guard(take: () => void): void {
    try {
      take();
    } catch (error) {
      this.#collecting = false;
      this.#options.checkpoints.failTaken(error);
    }
  }
}
