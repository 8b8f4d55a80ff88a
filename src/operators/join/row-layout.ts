/**
 * How the records of one side of an interval join are laid down: which of their fields are numbers, and which any other values.
 * Batches of several types may come, from several producers or as a type widens; a layout widens with them and never goes back,
 * so that ends. Pure.
 */

import type { Field, Row } from '../../compiler/row.ts';
import type { RecordForm, RecordType } from '../../schema/type.ts';

export interface RowLayout {
  /** `unknown` where records are kept whole, as the one field. */
  readonly form: RecordForm | 'unknown';
  readonly fields: readonly LayoutField[];
}

export interface LayoutField {
  readonly name: string;
  /** Whether it is a number in every record. */
  readonly isNumber: boolean;
}

/** The layout that takes every record. */
const wholeLayout: RowLayout = { form: 'unknown', fields: [{ name: '', isNumber: false }] };

export function layoutOfRow({ form, fields }: Row): RowLayout {
  return form === 'unknown' ? wholeLayout : { form, fields: fields.map(layoutField) };
}

export function layoutOfType({ form, names, columns }: RecordType): RowLayout {
  return { form, fields: columns.map(({ kind, nullable }, i) => layoutField({ name: names[i] as string, kind, nullable })) };
}

function layoutField({ name, kind, nullable }: Pick<Field, 'name' | 'kind' | 'nullable'>): LayoutField {
  return { name, isNumber: !nullable && (kind === 'float64' || kind === 'int32') };
}

/** The narrowest layout that takes the records of both: `a` itself where that is the one. */
export function widenLayout(a: RowLayout, b: RowLayout): RowLayout {
  const isAlike = a.form === b.form && a.fields.length === b.fields.length && a.fields.every(({ name }, i) => name === b.fields[i]?.name);
  if (!isAlike) return a.form === 'unknown' ? a : wholeLayout;
  if (a.fields.every(({ isNumber }, i) => !isNumber || b.fields[i]?.isNumber === true)) return a;
  return {
    form: a.form,
    fields: a.fields.map(({ name, isNumber }, i) => ({ name, isNumber: isNumber && b.fields[i]?.isNumber === true })),
  };
}

/** Whether a layout takes a record as it is. Where it says no, the layout of the record's type knows better. */
export function takes({ form, fields }: RowLayout, record: unknown): boolean {
  if (form === 'unknown') return true;
  const fits = (value: unknown, isNumber: boolean): boolean => !isNumber || typeof value === 'number';
  if (form === 'scalar') return fits(record, fields[0]?.isNumber === true);
  if (typeof record !== 'object' || record === null || Array.isArray(record) !== (form === 'tuple')) return false;
  const entries = Object.entries(record);
  return (
    entries.length === fields.length && fields.every(({ name, isNumber }, i) => entries[i]?.[0] === name && fits(entries[i]?.[1], isNumber))
  );
}
