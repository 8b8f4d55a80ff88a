/** Literals that fields are compared with, or reckoned with, become what the fields hold: times, numbers, bigints. Pure. */

import type { AnyNode } from 'acorn';
import { MillraceError } from '../../base/errors.ts';
import { topOf } from './chains.ts';
import { quoted } from './code-layout.ts';
import type { Change } from './expression.ts';
import { isNumber, isTime, isUntyped, type KnownField, kindText } from './fields.ts';
import type { Operand } from './operand.ts';

export const relations: ReadonlySet<string> = new Set(['<', '<=', '>', '>=']);
const equalities: ReadonlySet<string> = new Set(['==', '!=', '===', '!==']);
const comparisons: ReadonlySet<string> = new Set([...relations, ...equalities]);
/** The other side of an operator; undefined where an operand is on no side of one of these. */
export function otherSide({ chain }: Operand, operators: ReadonlySet<string>): AnyNode | undefined {
  const parent = chain.parents.at(-1);
  if (parent?.type !== 'BinaryExpression' || !operators.has(parent.operator)) return undefined;
  return parent.left === topOf(chain) ? parent.right : parent.left;
}

/** @throws MillraceError INVALID_OPTION for a text that is not of the kind of the field */
export function literalChanges(option: string, operand: Operand): Change[] {
  const { field, links } = operand;
  if (field === undefined || links.length > 0) return [];
  const whole = wholeBeside(operand);
  if (whole !== undefined) return [{ ...whole, code: field.nullable ? `${whole.value}n))` : `${whole.value}n)` }];
  const other = otherSide(operand, comparisons);
  if (other?.type !== 'Literal') return [];
  const { start, end, value } = other;
  const digits = digitsOf(other);
  if (field.kind === 'bigint' && digits !== undefined) return [{ start, end, code: `${digits}n` }];
  if (typeof value !== 'string' || field.kind === 'string' || isUntyped(field)) return [];
  return [{ start, end, code: codeOf(option, field, value) }];
}

/** The digits of a whole number, as they are written where it has more than a float64 holds; undefined for other literals. */
function digitsOf({ value, raw }: { readonly value?: unknown; readonly raw?: string }): string | undefined {
  if (typeof value !== 'number') return undefined;
  if (Number.isSafeInteger(value)) return String(value);
  return raw !== undefined && /^\d+$/.test(raw) ? raw : undefined;
}

/** What bigints do as well as numbers. */
const wholeArithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '%']);

/** The whole number that a bigint is reckoned with, where it stands behind it: JavaScript does not mix the two. */
export function wholeBeside(operand: Operand): { readonly start: number; readonly end: number; readonly value: number } | undefined {
  const { chain, field, links } = operand;
  const [other, parent] = [otherSide(operand, wholeArithmetic), chain.parents.at(-1)];
  if (field?.kind !== 'bigint' || links.length > 0 || other?.type !== 'Literal' || typeof other.value !== 'number') return undefined;
  const { start, end, value } = other;
  // Brackets around one of them would be in the way.
  const isBehind = parent?.start === topOf(chain).start && parent.end === end;
  return isBehind && Number.isSafeInteger(value) ? { start, end, value } : undefined;
}

function codeOf(option: string, field: KnownField, text: string): string {
  const { kind, numbersAre = kind } = field;
  if (isNumber(field) && text.trim() !== '' && !Number.isNaN(Number(text)))
    return kind === 'bigint' && /^-?\d+$/.test(text) ? `${text}n` : String(Number(text));
  const time = isoText(text);
  if (kind === 'bool' && (text === 'true' || text === 'false')) return text;
  if (Number.isNaN(Date.parse(time)) || !isTime({ kind: numbersAre })) {
    const example = isTime(field) ? "'2025-03-03T06:00'" : kind === 'bool' ? 'true' : '500';
    const what = `'${field.name}' is ${kindText(field)}, and is compared with '${text}', which is none`;
    throw new MillraceError('INVALID_OPTION', `${option}: ${what}; write one such as ${example}`);
  }
  return `Date.parse(${quoted(time)})${numbersAre === 'seconds' ? ' / 1000' : ''}`;
}

/** A time of day without a zone is in UTC, as it is in logs. */
function isoText(text: string): string {
  const hasZone = !/\d:\d/.test(text) || /(?:z|[+-]\d\d:?\d\d)$/i.test(text);
  return text.replace(' ', 'T') + (hasZone ? '' : 'Z');
}
