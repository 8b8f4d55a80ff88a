/**
 * Sinks: where records go. Each subtask writes through a writer of its own, on its thread. A sink whose writers hand over what they
 * wrote as transactions takes part in checkpoints: its output is exactly once.
 */

import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';

export interface SinkContext {
  readonly system: System;
  readonly limits: Limits;
  readonly subtask: number;
  readonly parallelism: number;
  readonly jobName: string;
  /** Whether checkpoints are taken. Where none are, transactions are committed at the end of the input, or with the savepoint that the job is stopped with. */
  readonly checkpoints: boolean;
  /** Fails the job: an error that came outside of a call. */
  fail(error: unknown): void;
  /** Says something to the user, once for each text. */
  warn(message: string): void;
}

export interface SinkWriter<T> {
  /**
   * Takes a record. A writer that returns a promise gets its next record when it has resolved; the records that came
   * meanwhile wait, and the input waits with them.
   *
   * @param timestamp its event time; undefined where the stream carries none
   */
  write(record: T, timestamp?: number): void | Promise<void>;
  /**
   * Hands on what is buffered. Called when a part-filled batch would be sent, at each barrier of a checkpoint, and at the end.
   * What was written before a barrier is out when it has resolved: after a failure it is not written again.
   *
   * @param timed whether only the time of a part-filled batch has come: then a writer may hold on to what it has
   */
  flush?(timed?: boolean): void | Promise<void>;
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

/**
 * A sink that is exactly once. Its writers gather records in transactions, which nobody sees before they are committed; at each
 * barrier of a checkpoint they hand over those that are ready, and once the checkpoint is complete these are committed. Transactions
 * are stored with the checkpoint: after a crash those of the checkpoint that the job goes on from are committed, perhaps for the
 * second time, and all later ones never are.
 *
 * Transactions and states are plain data. What happens on a subtask, one call after the other:
 *
 *     commit(transactions of the checkpoint)              only after a failure
 *     createWriter ─▶ write … ─▶ flush, prepareCommit(n), snapshot ─▶ write … ─▶ flush, prepareCommit(n + 1), snapshot ─▶ …
 *                                            commit(transactions of n) comes once n is complete, while writing goes on
 *     … ─▶ write ─▶ flush, finish, prepareCommit(undefined) ─▶ snapshot ─▶ commit(transactions) ─▶ close
 *
 * @example
 * const ledger: TwoPhaseCommitSink<Entry, string> = {
 *   name: 'ledger',
 *   createWriter: ({ subtask }, restored) => new LedgerWriter(subtask, restored),
 *   commit: (ids) => Promise.all(ids.map((id) => database.commitPrepared(id))),
 * };
 */
export interface TwoPhaseCommitSink<T, Transaction = unknown, State = unknown> extends Sink<T> {
  /**
   * Called when `commit` has resolved for the transactions of the checkpoint that the job goes on from. What an earlier attempt began
   * and `restored.everything` does not have will never be committed: it is up to the writer to discard it.
   *
   * @param restored what the checkpoint holds; undefined when the job begins anew
   */
  createWriter(context: SinkContext, restored?: RestoredSink<Transaction, State>): TwoPhaseCommitWriter<T, Transaction, State>;
  /**
   * Makes transactions visible, in the order in which they were prepared. Must be idempotent: after a crash it is called again for
   * transactions that may have been committed already, on another subtask where the parallelism has changed. What it throws fails the
   * job, and recovery commits again.
   */
  commit(transactions: readonly Transaction[], context: SinkContext): void | Promise<void>;
}

/** Writes the records of one subtask into transactions. */
export interface TwoPhaseCommitWriter<T, Transaction = unknown, State = unknown> extends SinkWriter<T> {
  /**
   * Hands over the transactions that are to be committed with a checkpoint; none where nothing was written. Called behind `flush`,
   * when all records before the barrier were written and none behind it. When it has resolved, a crash of process or machine must
   * leave the transactions so that `commit` can still be called for them. A checkpoint may fail after that: its transactions are then
   * committed with the next one that completes.
   *
   * @param checkpoint its number, which grows; undefined at the end of the input
   * @param isLast whether nothing is to come behind it, so that what is held open should be handed over, too: at the end of the input, and
   * with the checkpoint or savepoint that the job is stopped with. When that one fails, the job goes on all the same.
   */
  prepareCommit(checkpoint: number | undefined, isLast: boolean): readonly Transaction[] | Promise<readonly Transaction[]>;
  /**
   * What the writer must know to go on from this barrier. Called behind `prepareCommit`; what the state tells of must survive a
   * crash, too. Later changes must not show in it.
   */
  snapshot?(): State;
}

/** What the checkpoint that a job goes on from holds of a sink. */
export interface RestoredSink<Transaction = unknown, State = unknown> {
  /**
   * What this subtask goes on for: its own state, as a rule. Several when there are fewer subtasks than before, none when there are
   * more: each goes to exactly one.
   */
  readonly states: readonly State[];
  /** What all subtasks held: what is not among this was begun after the checkpoint, or is somebody else's. */
  readonly everything: { readonly states: readonly State[]; readonly transactions: readonly Transaction[] };
}

export function isTwoPhaseCommit(sink: Sink<never>): sink is TwoPhaseCommitSink<never> {
  return typeof (sink as Partial<TwoPhaseCommitSink<never>>).commit === 'function';
}
