/** The options of `millrace logs`, taken apart, and the jobs that are made of them. */

import { describe, expect, test } from 'vitest';
import { type Code, layout, quoted } from '../../src/cli/logs/code-layout.ts';
import type { KnownField } from '../../src/cli/logs/fields.ts';
import { printingJob, type SourceCode, toolJob } from '../../src/cli/logs/job-code.ts';
import { parseQuery, type QueryOptions } from '../../src/cli/logs/query.ts';

const fields: readonly KnownField[] = [
  { name: 'url', nullable: false, kind: 'string' },
  { name: 'status', nullable: false, kind: 'number' },
  { name: 'bytes', nullable: false, kind: 'number' },
  { name: 'requestTime', nullable: true, kind: 'number' },
  { name: 'timestamp', nullable: false, kind: 'millis' },
  { name: 'id', nullable: true, kind: 'bigint' },
  { name: 'user', nullable: true, kind: 'any' },
  { name: 'raw', nullable: false, kind: 'string', isLine: true },
];

const source: SourceCode = {
  method: 'readFile',
  arguments: ["'a.log'", 'formats.combinedLog()'],
  options: [['onError', "'skip'"]],
  isText: false,
  time: { field: 'timestamp', unitMs: 1, nullable: false },
};

/** The steps between the source and what becomes of the rows. */
function steps(options: QueryOptions, of: SourceCode = source): string[] {
  const lines = printingJob(of, parseQuery(options, fields)).split('\n');
  return lines
    .slice(
      lines.findIndex((line) => /^ {2}\.(?:map|filter|keyBy)/.test(line)),
      lines.indexOf('', 4),
    )
    .map((line) => line.slice(2));
}

test('the job of a whole question, as code', () => {
  const options: QueryOptions = {
    where: 'status >= 500',
    by: 'url,status',
    agg: 'count(), sum(bytes), p99(request_time)',
    window: '1m',
    top: 20,
  };
  const job = `import { count, eventTime, formats, quantile, StreamEnvironment, sum, watermarks } from 'millrace';

const env = new StreamEnvironment();
const rows = env
  .readFile(
    'a.log',
    formats.combinedLog(),
    { onError: 'skip', watermarks: watermarks.boundedOutOfOrderness('5s', { timestamp: 'timestamp' }) },
  )
  .filter((r) => r.status >= 500)
  .keyBy(['url', 'status'])
  .window(eventTime.tumbling('1m'))
  .aggregate({ count: count(), sum_bytes: sum('bytes'), p99_requestTime: quantile('requestTime', 0.99) })
  .map((r) => ({
    start: new Date(r.start),
    end: new Date(r.end),
    url: r.key[0],
    status: r.key[1],
    count: r.count,
    sum_bytes: r.sum_bytes,
    p99_requestTime: r.p99_requestTime,
  }))
  .windowAll(eventTime.tumbling('1m'))
  .apply((_window, rows, out) => {
    const sorted = [...rows].sort(
      (a, b) =>
        b.count - a.count ||
        (\`\${a.url} \${a.status}\` < \`\${b.url} \${b.status}\` ? -1 : 1),
    );
    for (const row of sorted.slice(0, 20)) out(row);
  });
`;
  const query = parseQuery(options, fields);
  expect(printingJob(source, query)).toBe(
    `${job}\nfor await (const row of rows.executeAndCollect('logs')) console.log(JSON.stringify(row));\n`,
  );
  expect(toolJob(source, query)).toBe(`${job}\nrows.toHost('rows');\nawait env.executeAsync('logs');\n`);
});

describe('records', () => {
  test('are shown with all fields but the line, and times as times', () => {
    expect(steps({ where: 'bytes > 0' })).toEqual([
      '.filter((r) => r.bytes > 0)',
      '.map((r) => ({',
      '  url: r.url,',
      '  status: r.status,',
      '  bytes: r.bytes,',
      '  requestTime: r.requestTime,',
      '  timestamp: new Date(r.timestamp),',
      '  id: r.id,',
      '  user: r.user,',
      '}));',
    ]);
  });

  test('are shown with what is selected', () => {
    expect(steps({ select: "raw, Url=url.slice(1, 2), request_time, user.name, t=timestamp, 'a,b'" })).toEqual([
      '.map((r) => ({',
      '  raw: r.raw,',
      '  Url: r.url.slice(1, 2),',
      '  requestTime: r.requestTime,',
      "  'user.name': Object(r.user).name ?? null,",
      '  t: new Date(r.timestamp),',
      "  '\\'a,b\\'': 'a,b',",
      '}));',
    ]);
  });

  test('of which only the first are wanted', () => {
    expect(printingJob(source, parseQuery({ select: 'url', top: 3 }, fields))).toContain(
      "let left = 3;\nfor await (const row of rows.executeAndCollect('logs')) {\n  console.log(JSON.stringify(row));\n  if (--left === 0) break;\n}\n",
    );
  });
});

describe('groups', () => {
  test.each<[string, QueryOptions, string[]]>([
    ['all', { agg: 'count()' }, [".keyBy(() => 'all')", '.aggregate({ count: count() })', '.map((r) => ({ count: r.count }));']],
    ['a field', { by: 'url' }, [".keyBy('url')", '.aggregate({ count: count() })', '.map((r) => ({ url: r.key, count: r.count }));']],
    [
      'a field with another name',
      { by: 'page=url' },
      [".keyBy('url')", '.aggregate({ count: count() })', '.map((r) => ({ page: r.key, count: r.count }));'],
    ],
    [
      'something computed, with the fields that are aggregated',
      { by: 'class=Math.floor(status / 100), url', agg: 'sum(bytes), n=count(), distinct(url)' },
      [
        '.map((r) => ({ class: Math.floor(r.status / 100), url: r.url, bytes: r.bytes }))',
        ".keyBy(['class', 'url'])",
        ".aggregate({ sum_bytes: sum('bytes'), n: count(), distinct_url: countDistinct('url') })",
        '.map((r) => ({ class: r.key[0], url: r.key[1], sum_bytes: r.sum_bytes, n: r.n, distinct_url: r.distinct_url }));',
      ],
    ],
    [
      'something that is called like what is aggregated',
      { by: 'status=Math.floor(status / 100)', agg: 'avg(status)' },
      [
        '.map((r) => ({ status_key: Math.floor(r.status / 100), status: r.status }))',
        ".keyBy('status_key')",
        ".aggregate({ avg_status: avg('status') })",
        '.map((r) => ({ status: r.key, avg_status: r.avg_status }));',
      ],
    ],
    [
      'a field, with aggregates that take no bigints, or numbers among other things',
      { by: 'url', agg: 'avg(id), sum(id), sum(user)' },
      [
        '.map((r) => ({',
        '  url: r.url,',
        '  id_number: r.id === null ? null : Number(r.id),',
        '  id: r.id,',
        "  user_number: typeof r.user === 'number' ? r.user : null,",
        '}))',
        ".keyBy('url')",
        ".aggregate({ avg_id: avg('id_number'), sum_id: sum('id'), sum_user: sum('user_number') })",
        '.map((r) => ({ url: r.key, avg_id: r.avg_id, sum_id: r.sum_id, sum_user: r.sum_user }));',
      ],
    ],
    [
      'a part of a field',
      { by: 'user.name' },
      [
        ".map((r) => ({ 'user.name': Object(r.user).name ?? null }))",
        ".keyBy('user.name')",
        '.aggregate({ count: count() })',
        ".map((r) => ({ 'user.name': r.key, count: r.count }));",
      ],
    ],
    [
      'times',
      { by: 'timestamp', agg: 'max(timestamp)' },
      [
        ".keyBy('timestamp')",
        ".aggregate({ max_timestamp: max('timestamp') })",
        '.map((r) => ({ timestamp: new Date(r.key), max_timestamp: new Date(r.max_timestamp) }));',
      ],
    ],
    [
      'windows that overlap',
      { agg: 'count()', window: '10s', slide: '5s', delay: '0s' },
      [
        ".keyBy(() => 'all')",
        ".window(eventTime.sliding('10s', '5s'))",
        '.aggregate({ count: count() })',
        '.map((r) => ({ start: new Date(r.start), end: new Date(r.end), count: r.count }));',
      ],
    ],
  ])('by %s', (_, options, expected) => {
    expect(steps(options)).toEqual(expected);
  });

  test('of a stream that does not end are those of windows', () => {
    expect(steps({ by: 'url', follow: true })).toContain(".window(eventTime.tumbling('10s'))");
    expect(steps({ by: 'url', follow: true, window: '1m', top: 3 }, { ...source, time: undefined })).toEqual([
      ".keyBy('url')",
      ".window(processingTime.tumbling('1m'))",
      '.aggregate({ count: count() })',
      '.map((r) => ({ start: new Date(r.start), end: new Date(r.end), url: r.key, count: r.count }))',
      ".windowAll(processingTime.tumbling('1s'))",
      '.apply((_window, rows, out) => {',
      '  const sorted = [...rows].sort((a, b) => b.count - a.count || (`${a.url}` < `${b.url}` ? -1 : 1));',
      '  for (const row of sorted.slice(0, 3)) out(row);',
      '});',
    ]);
  });

  test('are ordered by a column', () => {
    const ordered = (agg: string, order?: string): string => {
      const query = parseQuery({ by: 'url', agg, top: 2, order }, fields);
      const [, first] = printingJob(source, query).split('all.sort(');
      return first?.replace(/\s*\(a, b\) =>\s+/, '').split(/\s\|\|/)[0] as string;
    };
    expect(ordered('count(), sum(bytes)')).toBe('b.count - a.count');
    expect(ordered('count(), sum(bytes)', 'sum_bytes')).toBe('b.sum_bytes - a.sum_bytes');
    expect(ordered('first(url), p50(request_time)')).toBe('(b.p50_requestTime ?? -Infinity) - (a.p50_requestTime ?? -Infinity)');
    expect(ordered('max(id)')).toBe('Number(b.max_id ?? -Infinity) - Number(a.max_id ?? -Infinity)');
    expect(ordered('max(timestamp)')).toBe('Number(b.max_timestamp) - Number(a.max_timestamp)');
  });
});

test('aggregates', () => {
  const code = (agg: string): string => {
    const query = parseQuery({ agg }, fields);
    return query.kind === 'groups' ? query.aggregates.map(({ name, code: each }) => `${name}: ${each}`).join(', ') : '';
  };
  expect(code('p50(bytes),p5(bytes),p999(bytes),p100(bytes),median(bytes)')).toBe(
    "p50_bytes: quantile('bytes', 0.5), p5_bytes: quantile('bytes', 0.05), p999_bytes: quantile('bytes', 0.999), p100_bytes: quantile('bytes', 1), median_bytes: quantile('bytes', 0.5)",
  );
  expect(code('avg(bytes), mean(status), variance(bytes), min(url), first(url), last(url)')).toBe(
    "avg_bytes: avg('bytes'), mean_status: avg('status'), variance_bytes: variance('bytes'), min_url: min('url'), first_url: first('url'), last_url: last('url')",
  );
  expect(code('topk(url), most=topK( url , 3 ), approx_distinct(url)')).toBe(
    "topk_url: topK('url', 5), most: topK('url', 3), approx_distinct_url: approxCountDistinct('url')",
  );
});

test.each<[QueryOptions, string]>([
  [{ agg: 'count' }, "--agg: 'count' is no aggregate; write one such as count() or sum(bytes)"],
  [{ agg: 'coun()' }, "--agg: there is no coun(); did you mean 'count'? There are count, sum, avg,"],
  [{ agg: 'toString(url)' }, '--agg: there is no toString(); there are count,'],
  [{ agg: 'count(url)' }, '--agg: count() takes no field; distinct(url) counts different values, and --where says which records count'],
  [{ agg: 'sum()' }, '--agg: sum() needs a field, such as sum(status)'],
  [{ agg: 'sum(url)' }, "--agg: sum(url) needs a number, and 'url' is text"],
  [{ agg: 'avg(timestamp)' }, "--agg: avg(timestamp) needs a number, and 'timestamp' is a time"],
  [{ agg: 'sum(bytes, url)' }, '--agg: sum() takes one field, not bytes, url'],
  [{ agg: 'topk(url, x)' }, '--agg: topk(url, x): how many values must be a whole number from 1'],
  [{ agg: 'sum(byte)' }, "--agg: there is no field 'byte'; did you mean 'bytes'?"],
  [{ agg: 'count(),' }, "--agg: 'count(),' has nothing between two commas, or at an end"],
  [{ by: 'url,,status' }, "--by: 'url,,status' has nothing between two commas, or at an end"],
  [{ by: 'byts' }, "--by: there is no field 'byts'; did you mean 'bytes'?"],
  [{ by: 'url,url' }, "two columns are called 'url'; give one another name, such as url2=url"],
  [{ agg: 'count(), count()' }, "two columns are called 'count'"],
  [{ by: 'start=url', window: '1m' }, "'start' is a column of windows; give one another name, such as start2=start"],
  [{ by: 'url', select: 'url' }, '--select is for records; rows of groups have the columns of --by and --agg'],
  [{ select: 'url', order: 'url' }, '--order is for rows of groups; records come as they are read'],
  [{ by: 'url', slide: '1s' }, '--slide says how far windows are apart; how long they are, --window says'],
  [{ by: 'url', delay: '1s' }, '--delay is for windows; --window says how long they are'],
  [{ window: '1x' }, "--window: '1x' is not a duration"],
  [{ window: '0s' }, '--window: it must be longer than 0'],
  [{ window: '1s', delay: 'x' }, "--delay: 'x' is not a duration"],
  [{ by: 'url', order: 'coun' }, "--order: there is no number in a column 'coun'; did you mean 'count'? Rows can be ordered by count"],
  [{ by: 'url', agg: 'first(url)', top: 1 }, '--top: rows are ordered by a number, and no aggregate is one; add one such as count()'],
])('%j is refused', (options, message) => {
  expect(() => parseQuery(options, fields)).toThrow(message);
});

test('a source that is standard input, of text', () => {
  const stdin: SourceCode = { method: 'stdin', arguments: [], options: [['format', 'formats.text()']], isText: true, time: undefined };
  const line: KnownField[] = [{ name: 'line', nullable: false, kind: 'string' }];
  expect(printingJob(stdin, parseQuery({ where: 'line.length > 3' }, line))).toContain(
    'env\n  .stdin({ format: formats.text() })\n  .map((line) => ({ line }))\n  .filter((r) => r.line.length > 3)\n  .map((r) => ({ line: r.line }));',
  );
});

test('records without a time are left out of windows', () => {
  const options = { agg: 'count()', window: '1m' } as const;
  const time = { field: 'timestamp', unitMs: 1, nullable: true } as const;
  expect(printingJob({ ...source, time }, parseQuery(options, fields))).toContain(
    "{ timestamp: (r) => r.timestamp ?? 0 }) },\n  )\n  .filter((r) => r.timestamp !== null)\n  .keyBy(() => 'all')",
  );
  expect(printingJob({ ...source, time }, parseQuery({ agg: 'count()' }, fields))).not.toContain('filter');
});

test('times in seconds, and fields whose names are no identifiers', () => {
  const seconds: KnownField[] = [
    { name: 'user-id', nullable: true, kind: 'string' },
    { name: 'ts', nullable: true, kind: 'seconds' },
  ];
  const options = { by: 'user-id', agg: 'max(ts)', window: '1m' } as const;
  const code = printingJob({ ...source, time: { field: 'ts', unitMs: 1000, nullable: false } }, parseQuery(options, seconds));
  expect(code).toContain('{ timestamp: (r) => r.ts * 1000 }');
  expect(code).toContain(".keyBy('user-id')");
  expect(code).toContain("    'user-id': r.key,\n    max_ts: r.max_ts === null ? null : new Date(r.max_ts * 1000),\n");
});

test('texts are quoted', () => {
  for (const text of ['', "it's", 'a "b"', '\\', 'a\n\t\u2028', '日本']) expect(new Function(`return ${quoted(text)}`)()).toBe(text);
  expect(quoted(`it's "x"\n`)).toBe(`'it\\'s "x"\\n'`);
});

test('lists are broken where they have no room', () => {
  const long = (n: number): Code => [
    'f',
    { open: '(', items: ['x'.repeat(n), { open: '[', items: ['y'.repeat(60), 'z'], close: ']' }], close: ')' },
  ];
  expect(layout(long(20), 2)).toBe(`f(${'x'.repeat(20)}, [${'y'.repeat(60)}, z])`);
  expect(layout(long(60), 2)).toBe(`f(\n    ${'x'.repeat(60)},\n    [${'y'.repeat(60)}, z],\n  )`);
});
