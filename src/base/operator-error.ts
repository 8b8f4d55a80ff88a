/**
 * Errors of those who know neither the operator nor the record that they work for. Where both are known, a failure of the operator
 * is made of them.
 */

import type { ErrorCode } from './errors.ts';

export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
  /** Of the failure. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** What the failure of the operator says. The record is undefined where there is none. */
  at(operatorName: string, _record: unknown): string {
    return `'${operatorName}': ${this.message}`;
  }

  /** The cause of the failure. */
  get origin(): unknown {
    return this;
  }
}
