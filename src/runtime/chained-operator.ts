/** The operators of a subtask's chain, as those parts of the engine see them that call them. Runs on the subtask's thread. */

import type { MillraceError } from '../base/errors.ts';
import type { OperatorInstance } from '../compiler/operator.ts';
import type { ChangeLog } from '../state/change-log.ts';
import type { KeyedContents } from '../state/keyed-contents.ts';

/** What an operator keeps by key under one name. */
export interface KeyedState {
  readonly contents: KeyedContents;
  readonly log: ChangeLog;
}

/** An operator of the chain, what it keeps by key, and its failure by something that was thrown at no record. */
export interface ChainedOperator {
  readonly instance: OperatorInstance;
  /** Index of the operator that feeds it; undefined for the head. */
  readonly parent: number | undefined;
  readonly failure: (error: unknown) => MillraceError;
  /** By name. */
  readonly keyed: ReadonlyMap<string, KeyedState>;
}

/** Calls every operator, from the head of the chain to its tail. @throws the failure of the first that throws */
export function callEach(operators: readonly ChainedOperator[], call: (instance: OperatorInstance) => void): void {
  for (const { instance, failure } of operators) {
    try {
      call(instance);
    } catch (error) {
      throw failure(error);
    }
  }
}

/** The same where a call takes time: each begins when the one before is through. */
export async function callInTurn(
  operators: readonly ChainedOperator[],
  call: (instance: OperatorInstance) => void | Promise<void>,
): Promise<void> {
  for (const { instance, failure } of operators) {
    try {
      await call(instance);
    } catch (error) {
      throw failure(error);
    }
  }
}
