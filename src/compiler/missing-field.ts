/** The error for a record without a field that something goes by. */

import { nearestName } from '../base/nearest-name.ts';
import { OperatorError } from '../base/operator-error.ts';

export class MissingFieldError extends OperatorError {
  override readonly name = 'MissingFieldError';
  readonly #field: string;

  /** @param call what goes by the field, as authors write it: `sum("bytes")` */
  constructor(call: string, field: string) {
    super('USER_FUNCTION', `${call}: the record has no field '${field}'`);
    this.#field = field;
  }

  override at(operatorName: string, record: unknown): string {
    const names = typeof record === 'object' && record !== null ? Object.keys(record) : [];
    const nearest = nearestName(this.#field, names);
    return `${super.at(operatorName, record)}${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`;
  }
}
