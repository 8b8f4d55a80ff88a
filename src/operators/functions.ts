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

/** A check of results: functions that are not async may return promises all the same. */
export function refusePromise(operator: string): (result: unknown) => void {
  return (result) => {
    if (result instanceof Promise)
      throw new TypeError(
        `${operator}: the function returned a promise; a stage never waits for a record; asyncMap does, with many on their way`,
      );
  };
}
