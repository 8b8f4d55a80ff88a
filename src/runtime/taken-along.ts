/**
 * What a checkpoint takes along of one subtask beyond its snapshot: rows on their way to it that a barrier has overtaken, and rows on
 * their way from it that its own barrier overtakes before they are in a channel. A checkpoint that is aligned takes nothing along, but
 * may come to: then its barrier overtakes what it still waits behind. Runs on the subtask's thread.
 */

import type { ExchangeWriter } from '../compiler/exchange-writer.ts';
import { announceBarrier } from './announce-barrier.ts';
import { InputGate } from './input-gate.ts';
import type { RowsInFlight, RowsInHand } from './rows-in-flight.ts';
import type { SourceInput } from './source-input.ts';

export interface TakenAlongOptions {
  readonly checkpoint: number;
  readonly input: InputGate | SourceInput;
  readonly outputs: readonly ExchangeWriter[];
  /** What is not through of the batch in hand. */
  readonly inHand: RowsInHand | null;
  /** Whether the end has been sent in the place of a barrier. */
  readonly ended: boolean;
}

export class TakenAlong {
  readonly #options: TakenAlongOptions;
  /** Null until all of them are known. */
  #in: readonly RowsInFlight[] | null = null;
  #out: readonly RowsInFlight[] = [];
  #announced = false;

  /** Right behind the snapshot, the barrier being sent. @throws MillraceError UNSUPPORTED_VALUE */
  constructor(options: TakenAlongOptions) {
    this.#options = options;
    const { input, checkpoint, inHand } = options;
    if (input instanceof InputGate) input.capture(checkpoint, inHand);
    else this.#in = input.rowsInFlight(inHand);
  }

  get checkpoint(): number {
    return this.#options.checkpoint;
  }

  /** Lets the barrier overtake what waits in front of it. Again, it does nothing. @throws MillraceError UNSUPPORTED_VALUE */
  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    const { outputs, ...barrier } = this.#options;
    this.#out = announceBarrier(outputs, barrier);
  }

  /**
   * All that is taken along, in the order in which it is to be replayed; null while more may come: from the input, or because the barrier
   * still waits for room, where it may yet be told to overtake.
   *
   * @throws MillraceError UNSUPPORTED_VALUE
   */
  rows(): readonly RowsInFlight[] | null {
    const { input, outputs, checkpoint } = this.#options;
    if (this.#in === null && input instanceof InputGate) this.#in = input.captured();
    if (this.#in === null) return null;
    if (!this.#announced && outputs.some((output) => output.holdsBarrier(checkpoint))) return null;
    return [...this.#in, ...this.#out];
  }
}
