/** Rows as a table for people: columns aligned, numbers to the right, and of each row how it went over the last windows. Pure. */

import type { Row } from './top-rows.ts';

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Numbers as a line of bars, the largest the highest. A number that is not there is a gap. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  const highest = Math.max(0, ...known);
  return values
    .map((value) => (value === undefined ? ' ' : bars[highest === 0 ? 0 : Math.min(7, Math.floor((value / highest) * 7.99))]))
    .join('');
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 });

/** A value as a cell of a table. */
export function cellText(name: string, value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'number') return isTime(name) ? timeText(value) : Number.isFinite(value) ? grouped.format(value) : String(value);
  if (typeof value === 'bigint') return grouped.format(value);
  if (value instanceof Date) return timeText(value.getTime());
  return typeof value === 'object' ? JSON.stringify(value) : String(value).replace(/\p{Cc}/gu, '·');
}

/** Columns that hold epoch milliseconds. */
export function isTime(name: string): boolean {
  return name === 'start' || name === 'end' || name === 'timestamp';
}

export function timeText(epochMs: number): string {
  return Number.isFinite(epochMs) ? new Date(epochMs).toISOString().replace('.000Z', 'Z') : String(epochMs);
}

/**
 * The lines of a table: the head, then a line a row. A line that is too long loses the end of its longest texts.
 *
 * @param history of each row, the first aggregate over the last windows; no column where it is absent
 */
export function tableLines(
  columns: readonly string[],
  rows: readonly Row[],
  options: { readonly width: number; readonly history?: (row: Row) => readonly (number | undefined)[] },
): string[] {
  const { history } = options;
  const cells = rows.map((row) => [
    ...columns.map((name) => cellText(name, row[name])),
    ...(history === undefined ? [] : [sparkline(history(row))]),
  ]);
  const heads = [...columns, ...(history === undefined ? [] : [''])];
  const right = columns.map((name) => !isTime(name) && rows.some((row) => typeof row[name] === 'number' || typeof row[name] === 'bigint'));
  const widths = heads.map((head, i) => Math.max(widthOf(head), ...cells.map((row) => widthOf(row[i] as string))));
  shrink(widths, right, options.width - 2 * (heads.length - 1));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => fitted(text, widths[i] as number, right[i] === true))
      .join('  ')
      .trimEnd();
  return [line(heads), ...cells.map(line)];
}

/** The narrowest that a column of text is made. */
const narrowest = 8;

function shrink(widths: number[], right: readonly boolean[], room: number): void {
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; ) {
    const widest = widths.reduce((best, width, i) => (right[i] !== true && width > (widths[best] ?? 0) ? i : best), -1);
    if (widest < 0 || (widths[widest] as number) <= narrowest) return;
    widths[widest] = (widths[widest] as number) - 1;
    over--;
  }
}

function widthOf(text: string): number {
  return [...text].length;
}

function fitted(text: string, width: number, right: boolean): string {
  const characters = [...text];
  if (characters.length > width) return `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
  const gap = ' '.repeat(width - characters.length);
  return right ? gap + text : text + gap;
}
