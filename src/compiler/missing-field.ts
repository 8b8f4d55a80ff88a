/** The error for a record without a field that something goes by. */

import { nearestName } from '../base/nearest-name.ts';
import { OperatorError } from '../base/operator-error.ts';

export class MissingFieldError extends OperatorError {
  override readonly name = 'MissingFieldError';
  readonly #field: string;

  /** @param call what goes by the field, as authors write it: `sum("bytes")` */
  constructor(call: string, field: string) {
    super('TYPE_MISMATCH', `${call}: the record has no field '${field}'`);
    this.#field = field;
  }

  override at(operatorName: string, record: unknown): string {
    const fields = typeof record === 'object' && record !== null ? Object.entries(record) : [];
    const present = fields.flatMap(([name, value]) => (value === undefined ? [] : [name]));
    const nearest = nearestName(this.#field, present);
    return `${super.at(operatorName, record)}${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`;
  }
}
