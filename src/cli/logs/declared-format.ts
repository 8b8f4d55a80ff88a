/** Formats whose fields are declared as the records of a sample show them. Pure. */

import type { Format } from '../../formats/format.ts';
import { isAwkwardName, type Type, t } from '../../schema/type.ts';
import { array, type Code, call, object, quoted } from './code-layout.ts';
import type { DetectOptions, FoundFormat } from './detect.ts';
import { type KnownField, pathOf } from './fields.ts';
import type { RecordLayout } from './record-layout.ts';
import type { SeenField } from './seen-field.ts';
import { timeFieldOf } from './time-field.ts';

/** A field with what the sample shows of it. */
interface DeclaredField extends KnownField {
  readonly seen: SeenField;
  readonly members: readonly DeclaredField[];
}

/** Makes the format of its types. Paths lead to fields in objects. */
export interface FormatMaker {
  create(types: Readonly<Record<string, Type<unknown>>>): Format<unknown>;
  code(types: Code, options: readonly FormatOption[]): Code;
}

export type FormatOption = readonly [name: string, value: Code];

export function declaredFormat(seen: ReadonlyMap<string, SeenField>, options: DetectOptions, maker: FormatMaker): FoundFormat {
  const { fields, time } = readAsTime(fieldsOf(seen), options);
  const types = fields.map((field) => [field.name, typeOf(field)] as const);
  return { format: maker.create(Object.fromEntries(types)), code: (layout) => formatCode(fields, layout, maker), fields, time };
}

/** The fields of records, or of the objects in one. */
function fieldsOf(seen: ReadonlyMap<string, SeenField>, outer?: readonly string[]): DeclaredField[] {
  return [...seen]
    .filter(([key]) => !isAwkwardName(key))
    .map(([key, field]) => {
      const path = [...(outer ?? []), key];
      const { kind, timeKind } = field;
      return {
        name: path.join('.'),
        nullable: true,
        kind,
        ...(outer === undefined ? {} : { path }),
        ...(kind === 'number' && timeKind !== undefined && timeKind !== 'time' ? { numbersAre: timeKind } : {}),
        members: fieldsOf(field.members, path),
        seen: field,
      };
    });
}

/** The fields, one of which is read as the time of a record where the job goes by it. */
function readAsTime(
  fields: readonly DeclaredField[],
  { time: named, byTime }: DetectOptions,
): { readonly fields: readonly DeclaredField[]; readonly time: KnownField | undefined } {
  const time = byTime || named !== undefined ? timeFieldOf(changed(fields, withTimeKind), named) : undefined;
  if (time === undefined || !byTime) return { fields, time };
  // A record without its time could be in no window: it is a bad one.
  const read = { kind: time.kind, nullable: false };
  return { fields: changed(fields, (field) => (field.name === time.name ? { ...field, ...read } : field)), time: { ...time, ...read } };
}

function withTimeKind(field: DeclaredField): DeclaredField {
  return { ...field, kind: field.seen.timeKind ?? field.kind };
}

/** The fields and what is in them, each changed. */
function changed(fields: readonly DeclaredField[], change: (field: DeclaredField) => DeclaredField): readonly DeclaredField[] {
  return fields.map((field) => change({ ...field, members: changed(field.members, change) }));
}

function typeOf({ kind, nullable, seen }: DeclaredField): Type<unknown> {
  const type = kind === 'time' ? t.timestamp : t[seen.type];
  return nullable ? t.nullable(type as Type<unknown>) : type;
}

function typeCode({ kind, nullable, seen }: DeclaredField): Code {
  const type = kind === 'time' ? 't.timestamp' : `t.${seen.type}`;
  return nullable ? call('t.nullable', type) : type;
}

function formatCode(fields: readonly DeclaredField[], layout: RecordLayout, maker: FormatMaker): Code {
  const columns = columnsOf(fields, layout);
  const nested = columns.filter(({ path }) => path !== undefined);
  const paths = nested.length === 0 ? [] : [['paths', object(nested.map((field) => [field.name, pathCode(field)]))] as const];
  // The sample says nothing of the digits of what comes behind it.
  const exact = columns.some((field) => layout.isNamed(field) && mayLoseDigits(field)) ? [['exactIntegers', 'true'] as const] : [];
  return maker.code(object(columns.map((field) => [field.name, columnCode(field, layout)])), [...paths, ...exact]);
}

/** Whether numbers of it are float64s. */
function mayLoseDigits({ kind, seen }: DeclaredField): boolean {
  return seen.type === 'float64' || kind === 'any' || kind === 'null';
}

/** The fields of records; in place of an object of which only fields are read, these. */
function columnsOf(fields: readonly DeclaredField[], layout: RecordLayout): DeclaredField[] {
  return fields.flatMap((field) => (layout.isSplit(field) ? columnsWithin(field, layout) : [field]));
}

function columnsWithin({ members }: DeclaredField, layout: RecordLayout): DeclaredField[] {
  return members.flatMap((member) => {
    if (layout.isNamed(member)) return [member];
    return layout.isSplit(member) ? columnsWithin(member, layout) : [];
  });
}

/** The type of a column, with what is taken from its objects. */
function columnCode(field: DeclaredField, layout: RecordLayout): Code {
  const members = field.members.filter((member) => layout.isNamed(member) || layout.hasNamed(member));
  if (members.length === 0 || field.kind !== 'object') return typeCode(field);
  return call(
    't.nullable',
    call('t.object', object(members.map((member) => [pathOf(member).at(-1) as string, columnCode(member, layout)]))),
  );
}

/** Keys with points between them, or one by one where they have points themselves. */
function pathCode(field: KnownField): Code {
  const path = pathOf(field);
  const isPlain = path.every((key) => key !== '' && !key.includes('.'));
  return isPlain ? quoted(path.join('.')) : array(path.map(quoted));
}
