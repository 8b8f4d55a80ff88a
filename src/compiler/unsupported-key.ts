/** The error for a value that cannot be a key. It does not know the operator; `operatorFailure` adds it. */

import type { UnsupportedValueError } from '../batch/unsupported-value.ts';

export class UnsupportedKeyError extends Error {
  override readonly name = 'UnsupportedKeyError';

  constructor(unsupported: UnsupportedValueError) {
    const place = unsupported.path === '' ? '' : ` (at ${unsupported.path})`;
    super(
      `a key cannot hold a ${unsupported.type}${place}; use numbers, strings, booleans, bigints, dates, null, or arrays and plain objects of them`,
      { cause: unsupported },
    );
  }
}
