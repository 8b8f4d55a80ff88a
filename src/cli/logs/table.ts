/** Rows as lines of a table, for people. Pure. */

import type { Row } from './top-rows.ts';

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Numbers as a line of bars, the largest the highest. A number that is not there is a gap. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const highest = Math.max(0, ...values.filter((value) => value !== undefined && Number.isFinite(value)).map(Number));
  return values.map((value) => (value === undefined || Number.isNaN(value) ? ' ' : barOf(value, highest))).join('');
}

function barOf(value: number, highest: number): string {
  const at = highest === 0 ? 0 : Math.floor((value / highest) * bars.length);
  return bars[Math.max(0, Math.min(bars.length - 1, at))] as string;
}

export interface TableColumn {
  readonly name: string;
  /** Whether its numbers are computed, and not what stands in the records. */
  readonly computed: boolean;
}

/** A value as it stands in the records. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString().replace('.000Z', 'Z');
  if (isCounted(value)) return value.map((each) => `${cellText(each.value)} ${each.count}`).join(', ');
  const text =
    typeof value === 'object' ? JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each)) : String(value);
  return text.replace(/\p{Cc}/gu, '·');
}

/** What `topK` finds. */
function isCounted(value: unknown): value is readonly { readonly value: unknown; readonly count: number }[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => each !== null && typeof each === 'object' && 'value' in each && 'count' in each)
  );
}

/** Digits behind the point of computed numbers at most: more where all of them are small. */
const fractionDigits = 3;

/** The texts of the values of a column: numbers that are computed have the same digits behind the point, and commas. */
function cellTexts(values: readonly unknown[], { computed }: TableColumn): string[] {
  if (!computed) return values.map(cellText);
  const numbers = values.filter(isSpelled);
  const largest = Math.max(0, ...numbers.map(Math.abs));
  const digitsMax = largest === 0 || largest >= 1 ? fractionDigits : Math.min(20, fractionDigits - 1 - Math.floor(Math.log10(largest)));
  const digits = Math.max(0, ...numbers.map((value) => digitsOf(value, digitsMax)));
  const format = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const whole = new Intl.NumberFormat('en-US');
  return values.map((value) => {
    if (typeof value === 'bigint') return whole.format(value);
    return isSpelled(value) ? format.format(value) : cellText(value);
  });
}

/** From here on, JavaScript writes numbers with an exponent: most of their digits would be made up. */
const exponentFrom = 1e21;

/** Whether it is a number that is shown digit by digit. */
function isSpelled(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) < exponentFrom;
}

/** Digits behind the point that a number needs when it is rounded to so many. */
function digitsOf(value: number, digitsMax: number): number {
  return (value.toFixed(digitsMax).split('.')[1] ?? '').replace(/0+$/, '').length;
}

/**
 * The lines of a table: the head, then a line a row. Where there is no room for all of a line, the longest texts lose their ends.
 *
 * @param history of each row, the first aggregate over the last windows; no column where it is absent
 */
export function tableLines(
  columns: readonly TableColumn[],
  rows: readonly Row[],
  { width, history }: { readonly width: number; readonly history?: (row: Row) => readonly (number | undefined)[] },
): string[] {
  const texts = columns.map((column) => [
    column.name,
    ...cellTexts(
      rows.map((row) => row[column.name]),
      column,
    ),
  ]);
  const right = columns.map(({ name }) => rows.some((row) => typeof row[name] === 'number' || typeof row[name] === 'bigint'));
  if (history !== undefined) texts.push(['', ...rows.map((row) => sparkline(history(row)))]);
  const widths = texts.map((column) => Math.max(...column.map(widthOf)));
  shrink(widths, right, width - gap.length * (texts.length - 1));
  return [undefined, ...rows].map((_, line) => {
    const cells = texts.map((column, i) => fitted(column[line] as string, widths[i] as number, right[i] === true));
    return clipped(cells.join(gap).trimEnd(), width);
  });
}

const gap = '  ';
/** The narrowest that a column of text is made. */
const narrowest = 8;

/** Makes the widest columns of text narrower until there is room for all. */
function shrink(widths: number[], right: readonly boolean[], room: number): void {
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over--) {
    const widest = widths.reduce((best, width, i) => (right[i] !== true && width > (widths[best] ?? 0) ? i : best), -1);
    if (widest < 0 || (widths[widest] as number) <= narrowest) return;
    widths[widest] = (widths[widest] as number) - 1;
  }
}

/** Columns of the terminal that a text takes. East Asian letters and pictures take two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character.codePointAt(0) as number);
  return width;
}

function widthOfCharacter(code: number): number {
  if (code < 0x300) return 1;
  if ((code >= 0x300 && code < 0x370) || (code >= 0x200b && code <= 0x200f) || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  const isWide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return isWide ? 2 : 1;
}

function fitted(text: string, width: number, right: boolean): string {
  const shown = clipped(text, width);
  const space = ' '.repeat(width - widthOf(shown));
  return right ? space + shown : shown + space;
}

function clipped(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let shown = '';
  for (const character of text) {
    if (widthOf(shown) + widthOf(character) > width - 1) break;
    shown += character;
  }
  return `${shown}…`;
}
