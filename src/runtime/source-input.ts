/**
 * Makes a source's reader look like an input: batches of records, barriers where the host wants them, and splits asked for when it has
 * none left.
 *
 * What the host has sent behind the trigger of a checkpoint waits until its barrier has gone out: so the host knows, when it triggers,
 * which splits will be in the snapshots of readers and which are still its own.
 *
 * A batch of which not all rows had been handed on when an unaligned checkpoint was taken is behind its split's position: after a restart
 * what was left of it comes before anything else.
 */

import { MillraceError, thrownText } from '../base/errors.ts';
import type { AnyColumn } from '../batch/any-column.ts';
import { RecordBatch } from '../batch/record-batch.ts';
import type { Barrier } from '../channel/element.ts';
import type { SourceReader, Split, SplitObserver } from '../graph/source.ts';
import { anyRecord, internType } from '../schema/type.ts';
import type { CheckpointTrigger } from '../wire/messages.ts';
import { type ReplayedBatch, RowsInFlight, type RowsInHand } from './rows-in-flight.ts';

export interface SourceInputOptions {
  /** Of the source. */
  readonly subtask: number;
  readonly createReader: () => SourceReader<unknown>;
  readonly sourceName: string;
  /** Asks the coordinator for a split; the answer comes to `addSplit` or `noMoreSplits`. */
  readonly requestSplit: () => void;
  /** Asks who is to hear of splits, where the reader tells them apart; nobody when absent. */
  readonly observeSplits?: () => readonly SplitObserver[];
}

/** Records for a side output of the source. */
export interface SideBatch {
  readonly side: string;
  readonly batch: RecordBatch;
}

const anyType = internType(anyRecord);

export class SourceInput {
  readonly #options: SourceInputOptions;
  readonly #reader: SourceReader<unknown>;
  /** Who hears of splits. */
  readonly #observers: readonly SplitObserver[];
  /** The splits that observers have heard of, where there are any. */
  readonly #splits = new Set<string>();
  #requested = false;
  #stopped = false;
  /** The checkpoint behind whose barrier the job is to end, where it has gone out: the reader stands still. 0 for none. */
  #suspendedBy = 0;
  ended = false;
  /** A source waits for nobody's barriers. */
  readonly alignmentMs = 0;
  readonly processedBytes = 0;
  /** A checkpoint for which nothing need be waited for. */
  #overtaking = 0;
  /** What was left of batches in an earlier run. */
  #replayed: ReplayedBatch[] = [];
  /** Whether the batch that was polled last is the first of these. */
  #isReplaying = false;
  /** What goes to a side output next, and whether the batch that was polled last is for one. */
  #side: SideBatch | undefined;
  #sideInHand: SideBatch | undefined;
  /** Triggers that are to be carried out, and what came behind them. */
  readonly #mail: (CheckpointTrigger | (() => void))[] = [];
  /** Whether a barrier has gone out since the last poll: its snapshot may still be to be taken, and must not hold what came behind it. */
  #isAtBarrier = false;

  constructor(options: SourceInputOptions) {
    this.#options = options;
    this.#reader = this.#call(() => options.createReader());
    this.#observers = 'currentSplit' in this.#reader ? (options.observeSplits?.() ?? []) : [];
  }

  get bytes(): number {
    return this.#reader.bytesRead ?? 0;
  }

  /** Whether the reader catches up with what was there before it came. */
  get isBehind(): boolean {
    return this.#reader.isBehind === true;
  }

  /** A source is in front of nothing. */
  get waiting(): number {
    return 0;
  }

  /** Puts a barrier between what was read and what will be. */
  trigger(trigger: CheckpointTrigger): void {
    this.#mail.push(trigger);
  }

  /** Goes on with what was left of batches in an earlier run. Before the first poll. */
  replay(batches: readonly ReplayedBatch[]): void {
    this.#replayed.push(...batches);
  }

  /** A checkpoint need not wait until what was read has been handed on. */
  overtake(checkpoint: number): void {
    this.#overtaking = checkpoint;
  }

  /** A checkpoint is given up: its barrier does not go out any more, and where the job was to end behind it, it goes on. */
  abort(checkpoint: number): void {
    const index = this.#mail.findIndex((mail) => typeof mail !== 'function' && mail.checkpoint === checkpoint);
    if (index >= 0) this.#mail.splice(index, 1);
    if (this.#suspendedBy === checkpoint) this.#suspendedBy = 0;
  }

  /** The checkpoint that is to be taken now, whatever has been handed on; 0 for none. */
  get overtaken(): number {
    const mail = this.#mail[0];
    return mail === undefined || typeof mail === 'function' || mail.checkpoint > this.#overtaking ? 0 : mail.checkpoint;
  }

  /** The snapshot of a checkpoint is taken without its barrier, which does not go out any more. */
  skip(checkpoint: number): void {
    const mail = this.#mail[0];
    if (mail === undefined || typeof mail === 'function' || mail.checkpoint !== checkpoint) return;
    this.#mail.shift();
    this.#atBarrier(mail);
  }

  #atBarrier({ checkpoint, suspends }: CheckpointTrigger): void {
    this.#isAtBarrier = true;
    if (suspends) this.#suspendedBy = checkpoint;
  }

  /** The rows that were read, and of which the splits know no more. @throws MillraceError UNSUPPORTED_VALUE */
  rowsInFlight(inHand: RowsInHand | null): readonly RowsInFlight[] {
    const all: RowsInFlight[] = [];
    const add = (rows: RowsInFlight, batch: RecordBatch, first: number): void => {
      rows.add(batch, first);
      all.push(rows);
    };
    const { subtask } = this.#options;
    if (inHand !== null && !this.#isReplaying) {
      const split = this.#observers.length > 0 ? this.#reader.currentSplit : undefined;
      add(new RowsInFlight({ exchange: undefined, subtask, split, side: this.#sideInHand?.side }), inHand.batch, inHand.next);
    }
    if (this.#side !== undefined) add(new RowsInFlight({ exchange: undefined, subtask, side: this.#side.side }), this.#side.batch, 0);
    for (const [i, { place, batch }] of this.#replayed.entries()) {
      const isInHand = i === 0 && this.#isReplaying;
      add(new RowsInFlight(place), batch, isInHand ? (inHand?.next ?? batch.rowCount) : 0);
    }
    return all.filter(({ count }) => count > 0);
  }

  /** The splits that are not read to their end, each starting behind the records that were handed out. */
  splits(): readonly Split[] {
    return this.#call(() => this.#reader.splits());
  }

  addSplit(split: Split): void {
    this.#inOrder(() => this.#addSplit(split));
  }

  noMoreSplits(): void {
    this.#inOrder(() => this.#noMoreSplits());
  }

  #inOrder(action: () => void): void {
    if (this.#mail.length === 0 && !this.#isAtBarrier) action();
    else this.#mail.push(action);
  }

  #addSplit(split: Split): void {
    this.#requested = false;
    this.#call(() => this.#reader.addSplit(split as never));
    if (this.#observers.length > 0) this.#observe(split.id);
  }

  #observe(id: string): void {
    if (this.#splits.has(id)) return;
    this.#splits.add(id);
    for (const observer of this.#observers) observer.addSplit(id);
  }

  #noMoreSplits(): void {
    this.#requested = false;
    this.#call(() => this.#reader.noMoreSplits());
  }

  /** Ends the input where it stands. */
  stop(): void {
    this.#stopped = true;
  }

  poll(): RecordBatch | SideBatch | Barrier | null {
    this.#isAtBarrier = false;
    this.#sideInHand = this.#side;
    this.#side = undefined;
    if (this.#sideInHand !== undefined) return this.#sideInHand;
    if (this.#isReplaying) this.#replayed.shift();
    this.#isReplaying = this.#replayed.length > 0;
    if (this.#replayed[0] !== undefined) return this.#again(this.#replayed[0]);
    for (let mail = this.#mail.shift(); mail !== undefined; mail = this.#mail.shift()) {
      if (typeof mail === 'function') mail();
      else {
        this.#atBarrier(mail);
        return { kind: 'barrier', checkpoint: mail.checkpoint };
      }
    }
    if (this.#stopped) this.ended = true;
    if (this.ended || this.#suspendedBy !== 0) return null;
    if (this.#splits.size > 0) this.#removeSplits();
    const polled = this.#call(() => this.#reader.poll());
    if (polled === 'end') this.ended = true;
    else if (polled === 'needs-split' && !this.#requested) {
      this.#requested = true;
      this.#options.requestSplit();
    }
    if (typeof polled === 'string') return null;
    if (this.#observers.length > 0) this.#selectSplit();
    this.#takeSide();
    return polled instanceof RecordBatch ? polled : batchOf(polled);
  }

  /** Records for a side output follow the batch at once: the reader's position is behind them. */
  #takeSide(): void {
    const aside = this.#call(() => this.#reader.takeSide?.());
    this.#side = aside === undefined ? undefined : { side: aside.side, batch: batchOf(aside.records) };
  }

  /** What belongs to a split is heard of as such, also where another reader goes on with it. */
  #again({ place: { split, side }, batch }: ReplayedBatch): RecordBatch | SideBatch {
    if (side !== undefined) return { side, batch };
    if (split === undefined || this.#observers.length === 0) return batch;
    for (const observer of this.#observers) {
      if (!this.#splits.has(split)) observer.addSplit(split);
      observer.selectSplit(split);
    }
    this.#splits.add(split);
    return batch;
  }

  /** Those that were read to their end: the batches before are through. */
  #removeSplits(): void {
    const open = this.#reader.openSplits ?? new Set(this.#call(() => this.#reader.splits()).map(({ id }) => id));
    for (const id of this.#splits) {
      if (open.has(id)) continue;
      this.#splits.delete(id);
      for (const observer of this.#observers) observer.removeSplit(id);
    }
  }

  #selectSplit(): void {
    const { sourceName } = this.#options;
    const id = this.#reader.currentSplit;
    if (id !== undefined && this.#reader.openSplits?.has(id) === true) this.#observe(id);
    if (id === undefined || !this.#splits.has(id)) {
      const given = [...this.#splits].map((split) => `'${split}'`).join(', ');
      throw sourceFailure(
        sourceName,
        `currentSplit is ${id === undefined ? 'undefined' : `'${id}'`}, which is none of its splits: ${given}`,
      );
    }
    for (const observer of this.#observers) observer.selectSplit(id);
  }

  close(): void {
    this.#call(() => this.#reader.close());
  }

  #call<R>(call: () => R): R {
    try {
      return call();
    } catch (error) {
      throw sourceFailure(this.#options.sourceName, error);
    }
  }
}

/** The failure of a source; what is a failure already stays as it is. */
export function sourceFailure(sourceName: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  return new MillraceError(
    'SOURCE_FAILED',
    `the source '${sourceName}' failed: ${error instanceof Error ? error.message : thrownText(error)}`,
    { cause: error },
  );
}

/** Records as a source's reader hands them on, in one column. */
export function batchOf(records: readonly unknown[]): RecordBatch {
  const batch = new RecordBatch(anyType, { capacity: 0, timestamps: false, hashes: false });
  (batch.columns[0] as AnyColumn).values = records as unknown[];
  batch.rowCount = records.length;
  return batch;
}
