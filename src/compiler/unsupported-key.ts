/** The error for a value that cannot be a key. */

import { withArticle } from '../base/describe-value.ts';
import { OperatorError } from '../base/operator-error.ts';
import type { UnsupportedValueError } from '../batch/unsupported-value.ts';

export class UnsupportedKeyError extends OperatorError {
  override readonly name = 'UnsupportedKeyError';

  constructor(unsupported: UnsupportedValueError) {
    const place = unsupported.path === '' ? '' : ` (at ${unsupported.path})`;
    super(
      'UNSUPPORTED_VALUE',
      `a key cannot hold ${withArticle(unsupported.type)}${place}; use numbers, strings, booleans, bigints, dates, null, or arrays and plain objects of them`,
      { cause: unsupported },
    );
  }
}
