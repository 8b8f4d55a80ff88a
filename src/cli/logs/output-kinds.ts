/** Which output the rows of a query go to: by what is asked for, and by whether a terminal is there. */

import { LiveArea } from './live-area.ts';
import type { Query, QueryOptions } from './query.ts';
import {
  csvOutput,
  jsonOutput,
  limitedOutput,
  liveTableOutput,
  type RowsOutput,
  type TableOptions,
  tableOutput,
  topOutput,
  totalOutput,
  windowTableOutput,
} from './renderers.ts';
import type { Row } from './top-rows.ts';

export type { RowsOutput } from './renderers.ts';

interface OutputOptions extends QueryOptions {
  readonly out: 'json' | 'csv' | 'table' | undefined;
}

/** Rows of a window that a table shows where nobody says how many. */
export const windowTableRows = 20;

export function isShownAsTable({ out }: OutputOptions): boolean {
  return (out ?? (process.stdout.isTTY === true ? 'table' : 'csv')) === 'table';
}

const write = (text: string): void => void process.stdout.write(text);

export function createOutput(query: Query, options: OutputOptions): RowsOutput {
  const output = outputOf(query, options);
  const isJson = !isShownAsTable(options) && options.out === 'json';
  const rows = { ...output, row: (row: Row) => output.row(presented(row, isJson)) };
  if (query.kind === 'rows' || query.by.length > 0 || query.window !== undefined) return rows;
  // Of no records there is no group, but all of them are none.
  return totalOutput(Object.fromEntries(query.aggregates.map(({ name, code }) => [name, ofNothing(code)])), rows);
}

/** What an aggregate is of no records, as in SQL. */
function ofNothing(code: string): unknown {
  if (/^(?:count|countDistinct|approxCountDistinct)\(/.test(code)) return 0;
  return code.startsWith('topK(') ? [] : null;
}

/** A row in which null stands for what is no number, and no time: something that it was computed of was missing. JSON has no infinity, either. */
function presented(row: Row, isJson: boolean): Row {
  const isNothing = (value: unknown): boolean =>
    typeof value === 'number'
      ? Number.isNaN(value) || (isJson && !Number.isFinite(value))
      : value instanceof Date && Number.isNaN(value.getTime());
  if (!Object.values(row).some(isNothing)) return row;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, isNothing(value) ? null : value]));
}

function outputOf(query: Query, options: OutputOptions): RowsOutput {
  if (isShownAsTable(options)) return createTable(query, options);
  const rows =
    options.out === 'json'
      ? jsonOutput(write)
      : csvOutput(
          tableOptions(query, options).columns.map(({ name }) => name),
          write,
        );
  if (query.kind === 'rows') return query.limit === undefined ? rows : limitedOutput(query.limit, rows);
  if (query.top === undefined || query.window !== undefined) return rows;
  const { rows: count, column } = query.top;
  return topOutput({ rows: count, column: column.name, groups: query.by.map(({ name }) => name) }, rows);
}

function createTable(query: Query, options: OutputOptions): RowsOutput {
  const table = tableOptions(query, options);
  if (query.kind === 'rows') {
    const rows = tableOutput({ ...table, rows: query.limit }, write);
    if (query.follow)
      return csvOutput(
        table.columns.map(({ name }) => name),
        write,
      );
    return query.limit === undefined ? rows : limitedOutput(query.limit, rows);
  }
  if (query.window === undefined) return tableOutput(table, write);
  if (!query.follow || process.stdout.isTTY !== true || process.env.TERM === 'dumb') return windowTableOutput(table, write);
  return liveTable(table);
}

/** Milliseconds from the first row of a window to its table: the others come in that time. */
const drawAfterMs = 50;
/** Lines of a terminal that does not know them. */
const usualHeight = 24;

function liveTable(table: TableOptions): RowsOutput {
  const area = new LiveArea(process.stdout, process.stderr);
  let timer: NodeJS.Timeout | undefined;
  const soon = (draw: () => void): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      draw();
    }, drawAfterMs);
  };
  const live = liveTableOutput(table, { height: () => process.stdout.rows || usualHeight, show: (lines) => area.show(lines), soon });
  const close = (): void => {
    clearTimeout(timer);
    area.close();
  };
  return {
    row: live.row,
    end: () => {
      live.end();
      close();
    },
    abandon: close,
  };
}

function tableOptions(query: Query, { top }: OutputOptions): TableOptions {
  const plain = (name: string): { name: string; computed: boolean } => ({ name, computed: false });
  const isGrouped = query.kind === 'groups';
  const columns = isGrouped
    ? [
        ...(query.window === undefined ? [] : [plain('start'), plain('end')]),
        ...query.by.map(({ name }) => plain(name)),
        ...query.aggregates.map(({ name }) => ({ name, computed: true })),
      ]
    : query.columns.map(({ name }) => plain(name));
  return {
    columns,
    groups: isGrouped ? query.by.map(({ name }) => name) : [],
    order: isGrouped ? (query.top?.column.name ?? query.aggregates.find(({ ordered }) => ordered)?.name) : undefined,
    rows: top,
    width: () => process.stdout.columns || 120,
  };
}
