/** Checks of the functions that operators are given. */

import { isAsync } from '../base/asynchronous.ts';
import { MillraceError } from '../base/errors.ts';
import { callable, checkOnly } from '../base/options.ts';
import type { UserFunction } from '../graph/logical.ts';

/** The function, if it is one that can be called for every record. */
export function synchronous<F extends UserFunction>(fn: F, operator: string): F {
  checkOnly(fn, callable, operator);
  if (isAsync(fn)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `${operator}: the function must not be async: a stage never waits for a record; asyncMap does, with many on their way`,
    );
  }
  return fn;
}

/** Functions that are not async may return promises all the same. @param problem in a text that ends in a punctuation mark */
export function refusePromise(result: unknown, problem: string): void {
  if (result instanceof Promise) throw new TypeError(`${problem} a stage never waits for a record; asyncMap does, with many on their way`);
}
