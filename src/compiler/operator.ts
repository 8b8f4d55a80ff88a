/**
 * What an operator contributes to the code of its stage. An `Operator` is the immutable description that the graph holds;
 * for each subtask it creates an `OperatorInstance`, which owns the state of the run and writes code that uses it.
 */

import type { MillraceError } from '../base/errors.ts';
import type { Limits } from '../base/limits.ts';
import type { System } from '../base/system.ts';
import type { KeySpec, LogicalOperator, OperatorSpec, RuntimeMode, UserFunction } from '../graph/logical.ts';
import type { CodeWriter, Names } from './code-writer.ts';
import type { Row } from './row.ts';

/** What a subtask tells each of its operators. */
export interface OperatorContext {
  readonly operator: LogicalOperator;
  readonly jobName: string;
  readonly subtask: number;
  readonly parallelism: number;
  readonly mode: RuntimeMode;
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
  /** Says something to the user, once for each text. */
  warn(message: string): void;
}

export interface Operator extends OperatorSpec {
  /** Whether it keeps values of records beyond the call, so that strings must not share memory with their batch. */
  readonly retains: boolean;
  create(context: OperatorContext): OperatorInstance;
}

export interface OperatorInstance {
  /**
   * Writes the code that handles one row, at the current place of `code`. `emit` writes the code that handles an output
   * row; it may be called several times, and inside `code.hoist`.
   */
  generate(code: OperatorCode, row: Row, emit: Emit): void;
  /**
   * Writes the code that handles a whole batch at once, where the operator is the head of its stage and emits nothing for a row;
   * false when it cannot, and `generate` is to be used. In scope: `batch`, `rows`, and `i` inside of loops that it writes.
   */
  generateBatch?(code: OperatorCode, row: Row): boolean;
  /** Before the first row. */
  open?(): void;
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

/** Writes the code for an output row: to the main output, or to the side output with an id. */
export interface Emit {
  (row: Row, side?: string): void;
  /** Ids of the side outputs that somebody reads. */
  readonly sides: readonly string[];
}

/** The place where an operator writes its code. */
export interface OperatorCode {
  readonly names: Names;
  /** Where code for the current row goes. */
  readonly body: CodeWriter;
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
