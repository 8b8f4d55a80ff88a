/** `millrace logs`, as a shell sees it. */

import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { type Ended, millrace, project, Running, start, startOnTerminal, terminalMissing } from './harness.ts';

vi.setConfig({ testTimeout: 90_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));

const access = ([ip, second, request, status, bytes, seconds]: readonly (string | number)[]): string =>
  `${ip} - - [03/Mar/2025:06:${String(second).padStart(5, '0')} +0000] "${request} HTTP/1.1" ${status} ${bytes} "-" "curl" ${seconds}\n`;

const accessLog = [
  ['192.0.2.1', '00:01', 'GET /', 200, 100, 0.01],
  ['192.0.2.2', '00:02', 'GET /tents', 500, 7, 0.5],
  ['192.0.2.1', '00:59', 'GET /tents', 503, 8, 0.25],
  ['192.0.2.3', '01:00', 'POST /cart', 500, 9, 1.5],
  ['192.0.2.1', '02:30', 'GET /', 200, 200, 0.02],
].map(access);

/** A run of the command with this on standard input. */
function piped(directory: string, args: readonly string[], chunks: readonly string[]): Promise<Ended> {
  const running = start(directory, ['logs', '-', ...args]);
  for (const chunk of chunks) running.child.stdin?.write(chunk);
  running.child.stdin?.end();
  return running.ended();
}

test('answers a question, and tells of lines that it could not read', async () => {
  const directory = project({ 'access.log': `${accessLog.join('')}what\n` });
  const question = ['--where', 'status >= 500', '--by', 'url,status', '--agg', 'count(), sum(bytes), p99(request_time)'];
  const { code, stdout, stderr } = await millrace(directory, [
    'logs',
    'access.log',
    ...question,
    '--window',
    '1m',
    '--top',
    '2',
    '--format',
    'combined',
  ]);
  const rows = stdout.split('\n');
  expect(rows.slice(0, 1)).toEqual(['start,end,url,status,count,sum_bytes,p99_requestTime']);
  expect(
    rows
      .slice(1)
      .sort()
      .map((row) => row.replace(/,[^,]*$/, '')),
  ).toEqual([
    '',
    '2025-03-03T06:00:00.000Z,2025-03-03T06:01:00.000Z,/tents,500,1,7',
    '2025-03-03T06:00:00.000Z,2025-03-03T06:01:00.000Z,/tents,503,1,8',
    '2025-03-03T06:01:00.000Z,2025-03-03T06:02:00.000Z,/cart,500,1,9',
  ]);
  expect(stderr).toContain('no " " behind \'ip\'');
  expect(code).toBe(0);
});

test.each([
  ['ndjson', (id: string) => `{"id":${id},"x":1}`, ''],
  ['csv', (id: string) => `${id},1`, 'id,x\n'],
  ['logfmt', (id: string) => `id=${id} x=1`, ''],
])('ids behind the sample that a number does not hold are told of, and not made one: %s', async (format, line, head) => {
  const ids = [...Array.from({ length: 20_000 }, (_, i) => String(i % 10)), '1234567890123456789', '1234567890123456790'];
  const directory = project({ [`big.${format}`]: `${head}${ids.map(line).join('\n')}\n` });
  const { stdout, stderr } = await millrace(directory, ['logs', `big.${format}`, '--where', 'id > 8', '--by', 'id', '--out', 'json']);
  expect(stdout).toBe('{"id":9,"count":2000}\n');
  expect(stderr).toContain("'id' has more digits than a float64 holds");
});

test('standard input that is compressed is refused with the way out', async () => {
  const running = start(project({}), ['logs', '-']);
  running.child.stdin?.end(gzipSync(accessLog.join('')));
  const { code, stdout, stderr } = await running.ended();
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error[SOURCE_FAILED]: logs: standard input is gzip: pipe it through `zcat`, or name the file instead\n',
  });
});

test('of no records, an aggregate of all is one row', async () => {
  const directory = project({ 'w.ndjson': '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n' });
  const ask = (...args: readonly string[]): Promise<Ended> =>
    millrace(directory, ['logs', 'w.ndjson', '--where', 'a > 1000', '--agg', 'count(),sum(a),max(a),distinct(b),topK(b)', ...args]);
  const [csv, json, table, groups] = await Promise.all([
    ask('--out', 'csv'),
    ask('--out', 'json', '--top', '3'),
    ask('--out', 'table'),
    ask('--out', 'csv', '--by', 'b'),
  ]);
  expect(csv.stdout).toBe('count,sum_a,max_a,distinct_b,topK_b\n0,,,0,[]\n');
  expect(json.stdout).toBe('{"count":0,"sum_a":null,"max_a":null,"distinct_b":0,"topK_b":[]}\n');
  expect(table.stdout).toBe('count  sum_a  max_a  distinct_b  topK_b\n    0  -      -               0  []\n');
  expect(groups.stdout).toBe('b,count,sum_a,max_a,distinct_b,topK_b\n');
});

test("a field of JSON that is called raw is the record's own", async () => {
  const directory = project({ 'raw.ndjson': '{"raw":"a","n":1}\n{"raw":"b","n":2}\n', 'raw.csv': 'raw,n\na,1\nb,2\n' });
  const ask = async (...args: readonly string[]): Promise<string> =>
    (await millrace(directory, ['logs', ...args, '--top', '2', '--out', 'json'])).stdout;
  const [json, csv, groups] = await Promise.all([ask('raw.ndjson'), ask('raw.csv'), ask('raw.ndjson', '--by', 'raw')]);
  expect([json, csv]).toEqual(Array(2).fill('{"raw":"a","n":1}\n{"raw":"b","n":2}\n'));
  expect(groups).toBe('{"raw":"a","count":1}\n{"raw":"b","count":1}\n');
});

test('what --explain prints is a job of its own, with the same rows', async () => {
  const records = ['anna', "ben's", 'anna'].map((user, i) =>
    JSON.stringify({ time: `2025-03-03T06:0${i}:00Z`, user, ms: i + 0.5, 'a-b': null, ok: i > 0, http: { status: 200, bytes: i + 1 } }),
  );
  const directory = project({ "it's.ndjson": `${records.join('\n')}\n`, 'package.json': '{ "type": "module" }' });
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules', 'millrace'));
  const question = [
    'logs',
    "it's.ndjson",
    '--by',
    'user,big=ms > 1,http.status',
    '--agg',
    'count(), max(ms), avg(ms), sum(http.bytes)',
    '--where',
    'time > "2025" && http.bytes / 2 < 5',
    '--window',
    '1h',
    '--top',
    '5',
  ];
  const explained = await millrace(directory, [...question, '--explain']);
  expect(explained).toMatchObject({ code: 0, stderr: '' });
  expect(Math.max(...explained.stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
  writeFileSync(join(directory, 'job.mjs'), explained.stdout);
  const [alone, tool] = await Promise.all([
    new Running(directory, [process.execPath, 'job.mjs']).ended(),
    millrace(directory, [...question, '--out', 'json']),
  ]);
  expect(alone).toMatchObject({ code: 0, stderr: '' });
  expect(alone.stdout.split('\n').sort()).toEqual(tool.stdout.split('\n').sort());
  expect(tool.stdout.split('\n').sort()).toEqual(
    [
      '',
      ...[
        'true,"http.status":200,"count":1,"max_ms":2.5,"avg_ms":2.5,"sum_http.bytes":3}',
        'false,"http.status":200,"count":1,"max_ms":0.5,"avg_ms":0.5,"sum_http.bytes":1}',
      ].map((rest) => `{"start":"2025-03-03T06:00:00.000Z","end":"2025-03-03T07:00:00.000Z","user":"anna","big":${rest}`),
      '{"start":"2025-03-03T06:00:00.000Z","end":"2025-03-03T07:00:00.000Z","user":"ben\'s","big":true,"http.status":200,"count":1,"max_ms":1.5,"avg_ms":1.5,"sum_http.bytes":2}',
    ].sort(),
  );
});

test('reads a pipe, whose first line tells the format, and compressed files', async () => {
  const directory = project({});
  writeFileSync(join(directory, 'access.log.gz'), gzipSync(accessLog.join('')));
  const question = ['--select', 'ip,status', '--where', 'status < 500'];
  const [first, ...rest] = accessLog;
  const expected = { code: 0, stdout: 'ip,status\n192.0.2.1,200\n192.0.2.1,200\n', stderr: '' };
  const [slow, gzip, empty, csv] = await Promise.all([
    piped(directory, question, [first?.slice(0, 9) as string, first?.slice(9) as string, ...rest]),
    millrace(directory, ['logs', 'access.log.gz', ...question]),
    piped(directory, ['--agg', 'count()'], []),
    piped(directory, ['--agg', 'sum(ms)'], ['level,ms\ninfo,5\n', 'warn,\ninfo,7\n']),
  ]);
  expect(slow).toEqual(expected);
  expect(gzip).toEqual(expected);
  expect(empty).toEqual({ code: 0, stdout: 'count\n0\n', stderr: '' });
  expect(csv).toEqual({ code: 0, stdout: 'sum_ms\n12\n', stderr: '' });
});

test('stops when there are enough records', async () => {
  const directory = project({ 'access.log': accessLog.join('').repeat(20_000) });
  expect(await millrace(directory, ['logs', 'access.log', '--top', '2', '--select', 'url', '--out', 'json'])).toEqual({
    code: 0,
    stdout: '{"url":"/"}\n{"url":"/tents"}\n',
    stderr: '',
  });
});

test('what cannot be answered is refused', async () => {
  const directory = project({ 'a.txt': 'x\n', 'empty.log': '', 'zero.bin': 'ab\0', 'logs/a.log': 'x\n' });
  const refused = async (args: readonly string[], message: string): Promise<void> => {
    const { code, stdout, stderr } = await millrace(directory, ['logs', ...args]);
    expect({ code, stdout, stderr: stderr.replaceAll(`${directory}/`, '') }).toMatchObject({ code: 1, stdout: '' });
    expect(stderr.replaceAll(`${directory}/`, '')).toContain(message);
  };
  await Promise.all([
    refused(['missing.log'], "error[SOURCE_FAILED]: logs: no file matches 'missing.log'\n"),
    refused(['logs'], "error[SOURCE_FAILED]: logs: cannot read 'logs': EISDIR: 'logs' is a directory; say 'logs/*' for the files in it\n"),
    refused(['empty.log'], "error[SOURCE_FAILED]: logs: 'empty.log' is empty, so that its format cannot be recognised; --format says"),
    refused(['zero.bin'], "error[SOURCE_FAILED]: logs: 'zero.bin' is no log: byte 2 is zero; --format text reads it all the same\n"),
    refused(
      ['a.txt', '--window', '1m'],
      'error[INVALID_OPTION]: --window: no field tells the time of a record; --time names one. The fields are line\n',
    ),
    refused(
      ['a.txt', '--format', 'combind'],
      "error[INVALID_OPTION]: --format: there is no format 'combind'; did you mean 'combined'? There are auto",
    ),
    refused(['a.txt', '-'], "error[INVALID_OPTION]: logs: '-' is standard input, and stands alone\n"),
  ]);
});

test.skipIf(terminalMissing() !== undefined)('on a terminal, a table that is drawn anew while files grow; Ctrl-C ends it', async () => {
  const directory = project({ 'access.log': accessLog.join('') });
  const running = startOnTerminal(directory, "logs access.log --follow --window 1m --by status --agg 'count()' --delay 0s");
  await running.wrote(' 5 records');
  appendFileSync(join(directory, 'access.log'), access(['192.0.2.1', '09:00', 'GET /', 200, 1, 1]));
  await running.wrote('06:02:00Z – 2025-03-03T06:03:00Z');
  running.child.stdin?.write('\u0003');
  const { stdout } = await running.ended();
  const plain = stdout.replaceAll('\r', '').replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d*[A-Z]`, 'g'), '');
  expect(plain).toContain('2025-03-03T06:02:00Z – 2025-03-03T06:03:00Z\nstatus  count\n   200      1  █ █\n');
  expect(plain).toContain('2025-03-03T06:09:00Z – 2025-03-03T06:10:00Z\nstatus  count\n   200      1  █ ██\n');
  expect(plain).toContain('stopped: 6 records');
});

test('of as many it shows those that come first by their names, in whatever order they were counted', async () => {
  const lines = Array.from({ length: 200 }, (_, i) => JSON.stringify({ at: new Date(i).toISOString(), user: `u${(i * 7) % 40}` }));
  const directory = project({ 'users.ndjson': lines.join('\n') });
  const question = ['logs', 'users.ndjson', '--by', 'user', '--window', '1m', '--top', '3', '--time', 'at', '--out', 'json', '-p', '2'];
  const { stdout } = await millrace(directory, question);
  const users = stdout
    .trim()
    .split('\n')
    .map((row) => (JSON.parse(row) as { user: string }).user);
  expect(users).toEqual(['u0', 'u1', 'u10']);
});
