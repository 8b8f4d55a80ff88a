/** Buckets by a pattern with fields in braces: parts of a time, and fields of the record. */

import { describeValue } from '../../base/describe-value.ts';
import { MillraceError } from '../../base/errors.ts';
import type { BucketAssigner, BucketContext } from './buckets.ts';
import { type DateUnit, dateUnits, remembering } from './date-units.ts';

/** A piece of a pattern. */
type Piece = { readonly literal: string } | { readonly unit: DateUnit } | { readonly field: string };

/** Which time of a record decides. @throws MillraceError INVALID_OPTION */
export type TimeOf = (context: BucketContext) => number;

/** @throws MillraceError INVALID_OPTION for a pattern that cannot be read, and at a record without one of its fields */
export function bucketPath(pattern: string, timeOf: TimeOf): BucketAssigner<unknown> {
  if (!/[{}]/.test(pattern)) throw wrong(pattern, 'nothing in braces');
  const texts = joined(piecesOf(pattern)).map((piece) => writerOf(piece, { pattern, timeOf }));
  return (record, context) => {
    let path = '';
    for (const text of texts) path += text(record, context);
    return path;
  };
}

function piecesOf(pattern: string): Piece[] {
  return pattern.split(/(\{[^{}]*\})/).map((text): Piece => {
    if (!/[{}]/.test(text)) return { literal: text };
    const name = /^\{(.+)\}$/.exec(text)?.[1];
    if (name === undefined) throw wrong(pattern, `a brace without its other, or without a name in it, at '${text}'`);
    const unit = dateUnits.find(({ letters }) => letters === name);
    return unit === undefined ? { field: name } : { unit };
  });
}

/** What depends on time alone is written once for all records of its smallest unit. */
type Run = { readonly field: string } | { readonly time: readonly Exclude<Piece, { field: string }>[] };

function joined(pieces: readonly Piece[]): Run[] {
  const runs: Run[] = [];
  let time: Exclude<Piece, { field: string }>[] = [];
  for (const piece of pieces) {
    if (!('field' in piece)) time.push(piece);
    else {
      runs.push({ time }, piece);
      time = [];
    }
  }
  return [...runs, { time }];
}

function writerOf(run: Run, { pattern, timeOf }: { readonly pattern: string; readonly timeOf: TimeOf }): BucketAssigner<unknown> {
  if ('field' in run) return (record) => fieldText(pattern, run.field, record);
  const units = run.time.flatMap((piece) => ('unit' in piece ? [piece.unit] : []));
  if (units.length === 0) {
    const text = run.time.map((piece) => ('literal' in piece ? piece.literal : '')).join('');
    return () => text;
  }
  const format = remembering(units, (date) => run.time.map((piece) => ('unit' in piece ? piece.unit.text(date) : piece.literal)).join(''));
  return (_record, context) => format(timeOf(context));
}

/** A value as a part of a path: what would lead elsewhere is written as in a URL. */
function fieldText(pattern: string, field: string, record: unknown): string {
  const value = (record as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  const text = value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;
  if (!plain.has(typeof text) || text === '') {
    throw new MillraceError(
      'INVALID_OPTION',
      `buckets.path: '${pattern}' needs a text, number, boolean or date in the field '${field}' of each record, and one has ${value === undefined ? 'none' : describeValue(value)}; ` +
        'map the records, or choose the bucket with a function',
    );
  }
  return String(text).replace(special, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

const plain: ReadonlySet<string> = new Set(['string', 'number', 'bigint', 'boolean']);

/** Slashes, what cannot be in a name, what says that something is written so; and a dot in front, which hides files. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what cannot be in a name
const special = /[\0-\x1f\x7f/\\:%]|^\./g;

function wrong(pattern: string, what: string): MillraceError {
  const units = dateUnits.map(({ letters }) => `{${letters}}`).join(', ');
  return new MillraceError(
    'INVALID_OPTION',
    `buckets.path: the pattern '${pattern}' has ${what}; it may have ${units}, and names of fields in braces, such as {status}`,
  );
}
