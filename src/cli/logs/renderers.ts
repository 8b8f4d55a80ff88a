/** Where the rows of `millrace logs` go: standard output, as JSON lines, CSV or a table. */

import { CsvText } from '../../connectors/files/csv-text.ts';
import { jsonText } from '../../connectors/files/json-text.ts';
import { cellText, tableLines } from './table.ts';
import { type Row, TopRows } from './top-rows.ts';

export interface Renderer {
  row(row: Row): void;
  /** All rows have come. */
  end(): void;
}

/** Writes text; the rest of the program knows how. */
export type Write = (text: string) => void;

export function jsonRenderer(write: Write): Renderer {
  return { row: (row) => write(`${jsonText(row)}\n`), end: () => {} };
}

export function csvRenderer(columns: readonly string[], write: Write): Renderer {
  const csv = new CsvText({ columns });
  write(csv.start());
  return { row: (row) => write(csv.record(row)), end: () => {} };
}

/** Rows that a table shows where nobody says how many. */
const usualRows = 40;
/** Windows that a table looks back to. */
const historyWindows = 24;
const erase = '\u001b[J';

export interface TableOptions {
  readonly columns: readonly string[];
  /** The columns that tell a group from others. */
  readonly groups: readonly string[];
  /** The column that rows are ordered by, where there are groups. */
  readonly order: string | undefined;
  readonly rows: number | undefined;
  readonly width: () => number;
}

/** A table of the largest rows, when all have come. */
export function tableRenderer(options: TableOptions, write: Write): Renderer {
  const { columns, order, rows = usualRows } = options;
  const top = order === undefined ? undefined : new TopRows(rows, order);
  const kept: Row[] = [];
  let count = 0;
  return {
    row: (row) => {
      count++;
      if (top !== undefined) top.add(row);
      else if (kept.length < rows) kept.push(row);
    },
    end: () => {
      const shown = top?.rows() ?? kept;
      for (const line of tableLines(columns, shown, { width: options.width() })) write(`${line}\n`);
      if (shown.length < count) write(`… ${count - shown.length} rows more; --top shows more of them, --out csv all\n`);
    },
  };
}

/**
 * A table for each window, the rows of which come one after the other. On a terminal the table of the last window stands there, and of
 * each group how it went.
 *
 * @param live whether the last table is drawn over
 */
export function windowTableRenderer(options: TableOptions, live: boolean, write: Write): Renderer {
  const { columns, groups, order, rows = usualRows } = options;
  const shown = columns.filter((name) => name !== 'start' && name !== 'end');
  const history = new Map<string, (number | undefined)[]>();
  let window: Row[] = [];
  let start: unknown;
  let drawn = 0;
  const keyOf = (row: Row): string => JSON.stringify(groups.map((name) => cellText(name, row[name])));
  const flush = (): void => {
    if (window.length === 0) return;
    remember(history, window, { keyOf, order });
    const title = `${cellText('start', start)} – ${cellText('end', window[0]?.end)}`;
    const valuesOf = (row: Row): readonly (number | undefined)[] => history.get(keyOf(row)) ?? [];
    const lines = tableLines(shown, window.slice(0, rows), { width: options.width(), ...(live ? { history: valuesOf } : {}) });
    write(`${live && drawn > 0 ? `\u001b[${drawn}A${erase}` : ''}${title}\n${lines.join('\n')}\n${live ? '' : '\n'}`);
    drawn = lines.length + 1;
    window = [];
  };
  return {
    row: (row) => {
      if (row.start !== start) flush();
      start = row.start;
      window.push(row);
    },
    end: flush,
  };
}

/** Adds the values of a window to those of the windows before; groups that were not seen for so long are forgotten. */
function remember(
  history: Map<string, (number | undefined)[]>,
  rows: readonly Row[],
  { keyOf, order }: { readonly keyOf: (row: Row) => string; readonly order: string | undefined },
): void {
  const values = new Map(rows.map((row) => [keyOf(row), order === undefined ? undefined : Number(row[order])]));
  for (const [key, series] of history) {
    series.push(values.get(key));
    values.delete(key);
    if (series.length > historyWindows) series.shift();
    if (series.every((value) => value === undefined)) history.delete(key);
  }
  for (const [key, value] of values) history.set(key, [value]);
}

/** Hands on the largest rows when all have come. */
export function topRenderer({ rows, column }: { readonly rows: number; readonly column: string }, to: Renderer): Renderer {
  const top = new TopRows(rows, column);
  return {
    row: (row) => top.add(row),
    end: () => {
      for (const row of top.rows()) to.row(row);
      to.end();
    },
  };
}

/** Hands on the first rows. */
export function limitedRenderer(limit: number, to: Renderer): Renderer {
  let left = limit;
  return {
    row: (row) => {
      if (left-- > 0) to.row(row);
    },
    end: () => to.end(),
  };
}
