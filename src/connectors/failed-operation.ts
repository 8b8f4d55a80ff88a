/** Failures of the outside world as errors that say what was done to what, and why it failed. */

import { type ErrorCode, MillraceError } from '../base/errors.ts';

/**
 * An error about an operation that the system refused: `cannot read '/x': ENOENT: no such file or directory`. One that is a
 * MillraceError already says enough and is returned as it is.
 */
export function failedOperation(code: ErrorCode, operation: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  return new MillraceError(code, `${operation}: ${reasonOf(error)}`, { cause: error });
}

/** What a system error says, with its code and without the call and path that Node puts behind it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = message.replace(/, [a-z]+( '.*')?$/s, '');
  if (code === undefined || reason.includes(code)) return reason;
  return reason === '' ? code : `${code}: ${reason}`;
}
