/** Records and failures as errors tell of them. */

import { inspect } from 'node:util';
import { MillraceError, thrownText } from '../base/errors.ts';
import { OperatorError } from '../base/operator-error.ts';
import { inferType } from '../schema/inference.ts';
import { type RecordType, typeText } from '../schema/type.ts';

/** A record in one line of at most so many characters. */
export function showRecord(record: unknown, characters: number): string {
  const text = inspect(record, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 20, maxStringLength: characters });
  return text.length <= characters ? text : `${text.slice(0, characters)}…`;
}

/** The failure of an operator by a record that does not keep the type which `returns` declared. */
export function typeMismatch(options: {
  readonly operatorName: string;
  readonly declared: RecordType;
  readonly record: unknown;
  readonly shown: string;
}): MillraceError {
  const { operatorName, declared, record, shown } = options;
  return new MillraceError(
    'TYPE_MISMATCH',
    `'${operatorName}' was declared to return ${typeText(declared)}, but a record is ${typeText(inferType(record))}: ${shown}`,
  );
}

/** The failure of an operator by what one of its functions threw. What is a failure already passes through. */
export function operatorFailure(options: {
  readonly operatorName: string;
  readonly error: unknown;
  /** The record that it was thrown at; empty when there was none. */
  readonly record: readonly [record?: unknown];
  readonly characters: number;
}): MillraceError {
  const { operatorName, error, record, characters } = options;
  if (error instanceof MillraceError) return error;
  const place = record.length === 0 ? '' : `\n  at the record ${showRecord(record[0], characters)}`;
  if (error instanceof OperatorError)
    return new MillraceError(error.code, `${error.at(operatorName, record[0])}${place}`, { cause: error.origin });
  return new MillraceError('USER_FUNCTION', `'${operatorName}' failed with ${thrownText(error)}${place}`, { cause: error });
}
