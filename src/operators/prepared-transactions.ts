/**
 * The transactions of one subtask of a sink that are prepared, and not known to be committed: what it stores in checkpoints, and
 * commits once one is complete. Each is committed by exactly one subtask at a time, and in the order of the checkpoints.
 */

import { assert } from '../base/assert.ts';
import type { RestoredSink } from '../graph/sink.ts';
import type { SubtaskPart } from '../wire/state-handles.ts';

/** A transaction, and the first checkpoint that holds it. */
interface Prepared {
  readonly checkpoint: number;
  readonly transaction: unknown;
}

/** Every subtask is given the items of all, and goes on for those that are dealt to it. */
interface StoredItem {
  /** The subtask that held it. */
  readonly subtask: number;
}

interface StoredTransaction extends StoredItem, Prepared {}

interface StoredWriter extends StoredItem {
  readonly state: unknown;
}

export interface Place {
  readonly subtask: number;
  readonly parallelism: number;
}

/** What is to be done with what a checkpoint holds. */
export interface DealtState {
  /** To be committed before anything else. */
  readonly transactions: readonly unknown[];
  readonly restored: RestoredSink;
}

export class PreparedTransactions {
  readonly #subtask: number;
  /** In the order in which they were prepared. */
  #prepared: readonly Prepared[] = [];
  /** Prepared at the end of the input, for the next checkpoint. */
  #unassigned: readonly unknown[] = [];

  constructor(subtask: number) {
    this.#subtask = subtask;
  }

  /** @param checkpoint undefined where the next one is not known yet */
  add(transactions: readonly unknown[], checkpoint: number | undefined): void {
    if (checkpoint === undefined) this.#unassigned = [...this.#unassigned, ...transactions];
    else this.#prepared = [...this.#prepared, ...transactions.map((transaction) => ({ checkpoint, transaction }))];
  }

  /** A checkpoint begins: it holds all that has none yet. */
  assign(checkpoint: number): void {
    const { checkpoint: last = 0 } = this.#prepared.at(-1) ?? {};
    assert(checkpoint >= last, 'checkpoints come in order');
    const transactions = this.#unassigned;
    this.#unassigned = [];
    this.add(transactions, checkpoint);
  }

  get isEmpty(): boolean {
    return this.#prepared.length === 0 && this.#unassigned.length === 0;
  }

  /** Those that a complete checkpoint holds. */
  upTo(checkpoint: number): readonly unknown[] {
    return this.#prepared.filter((each) => each.checkpoint <= checkpoint).map(({ transaction }) => transaction);
  }

  committed(checkpoint: number): void {
    this.#prepared = this.#prepared.filter((each) => each.checkpoint > checkpoint);
  }

  /** What a snapshot stores. @param writer holds the writer's state where it has one */
  parts(writer: readonly [state?: unknown]): Readonly<Record<string, SubtaskPart>> {
    const subtask = this.#subtask;
    const transactions = this.#prepared.map((prepared): StoredTransaction => ({ subtask, ...prepared }));
    const writers = writer.map((state): StoredWriter => ({ subtask, state }));
    return { transactions: { distribution: 'union', items: transactions }, writers: { distribution: 'union', items: writers } };
  }
}

/** Deals what all subtasks held: what belonged to subtask 5 goes to subtask 5, or to 2 where there are three. */
export function dealStored(parts: Readonly<Record<string, readonly unknown[]>>, { subtask, parallelism }: Place): DealtState {
  const transactions = (parts.transactions ?? []) as readonly StoredTransaction[];
  const writers = (parts.writers ?? []) as readonly StoredWriter[];
  const isMine = (item: StoredItem): boolean => item.subtask % parallelism === subtask;
  return {
    transactions: transactions
      .filter(isMine)
      .sort((a, b) => a.checkpoint - b.checkpoint)
      .map(({ transaction }) => transaction),
    restored: {
      states: writers.filter(isMine).map(({ state }) => state),
      everything: { states: writers.map(({ state }) => state), transactions: transactions.map(({ transaction }) => transaction) },
    },
  };
}
