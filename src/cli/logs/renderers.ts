/** Where the rows of `millrace logs` go: standard output, as JSON lines, CSV or a table. */

import { CsvText } from '../../connectors/files/csv-text.ts';
import { jsonText } from '../../connectors/files/json-text.ts';
import { TextBuffer } from '../../connectors/files/text-buffer.ts';
import { cellText, type TableColumn, tableLines } from './table.ts';
import { type Row, TopRows } from './top-rows.ts';

export interface RowsOutput {
  /** Takes a row; false when no more are wanted. */
  row(row: Row): boolean;
  /** All rows have come. */
  end(): void;
  /** No more rows come, although there are more. */
  abandon?(): void;
  /** The job has read all that there is, and has not been called off. */
  finish?(): void;
}

/** Writes text; the rest of the program knows how. */
export type Write = (text: string) => void;

export function jsonOutput(write: Write): RowsOutput {
  return lines((row) => write(`${jsonText(row)}\n`));
}

export function csvOutput(columns: readonly string[], write: Write): RowsOutput {
  const csv = new CsvText({ columns });
  const text = new TextBuffer();
  csv.start(text);
  const writeOut = (): void => {
    if (text.length > 0) write(text.written.toString());
    text.reset();
  };
  const row = (each: Row): void => {
    csv.record(each, text);
    writeOut();
  };
  return { ...lines(row), end: writeOut };
}

function lines(each: (row: Row) => void): RowsOutput {
  return {
    row: (row) => {
      each(row);
      return true;
    },
    end: () => {},
  };
}

/** Rows that a table shows where nobody says how many. */
const usualRows = 40;

export interface TableOptions {
  readonly columns: readonly TableColumn[];
  /** The columns that tell a group from others. */
  readonly groups: readonly string[];
  /** The column that rows are ordered by, where there are groups. */
  readonly order: string | undefined;
  readonly rows: number | undefined;
  /** Characters of a line. */
  readonly width: () => number;
}

/** A table of the largest rows, when all have come. */
export function tableOutput(options: TableOptions, write: Write): RowsOutput {
  const { columns, groups, order, rows = usualRows } = options;
  const top = order === undefined ? undefined : new TopRows(rows, order, groupText(groups));
  const kept: Row[] = [];
  let count = 0;
  return {
    row: (row) => {
      count++;
      if (top !== undefined) top.add(row);
      else if (kept.length < rows) kept.push(row);
      return true;
    },
    end: () => {
      const shown = top?.rows() ?? kept;
      write(`${tableLines(columns, shown, { width: options.width() }).join('\n')}\n`);
      const left = count - shown.length;
      if (left > 0) write(`… ${left} more ${left === 1 ? 'row' : 'rows'}; --top shows more of them, --out csv all\n`);
    },
  };
}

function groupText(groups: readonly string[]): (row: Row) => string {
  return (row) => groups.map((name) => cellText(row[name])).join('\u0000');
}

/** Windows that a table looks back to. */
const historyWindows = 24;

/** A table for each window, the rows of which come one after the other, the largest first. */
export function windowTableOutput(options: TableOptions, write: Write): RowsOutput {
  return windowRows((window) => {
    const [title, ...table] = windowLines(options, window, {});
    write(`${title}\n${table.join('\n')}\n\n`);
  });
}

export interface LiveOptions {
  /** Lines of the terminal. */
  readonly height: () => number;
  readonly show: (lines: readonly string[]) => void;
  /** Draws soon: the rows that come until then are in it. */
  readonly soon: (draw: () => void) => void;
}

/** A table of the last window, drawn anew as rows come, with how each group went over the windows before. */
export function liveTableOutput(options: TableOptions, { height, show, soon }: LiveOptions): RowsOutput {
  const { groups, order } = options;
  const history = new WindowHistory();
  const keyOf = groupText(groups);
  let window: Row[] = [];
  const draw = (): void => {
    if (window.length === 0) return;
    const rows = height() - linesAround;
    show(windowLines(options, window, { rows, history: (row) => [...history.of(keyOf(row)), numberAt(row, order)] }));
  };
  return {
    row: (row) => {
      if (window.length > 0 && !isSameWindow(row, window[0] as Row)) {
        history.add(new Map(window.map((each) => [keyOf(each), numberAt(each, order)])));
        window = [];
      }
      window.push(row);
      soon(draw);
      return true;
    },
    end: draw,
  };
}

/** Lines of a terminal that are not a table's rows: its title and head, the line of progress, and an empty one. */
const linesAround = 4;

interface WindowOptions {
  readonly rows?: number;
  readonly history?: (row: Row) => readonly (number | undefined)[];
}

function windowLines({ columns, width }: TableOptions, window: readonly Row[], { rows = window.length, history }: WindowOptions): string[] {
  const title = `${cellText(window[0]?.start)} – ${cellText(window[0]?.end)}`;
  const shown = columns.filter(({ name }) => name !== 'start' && name !== 'end');
  return [
    title,
    ...tableLines(shown, window.slice(0, Math.max(1, rows)), { width: width(), ...(history === undefined ? {} : { history }) }),
  ];
}

/** Hands on the rows of each window together. */
function windowRows(each: (window: readonly Row[]) => void): RowsOutput {
  let window: Row[] = [];
  const flush = (): void => {
    if (window.length > 0) each(window);
    window = [];
  };
  return {
    row: (row) => {
      if (window.length > 0 && !isSameWindow(row, window[0] as Row)) flush();
      window.push(row);
      return true;
    },
    end: flush,
  };
}

function isSameWindow(a: Row, b: Row): boolean {
  return cellText(a.start) === cellText(b.start);
}

function numberAt(row: Row, column: string | undefined): number | undefined {
  const value = column === undefined ? undefined : row[column];
  return value === null || value === undefined ? undefined : Number(value);
}

/** What groups were in the windows before; those that were not seen for so long are forgotten. */
class WindowHistory {
  readonly #series = new Map<string, (number | undefined)[]>();
  #windows = 0;

  of(key: string): readonly (number | undefined)[] {
    return this.#series.get(key) ?? this.#gaps();
  }

  add(values: ReadonlyMap<string, number | undefined>): void {
    for (const [key, value] of values) if (!this.#series.has(key) && value !== undefined) this.#series.set(key, this.#gaps());
    for (const [key, series] of this.#series) {
      series.push(values.get(key));
      if (series.length > historyWindows) series.shift();
      if (series.every((value) => value === undefined)) this.#series.delete(key);
    }
    this.#windows = Math.min(historyWindows, this.#windows + 1);
  }

  #gaps(): (number | undefined)[] {
    return Array<undefined>(this.#windows).fill(undefined);
  }
}

/** Hands on the largest rows when all have come. */
export function topOutput(
  { rows, column, groups }: { readonly rows: number; readonly column: string; readonly groups: readonly string[] },
  to: RowsOutput,
): RowsOutput {
  const top = new TopRows(rows, column, groupText(groups));
  return {
    row: (row) => {
      top.add(row);
      return true;
    },
    end: () => {
      for (const row of top.rows()) to.row(row);
      to.end();
    },
  };
}

/** Hands on the only row that there can be; where there is none although everything was read, the one that tells of nothing. */
export function totalOutput(ofNothing: Row, to: RowsOutput): RowsOutput {
  let isThere = false;
  return {
    ...to,
    row: (row) => {
      isThere = true;
      return to.row(row);
    },
    end: () => {
      if (isThere) to.end();
    },
    finish: () => {
      if (isThere) return;
      to.row(ofNothing);
      to.end();
    },
  };
}

/** Hands on the first rows. */
export function limitedOutput(limit: number, to: RowsOutput): RowsOutput {
  let left = limit;
  return {
    row: (row) => {
      if (left > 0) to.row(row);
      return --left > 0;
    },
    end: () => to.end(),
  };
}
