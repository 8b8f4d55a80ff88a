/**
 * Takes the batches of a subtask's input through its chain: one after the other, each as far as the outputs have room. What is not
 * through of a batch stays in hand, and nothing else is read before it is. Runs on the subtask's thread.
 */

import type { Clock } from '../base/system.ts';
import type { Barrier } from '../channel/element.ts';
import type { InputLoop, StageCompiler } from '../compiler/stage-compiler.ts';
import type { Residents } from '../state/change-log.ts';
import type { ChainedOperator } from './chained-operator.ts';
import { InputGate } from './input-gate.ts';
import { RowPace } from './row-pace.ts';
import type { RowsInHand } from './rows-in-flight.ts';
import type { SourceInput } from './source-input.ts';

export interface SubtaskBatchesOptions {
  readonly input: InputGate | SourceInput;
  readonly compiler: Pick<StageCompiler, 'inputLoop' | 'sideLoop'>;
  /** From the head of the chain to its tail. */
  readonly operators: readonly ChainedOperator[];
  readonly clock: Clock;
  /** Milliseconds that a step takes at most, about: where functions are slow, fewer rows go through in one. */
  readonly stepMs: number;
}

/** A batch on its way through the chain, and the loop that takes it there, to the end of the batch. */
interface BatchInHand extends RowsInHand {
  readonly loop: InputLoop;
  /** The row to go on with. */
  next: number;
}

export class SubtaskBatches {
  readonly #options: SubtaskBatchesOptions;
  /** Keyed state that may be larger than memory. */
  readonly #relieved: readonly { readonly residents: Residents; readonly failure: ChainedOperator['failure'] }[];
  readonly #pace: RowPace;
  #inHand: BatchInHand | null = null;
  /** Rows that are through. */
  recordsIn = 0;

  constructor(options: SubtaskBatchesOptions) {
    this.#options = options;
    this.#pace = new RowPace(options.stepMs);
    this.#relieved = options.operators.flatMap(({ keyed, failure }) =>
      [...keyed.values()].flatMap(({ log: { residents } }) => (residents === undefined ? [] : [{ residents, failure }])),
    );
  }

  /** The batch of which not all rows are through: an output was full, or the functions are slow. */
  get inHand(): RowsInHand | null {
    return this.#inHand;
  }

  /**
   * Takes a batch through the chain, or as many of its rows as there is room for. A barrier is handed to the caller.
   *
   * @returns false when nothing was there to take
   */
  step(): boolean | Barrier {
    if (this.#inHand !== null) return this.#goOn(this.#inHand);
    const { input, compiler, operators } = this.#options;
    if (operators.some(({ instance }) => instance.holdsInput === true)) return false;
    const polled = input.poll();
    if (polled === null) return false;
    // Time advances with the next step, before the batch that follows.
    if (polled === 'advanced') return true;
    if ('checkpoint' in polled) return polled;
    this.#begin();
    if (!('batch' in polled)) return this.#goOn({ batch: polled, loop: compiler.inputLoop(polled, undefined), next: 0 });
    const { batch } = polled;
    const loop = 'side' in polled ? compiler.sideLoop(batch, polled.side) : compiler.inputLoop(batch, polled.partitioner, polled.input);
    return this.#goOn({ batch, loop, next: 0 });
  }

  #begin(): void {
    for (const { instance } of this.#options.operators) instance.beginBatch?.();
    for (const { residents, failure } of this.#relieved) {
      try {
        residents.relieve();
      } catch (error) {
        throw failure(error);
      }
    }
  }

  /** Goes on with a batch until all its rows are through, one of them has filled an output, or that has taken long enough. */
  #goOn(inHand: BatchInHand): true {
    const { batch, loop } = inHand;
    const { clock } = this.#options;
    const before = clock.monotonic();
    const next = loop(batch, inHand.next, this.#pace.rows);
    this.#pace.note(next - inHand.next, clock.monotonic() - before);
    this.recordsIn += next - inHand.next;
    inHand.next = next;
    this.#inHand = next < batch.rowCount ? inHand : null;
    const { input } = this.#options;
    if (this.#inHand === null && input instanceof InputGate) input.release();
    return true;
  }

  /** Lets go of keyed state on disk. */
  close(): void {
    for (const { residents } of this.#relieved) residents.close();
  }
}
