/**
 * Records that came too late for an operator and went to no side output. They are counted, and told of once: how many there
 * were, how late, which record for example, and what would have kept them.
 */

import type { Timer } from '../base/system.ts';
import type { OperatorContext } from '../compiler/operator.ts';
import { showRecord } from '../compiler/show.ts';

/** Late records mostly come in swarms: the warning waits so long for the rest of the swarm. */
const gatheringMs = 1000;

export class LateRecords {
  readonly #context: OperatorContext;
  readonly #wayOut: string;
  #count = 0;
  #latenessMsMax = 0;
  #sample = '';
  #gathering: Timer | undefined;
  #warned = false;

  /** @param wayOut the method that sends late records to a side output, and its verb: it 'hands' them out */
  constructor(context: OperatorContext, wayOut = 'sideOutputLateData(tag) hands') {
    this.#context = context;
    this.#wayOut = wayOut;
  }

  /**
   * @param latenessMs event time that had passed since the record would have been in time
   * @param records that the record stands for
   */
  drop(latenessMs: number, record: unknown, records = 1): void {
    this.#count += records;
    this.#context.countLate(records);
    this.#latenessMsMax = Math.max(this.#latenessMsMax, latenessMs);
    if (this.#warned || this.#gathering !== undefined) return;
    this.#sample = showRecord(record, this.#context.limits.shownCharacters);
    this.#gathering = this.#context.system.timers.after(gatheringMs, () => this.#warn());
  }

  /** At the end of the input: warns of what was not told yet. */
  finish(): void {
    if (this.#gathering !== undefined && !this.#warned) this.#warn();
    this.close();
  }

  close(): void {
    this.#gathering?.cancel();
    this.#gathering = undefined;
  }

  #warn(): void {
    this.#warned = true;
    const { operator, subtask, parallelism } = this.#context;
    const which = parallelism > 1 ? ` in subtask ${subtask + 1} of ${parallelism}` : '';
    const records = this.#count === 1 ? '1 record came' : `${this.#count} records came`;
    this.#context.warn(
      `${records} too late${which} and went nowhere, by up to ${Math.ceil(this.#latenessMsMax)} ms of event time; for example ${this.#sample}. ` +
        `Watermarks that wait ${Math.ceil(this.#latenessMsMax)} ms longer, or as much more allowed lateness, would have kept them; ` +
        `${this.#wayOut} such records out; further ones are only counted (lateRecords)`,
      `late records of ${operator.id}`,
    );
  }
}
