/**
 * The part of a two-phase-commit sink's subtask that has to do with checkpoints: takes the transactions that the writer hands over, and
 * commits them once a checkpoint that holds them is complete: in order, one call at a time, again after a failure.
 * Runs on the subtask's thread.
 */

import { isPromise } from '../base/asynchronous.ts';
import { MillraceError, thrownText } from '../base/errors.ts';
import type { RestoredSink, SinkContext, TwoPhaseCommitSink, TwoPhaseCommitWriter } from '../graph/sink.ts';
import type { SubtaskPart } from '../wire/state-handles.ts';
import { dealStored, PreparedTransactions } from './prepared-transactions.ts';

/** What it is told of its subtask. */
export interface CommitterContext extends SinkContext {
  readonly operator: { readonly name: string };
}

/** Stands for the checkpoint that a job without checkpoints ends with. There may have been savepoints. */
const afterAll = Number.MAX_SAFE_INTEGER;

export class SinkCommitter {
  readonly #sink: TwoPhaseCommitSink<unknown>;
  readonly #context: CommitterContext;
  readonly #prepared: PreparedTransactions;
  #writer: TwoPhaseCommitWriter<unknown> | null = null;
  /** The writer's state at the last barrier, where it has one. */
  #state: readonly [state?: unknown] = [];
  #restored: RestoredSink | undefined;
  #toCommit: readonly unknown[] = [];
  /** Resolves when the commits that were begun are through. */
  #committing: Promise<void> = Promise.resolve();
  #finished = false;
  #closed = false;

  constructor(sink: TwoPhaseCommitSink<never>, context: CommitterContext) {
    this.#sink = sink as TwoPhaseCommitSink<unknown>;
    this.#context = context;
    this.#prepared = new PreparedTransactions(context.subtask);
  }

  restore(parts: Readonly<Record<string, readonly unknown[]>>): void {
    const { transactions, restored } = dealStored(parts, this.#context);
    this.#toCommit = transactions;
    this.#restored = restored;
  }

  /** Commits what the checkpoint holds that the job goes on from. Before the writer is created. */
  commitRestored(): void | Promise<void> {
    const transactions = this.#toCommit;
    this.#toCommit = [];
    return this.#commit(transactions, 'the transactions of the checkpoint that the job goes on from');
  }

  createWriter(): TwoPhaseCommitWriter<unknown> {
    this.#writer = this.#sink.createWriter(this.#context, this.#restored);
    this.#restored = undefined;
    return this.#writer;
  }

  /** At a barrier, or at the end of the input. @param isLast whether nothing is to come behind it */
  prepare(checkpoint: number | undefined, isLast: boolean): void | Promise<void> {
    // What was prepared at the end of the input belongs to the next checkpoint.
    if (checkpoint !== undefined) this.#prepared.assign(checkpoint);
    const writer = this.#writer;
    if (writer === null || this.#finished) return;
    const transactions = writer.prepareCommit(checkpoint, isLast);
    if (!isPromise(transactions)) return this.#take(writer, transactions, checkpoint);
    return transactions.then((each) => this.#take(writer, each, checkpoint));
  }

  #take(writer: TwoPhaseCommitWriter<unknown>, transactions: readonly unknown[], checkpoint: number | undefined): void {
    this.#prepared.add(transactions, checkpoint);
    this.#state = writer.snapshot === undefined ? [] : [writer.snapshot()];
  }

  parts(): Readonly<Record<string, SubtaskPart>> {
    return this.#prepared.parts(this.#state);
  }

  get hasUncommitted(): boolean {
    return !this.#prepared.isEmpty;
  }

  /** A checkpoint is complete. */
  commit(checkpoint: number): Promise<void> {
    this.#committing = this.#commitBehind(this.#committing, checkpoint);
    return this.#committing;
  }

  async #commitBehind(earlier: Promise<void>, checkpoint: number): Promise<void> {
    await earlier;
    // Recovery commits what is left when the job has failed meanwhile.
    if (this.#closed) return;
    await this.#commit(this.#prepared.upTo(checkpoint), `the transactions of checkpoint ${checkpoint}`);
    this.#prepared.committed(checkpoint);
  }

  /** Behind the last record. Without checkpoints there is nothing to wait for. */
  async finish(): Promise<void> {
    await this.prepare(undefined, true);
    this.#finished = true;
    if (this.#context.checkpoints) return;
    this.#prepared.assign(afterAll);
    await this.commit(afterAll);
  }

  /** `what` completes "cannot commit …". */
  #commit(transactions: readonly unknown[], what: string): void | Promise<void> {
    if (transactions.length === 0) return;
    const failed = (error: unknown): never => {
      throw this.#failure(error, what);
    };
    try {
      const committed = this.#sink.commit(transactions, this.#context);
      return isPromise(committed) ? committed.catch(failed) : undefined;
    } catch (error) {
      return failed(error);
    }
  }

  #failure(error: unknown, what: string): MillraceError {
    if (error instanceof MillraceError) return error;
    const message = `'${this.#context.operator.name}' cannot commit ${what}: ${thrownText(error)}; they are committed again when the job is restarted`;
    return new MillraceError('SINK_FAILED', message, { cause: error });
  }

  close(): void {
    this.#closed = true;
    this.#writer = null;
  }
}
