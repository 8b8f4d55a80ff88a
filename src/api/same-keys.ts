/** Streams that meet by key must have keys of one shape: `'k'` is the value of a field, `['k']` an array of such values. */

import { MillraceError } from '../base/errors.ts';
import { keyText } from '../graph/describe.ts';
import type { EdgeDraft } from './graph-builder.ts';

/** @throws MillraceError INVALID_JOB where fields show that no key of one stream can equal one of the other */
export function checkSameKeys(first: readonly EdgeDraft[], second: readonly EdgeDraft[], of: string): void {
  const [one, other] = [keyOf(first), keyOf(second)];
  if (one === undefined || other === undefined || one.fields === other.fields) return;
  throw new MillraceError(
    'INVALID_JOB',
    `${of}: the keys ${one.text} and ${other.text} are never equal: one field by itself is its value, fields in an array are an array of theirs; ` +
      'give both streams keys of as many fields, written in the same way',
  );
}

/** How many fields make the key: 0 for one by itself. Undefined where a function makes it. */
function keyOf([edge]: readonly EdgeDraft[]): { readonly fields: number; readonly text: string } | undefined {
  const partitioner = edge?.partitioner;
  if (partitioner?.kind !== 'hash' || partitioner.key.kind !== 'fields') return undefined;
  const { key } = partitioner;
  return { fields: key.composite ? key.fields.length : 0, text: keyText(key) };
}
