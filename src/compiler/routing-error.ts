/** What a function of `keyBy` or `partitionCustom` has thrown: it is no operator's, but stands between two. */

import { MillraceError, thrownText } from '../base/errors.ts';
import { OperatorError } from '../base/operator-error.ts';
import { functionText } from '../graph/describe.ts';
import type { UserFunction } from '../graph/logical.ts';

/** Where the function stands in the job. */
export interface Routing {
  /** The call as authors write it, given the function. */
  call(argument: string): string;
  readonly fn: UserFunction;
  /** Where that is, seen from the operator whose failure it becomes. */
  readonly side: 'in front of' | 'behind';
}

/** Longer functions are cut. */
const charactersMax = 60;

class RoutingError extends OperatorError {
  override readonly name = 'RoutingError';
  readonly #side: Routing['side'];

  constructor({ call, fn, side }: Routing, cause: unknown) {
    super('USER_FUNCTION', call(shortened(functionText(fn))), { cause });
    this.#side = side;
  }

  override at(operatorName: string): string {
    return `${this.message} ${this.#side} '${operatorName}' failed with ${thrownText(this.cause)}`;
  }

  override get origin(): unknown {
    return this.cause;
  }
}

/** Makes routing errors of whatever a function throws; what is a failure already passes through. */
export function routingFailure(routing: Routing): (thrown: unknown) => Error {
  return (thrown) => (thrown instanceof MillraceError || thrown instanceof OperatorError ? thrown : new RoutingError(routing, thrown));
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= charactersMax ? line : `${line.slice(0, charactersMax)}…`;
}
