/** The field that tells the time of a record. Pure. */

import { MillraceError } from '../../base/errors.ts';
import { checkedField, fieldNamed, isTime, type KnownField } from './fields.ts';

/** What it is usually called. */
const usualNames = ['timestamp', 'time', 'ts', 'datetime', 'date', 'eventTime', 'createdAt', 'at'];

/**
 * @param named what `--time` says; without it, it is a field of the record itself with a usual name
 * @returns undefined where no field tells it
 * @throws MillraceError INVALID_OPTION for a name that is no field, or holds no times
 */
export function timeFieldOf(fields: readonly KnownField[], named: string | undefined): KnownField | undefined {
  if (named === undefined) {
    const times = fields.filter(isTime).map(({ members: _, ...field }) => field);
    return usualNames.map((name) => fieldNamed(name, times)).find((field) => field !== undefined);
  }
  const field = checkedField('--time', named, fields);
  if (isTime(field)) return field;
  throw new MillraceError(
    'INVALID_OPTION',
    `--time: '${field.name}' holds no times in ISO 8601, and no seconds or milliseconds since 1970`,
  );
}
