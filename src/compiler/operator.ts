/**
 * What an operator contributes to the code of its stage. An `Operator` is the immutable description that the graph holds;
 * for each subtask it creates an `OperatorInstance`, which owns the state of the run and writes code that uses it.
 */

import type { CodeWriter, Names } from '../base/code-writer.ts';
import type { MillraceError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import type { KeySpec, LogicalOperator, OperatorSpec, RuntimeMode, UserFunction } from '../graph/logical.ts';
import type { SplitObserver } from '../graph/source.ts';
import type { ChangeLog } from '../state/change-log.ts';
import type { KeyedContents } from '../state/keyed-contents.ts';
import type { AlignmentGroup } from '../time/alignment.ts';
import type { Alignment } from '../time/watermarks.ts';
import type { SubtaskPart } from '../wire/state-handles.ts';
import type { RecordReads } from './record-reads.ts';
import type { Row } from './row.ts';

/** What a subtask tells each of its operators. */
export interface OperatorContext {
  readonly operator: LogicalOperator;
  readonly jobName: string;
  readonly subtask: number;
  readonly parallelism: number;
  readonly mode: RuntimeMode;
  /** Whether checkpoints are taken: what is to be committed with one is committed at the end where none are. */
  readonly checkpoints: boolean;
  readonly limits: Limits;
  readonly system: System;
  /** How the key of the input is found; undefined when the input is not keyed. */
  readonly key: KeySpec | undefined;
  /** The failure of the operator by something thrown, at a record where there is one. */
  failure(error: unknown, ...record: [record?: unknown]): MillraceError;
  /** Asks for another step: something arrived from outside. */
  wake(): void;
  /** Fails the job from outside a step. */
  fail(error: unknown): void;
  /**
   * Says something to the user, once in the job for each topic; the text is its own topic where none is given. With `votes`, only
   * once that many subtasks have said it; an empty text votes for what others say.
   */
  warn(message: string, topic?: string, votes?: number): void;
  /**
   * Says what the operator keeps by key, so that checkpoints take it. Called while it is created.
   *
   * @param name of this state among those of the operator: with the operator's it identifies the state in later versions of the job
   * @returns what is to be told of changes
   */
  keyedState(name: string, contents: KeyedContents): ChangeLog;
  /** What the subtask has of the group that its source is aligned with. */
  alignment(alignment: Alignment): AlignmentGroup;
  /** Counts records that were too late and went nowhere. */
  countLate(records: number): void;
}

export interface Operator extends OperatorSpec {
  /** Whether it keeps values of records beyond the call, so that strings must not share memory with their batch. */
  readonly retains: boolean;
  /** What it reads of the records of its input; absent, or undefined, where it may be everything. */
  reads?(): RecordReads | undefined;
  create(context: OperatorContext): OperatorInstance;
}

export interface OperatorInstance {
  /**
   * Writes the code that handles one row, at the current place of `code`. `emit` writes the code that handles an output
   * row; it may be called several times, and inside `code.hoist`.
   *
   * @param input which of the operator's inputs the row comes from
   */
  generate(code: OperatorCode, row: Row, emit: Emit, input: number): void;
  /**
   * Writes the code that handles a whole batch at once; false when it cannot, nothing was written, and `generate` is to be used
   * for each row. In scope: `rows`, and what the row's expressions need when the code puts them into loops over `i`.
   */
  generateBatch?(code: OperatorCode, row: Row, emit: Emit): boolean;
  /**
   * Whether the operator has something of its own to do with rows whose strings are Latin-1 bytes, at the moment: then they get
   * a loop of their own. Asked before each batch. Absent for operators to which it is all the same.
   */
  takesLatin1?(): boolean;
  /**
   * What the operator holds between two batches beside its keyed state, by name: few values, since the stream stands still for them.
   * Later changes must not show in it.
   */
  snapshot?(): Readonly<Record<string, SubtaskPart>>;
  /** Goes on from what other instances held, by name. Before `open`; keyed state comes before it. */
  restore?(parts: Readonly<Record<string, readonly unknown[]>>): void;
  /**
   * Before the snapshot of a checkpoint: hands on what belongs before its barrier. The subtask stands still until the promise resolves.
   *
   * @param isLast whether the job is stopped with it
   */
  prepareSnapshot?(checkpoint: number, isLast: boolean): void | Promise<void>;
  /** A checkpoint is complete: all that its snapshot holds is durable. May wait for the outside; the stream goes on meanwhile. */
  checkpointCompleted?(checkpoint: number): void | Promise<void>;
  /** Whether it has written something that only a completed checkpoint makes final; the subtask does not finish before. */
  readonly hasUncommitted?: boolean;
  /** How much it holds by key. Absent where nothing, or where it cannot say. */
  readonly holdings?: Holdings;
  /** Before the first row. */
  open?(): void;
  /**
   * Right behind a source whose reader tells its splits apart: who is to hear of them. Called before the first row, and only where
   * there are splits to hear of.
   */
  observeSplits?(): SplitObserver;
  /** Before each batch that its stage takes in. */
  beginBatch?(): void;
  /**
   * Writes a loop that emits what has become due, at most `limit` rows a call: what timers and windows left when time
   * advanced, or results that arrived from outside. Returns the expression that is true once nothing is due.
   */
  generateDue?(code: OperatorCode, limit: string, emit: Emit): string;
  /** Whether something is due. */
  readonly isDue?: boolean;
  /** Event time at its input: no record at or before `watermark` is to come. Never goes back; Infinity at the end of the input. */
  advanceEventTime?(watermark: number): void;
  /** Whether its input is idle: those behind it then do not wait for what it holds back. */
  setIdle?(idle: boolean): void;
  /** Wall-clock time at or after `nextTime` has come; Infinity at the end of the input. */
  advanceProcessingTime?(now: number): void;
  /** Wall-clock time at which `advanceProcessingTime` is to be called; Infinity for never. */
  readonly nextTime?: number;
  /** The watermark of its output; that of its input when absent. */
  readonly watermark?: number;
  /** Whether its output holds nobody's watermark back; as its input when absent. */
  readonly idle?: boolean;
  /** True when event time must advance before the next row is taken; undefined for operators for which that never is so. */
  readonly pressing?: boolean | undefined;
  /** True while no further input is to be read: it is too far ahead of other sources. */
  readonly holdsInput?: boolean;
  /** The subtask stands still, because an output has no room or an operator waits for the outside; or goes on. */
  setStalled?(stalled: boolean): void;
  /** True while results are outstanding that will become due, so that the end of the input must wait. */
  readonly outstanding?: boolean;
  /**
   * Writes a loop that emits what is left at the end of the input, at most `limit` rows a call, and returns the expression
   * that is true once nothing is left. Absent when nothing can be left.
   */
  generateFinish?(code: OperatorCode, limit: string, emit: Emit): string;
  /** False while the operator waits for something outside; the subtask is not stepped meanwhile. */
  isReady?(): boolean;
  /** Called at the end of each step and when the buffer timeout is over: hand on what is buffered. */
  flush?(): void;
  /** At the end of the input, after everything was emitted. May wait for the outside. */
  finish?(): void | Promise<void>;
  /** In the end, whatever happened: release files, sockets and timers. */
  close?(): void;
}

/** How much an operator holds by key. */
export interface Holdings {
  /** States that hold something, of all keys together. */
  readonly states: number;
  readonly eventTimers: number;
  readonly processingTimers: number;
}

/** Writes the code for an output row: to the main output, or to the side output with an id. */
export interface Emit {
  (row: Row, side?: string): void;
  /** The same for all rows of a batch at once, to the main output: `rows` and `i` are those of this batch, or of a part made of it. */
  batch(row: Row, part?: BatchPart): void;
  /** Ids of the side outputs that somebody reads. */
  readonly sides: readonly string[];
}

/**
 * Rows that a loop goes over. A loop may stop in front of a row, while an output has no room or an operator is not ready; one over the input
 * batch stops as well when its step has taken rows enough.
 */
export interface BatchPart {
  /** Those of the input batch; some that were made of it; all that were made of one row. */
  readonly kind: 'batch' | 'chunk' | 'row';
  /** Expression of the row to begin with, or to go on with. */
  readonly first: string;
  /** The statement that stops in front of row `i`; undefined where a loop must go on to its end. */
  readonly stop: string | undefined;
}

/** The place where an operator writes its code. */
export interface OperatorCode {
  readonly names: Names;
  /** Where code for the current row goes. */
  readonly body: CodeWriter;
  /** Whether an operator of the stage keeps values of records, so that strings must not share memory with their batch. */
  readonly retains: boolean;
  /** What a loop over rows that is written now goes over. */
  readonly part: BatchPart;
  /** Writes a loop over these rows, for what emits: it stops in front of a row while the chain stalls. `write` writes its body. */
  eachRow(write: () => void): void;
  /** Writes code outside of the loop, once, where no column or local of the row is in scope. */
  hoist(write: () => void): void;
  /** Writes a call of a user function with the row's record as its first argument; see `user-call.ts`. */
  call(fn: UserFunction, row: Row, further?: readonly string[]): CallResult;
  /** Throws away the loops compiled so far: what they assumed of the operator no longer holds. */
  invalidate(): void;
  /** The expression of this operator's failure: `throw ${code.failure('error', 'record')}`. */
  failure(error: string, record: string): string;
}

export interface CallResult {
  /** The local that holds what the function returned. */
  readonly result: string;
  /** The row, with what the call has put into locals. */
  readonly row: Row;
  /** The row of the result, with its fields where the function's source shows them. */
  readonly resultRow: Row;
}
