/** How the rows of `millrace logs` are shown. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LiveArea } from '../../src/cli/logs/live-area.ts';
import {
  csvOutput,
  jsonOutput,
  limitedOutput,
  liveTableOutput,
  type RowsOutput,
  type TableOptions,
  tableOutput,
  topOutput,
  windowTableOutput,
} from '../../src/cli/logs/renderers.ts';
import { sparkline, tableLines, widthOf } from '../../src/cli/logs/table.ts';
import { type Row, TopRows } from '../../src/cli/logs/top-rows.ts';

const column = (name: string, computed = false) => ({ name, computed });

function lines(columns: readonly string[], rows: readonly Row[], width = 80, computed: readonly string[] = []): string[] {
  return tableLines(
    columns.map((name) => column(name, computed.includes(name))),
    rows,
    { width },
  );
}

describe('a table', () => {
  test('has numbers on the right, and texts on the left', () => {
    const rows = [
      { url: '/', status: 200, count: 12345, avg: 1.5 },
      { url: '/orders', status: 1404, count: 7, avg: 1234.56789 },
      { url: null, status: null, count: 10n ** 20n, avg: null },
    ];
    expect(lines(['url', 'status', 'count', 'avg'], rows, 80, ['count', 'avg'])).toEqual([
      'url      status                        count        avg',
      '/           200                       12,345      1.500',
      '/orders    1404                            7  1,234.568',
      '-             -  100,000,000,000,000,000,000          -',
    ]);
  });

  test('shows small numbers with the digits that tell them apart', () => {
    const rows = [{ a: 0.000123456 }, { a: 0.00005 }, { a: 0 }];
    expect(lines(['a'], rows, 80, ['a'])).toEqual(['       a', '0.000123', '0.000050', '0.000000']);
    expect(lines(['a'], [{ a: 0.1 + 0.2 }, { a: 100 }], 80, ['a'])).toEqual(['    a', '  0.3', '100.0']);
    expect(lines(['a'], [{ a: Number.NaN }, { a: Number.POSITIVE_INFINITY }, { a: 2 }], 80, ['a'])).toEqual([
      '       a',
      '     NaN',
      'Infinity',
      '       2',
    ]);
  });

  test('shows numbers with more digits than are known as JavaScript does', () => {
    expect(lines(['a'], [{ a: 1e21 }, { a: -1.5e25 }, { a: 2.5 }], 80, ['a'])).toEqual(['       a', '   1e+21', '-1.5e+25', '     2.5']);
  });

  test('shows times, objects and controls', () => {
    const rows = [{ t: new Date('2025-03-03T06:00:00Z'), o: { a: 1n }, c: 'a\tb\n\u001b[2J' }];
    expect(lines(['t', 'o', 'c'], rows)).toEqual(['t                     o          c', '2025-03-03T06:00:00Z  {"a":"1"}  a·b··[2J']);
  });

  test('shows the most frequent values with their counts', () => {
    const most = [
      { value: '/a', count: 12, error: 0 },
      { value: null, count: 3, error: 0 },
    ];
    expect(lines(['most'], [{ most }, { most: [] }, { most: [1] }])).toEqual(['most', '/a 12, - 3', '[]', '[1]']);
  });

  test('cuts the longest texts where there is no room', () => {
    const rows = [{ a: 'x'.repeat(50), n: 5, b: 'y'.repeat(20) }];
    expect(lines(['a', 'n', 'b'], rows, 40)).toEqual(['a                  n  b', `${'x'.repeat(16)}…  5  ${'y'.repeat(17)}…`]);
    for (let width = 1; width < 80; width++)
      for (const line of lines(['a', 'n', 'b'], rows, width)) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(1, width));
  });

  test('counts letters by their width', () => {
    expect(
      lines(
        ['a', 'b'],
        [
          { a: '日本', b: 'x' },
          { a: 'éé', b: 'y' },
          { a: 'e\u0301🎉', b: 'z' },
        ],
      ),
    ).toEqual(['a     b', '日本  x', 'éé    y', 'e\u0301🎉   z']);
    expect(lines(['a'], [{ a: '日本日本日本' }], 8)).toEqual(['a', '日本日…']);
  });

  test('may have no rows', () => {
    expect(lines(['a', 'bc'], [])).toEqual(['a  bc']);
  });
});

test('a sparkline shows numbers as bars', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8])).toBe('▁▂▃▄▅▆▇██');
  expect(sparkline([5, undefined, 5])).toBe('█ █');
  expect(sparkline([0, 0])).toBe('▁▁');
  expect(sparkline([-1, 1, Number.NaN, Number.POSITIVE_INFINITY])).toBe('▁█ █');
  expect(sparkline([])).toBe('');
});

test('the top rows are those that a sort would put first', () => {
  const value = fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.double(),
    fc.bigInt({ min: -5n, max: 5n }),
    fc.constantFrom(null, undefined, 'x'),
  );
  // Zeros are equal, with a sign or without.
  const rank = (each: unknown): number =>
    typeof each === 'number' || typeof each === 'bigint' ? (Number.isNaN(Number(each)) ? -Infinity : Number(each) + 0) : -Infinity;
  fc.assert(
    fc.property(fc.array(fc.record({ n: value, id: fc.nat({ max: 9 }) })), fc.nat({ max: 8 }), (rows, limit) => {
      const top = new TopRows(limit, 'n', ({ id }) => String(id));
      for (const row of rows) top.add(row);
      const sorted = [...rows].sort((a, b) => (rank(a.n) === rank(b.n) ? a.id - b.id : rank(b.n) > rank(a.n) ? 1 : -1));
      const plain = ({ n, id }: Row) => [rank(n), id];
      expect(top.rows().map(plain)).toEqual(sorted.slice(0, limit).map(plain));
      expect(top.count).toBe(rows.length);
    }),
  );
});

/** What an output writes of rows. */
function written(create: (write: (text: string) => void) => RowsOutput, rows: readonly Row[]): string {
  let text = '';
  const output = create((each) => {
    text += each;
  });
  for (const row of rows) if (!output.row(row)) break;
  output.end();
  return text;
}

const table: TableOptions = { columns: [column('k'), column('n', true)], groups: ['k'], order: 'n', rows: undefined, width: () => 80 };

describe('rows', () => {
  const rows = [
    { k: 'a', n: 1 },
    { k: 'b', n: 3 },
    { k: 'c', n: 2 },
  ];

  test('as JSON and CSV lose nothing', () => {
    const row = { a: 0.1 + 0.2, b: 12345678901234567890n, c: 'x,"y"\n', d: new Date(5), e: null, f: 1e21 };
    expect(written(jsonOutput, [row])).toBe(
      '{"a":0.30000000000000004,"b":12345678901234567890,"c":"x,\\"y\\"\\n","d":"1970-01-01T00:00:00.005Z","e":null,"f":1e+21}\n',
    );
    expect(written((write) => csvOutput(Object.keys(row), write), [row])).toBe(
      'a,b,c,d,e,f\n0.30000000000000004,12345678901234567890,"x,""y""\n",1970-01-01T00:00:00.005Z,,1e+21\n',
    );
    expect(written((write) => csvOutput(['a'], write), [])).toBe('a\n');
  });

  test('the largest, the first', () => {
    expect(written((write) => topOutput({ rows: 2, column: 'n', groups: ['k'] }, csvOutput(['k', 'n'], write)), rows)).toBe(
      'k,n\nb,3\nc,2\n',
    );
    expect(written((write) => limitedOutput(2, csvOutput(['k', 'n'], write)), rows)).toBe('k,n\na,1\nb,3\n');
  });

  test('as a table, ordered', () => {
    expect(written((write) => tableOutput(table, write), rows)).toBe('k  n\nb  3\nc  2\na  1\n');
    expect(written((write) => tableOutput({ ...table, rows: 2 }, write), rows)).toBe(
      'k  n\nb  3\nc  2\n… 1 more row; --top shows more of them, --out csv all\n',
    );
    expect(written((write) => tableOutput({ ...table, order: undefined, rows: 1 }, write), rows)).toBe(
      'k  n\na  1\n… 2 more rows; --top shows more of them, --out csv all\n',
    );
  });
});

describe('windows', () => {
  const start = (minute: number) => new Date(minute * 60_000);
  const row = (minute: number, k: string, n: number) => ({ start: start(minute), end: start(minute + 1), k, n });
  const rows = [row(0, 'a', 4), row(0, 'b', 1), row(1, 'a', 8), row(2, 'c', 2), row(2, 'a', 1)];
  const options = { ...table, columns: [column('start'), column('end'), ...table.columns] };

  test('as a table each', () => {
    expect(written((write) => windowTableOutput(options, write), rows.slice(0, 3))).toBe(
      '1970-01-01T00:00:00Z – 1970-01-01T00:01:00Z\nk  n\na  4\nb  1\n\n1970-01-01T00:01:00Z – 1970-01-01T00:02:00Z\nk  n\na  8\n\n',
    );
  });

  /** The tables that are drawn when rows have come, at most so many at a time. */
  function drawn(atOnce: number, height: number): (readonly string[])[] {
    const shown: (readonly string[])[] = [];
    let waiting = 0;
    const soon = (draw: () => void): void => {
      if (++waiting % atOnce === 0) draw();
    };
    written(() => liveTableOutput(options, { height: () => height, show: (each) => shown.push(each), soon }), rows);
    return shown.map((each) => each.slice(1));
  }

  test('live, with how each group went', () => {
    expect(drawn(1, 24)).toEqual([
      ['k  n', 'a  4  █'],
      ['k  n', 'a  4  █', 'b  1  █'],
      ['k  n', 'a  8  ▅█'],
      ['k  n', 'c  2    █'],
      ['k  n', 'c  2    █', 'a  1  ▅█▂'],
      ['k  n', 'c  2    █', 'a  1  ▅█▂'],
    ]);
    expect(drawn(5, 24).at(-1)).toEqual(['k  n', 'c  2    █', 'a  1  ▅█▂']);
  });

  test('live, no higher than the terminal', () => {
    expect(drawn(1, 5).map(({ length }) => length)).toEqual([2, 2, 2, 2, 2, 2]);
  });
});

test('a live area is drawn over, and steps aside for what is written elsewhere', () => {
  let text = '';
  const write = (chunk: string | Uint8Array): boolean => {
    text += chunk;
    return true;
  };
  const [out, err] = [
    { isTTY: true, write },
    { isTTY: true, write },
  ];
  const area = new LiveArea(out, err);
  area.show(['a', 'b']);
  area.show(['c']);
  err.write('warning\n');
  area.show(['d']);
  area.close();
  err.write('end\n');
  expect(text.replaceAll('\u001b', '^')).toBe('a\nb\n^[2A\r^[Jc\n^[1A\r^[Jwarning\nc\n^[1A\r^[Jd\nend\n');
  expect(err.write).toBe(write);
});
