/** Fields that lie in objects of JSON, wherever `millrace logs` takes the name of a field. */

import { expect, test, vi } from 'vitest';
import { millrace, project } from './harness.ts';
import { asArguments, explained, type Question } from './logs-question.ts';

vi.setConfig({ testTimeout: 90_000 });

const records = [
  { time: '2025-03-03T06:00:00Z', http: { status: 200, bytes: 100, 'user-agent': 'curl', request: { id: 'a' } }, timing: { total: 1.5 } },
  { time: '2025-03-03T06:00:10Z', http: { status: 500, bytes: 20, 'user-agent': 'curl', request: { id: 'b' } }, timing: { total: 0.5 } },
  { time: '2025-03-03T06:01:00Z', http: { status: 503, bytes: 3 }, timing: { total: null, done: '2025-03-03T07:00:00Z' }, tags: ['x'] },
  { time: '2025-03-03T06:01:10Z', labels: {}, odd: 'x', none: null, timing: { done: '2025-03-03T07:05:00Z' } },
  { time: '2025-03-03T06:01:20Z', odd: { a: 1 } },
];
const sample = records.map((record) => `${JSON.stringify(record)}\n`).join('');

const minutes = ['00', '01', '02'].map((minute) => `2025-03-03T06:${minute}:00.000Z`);

/** What is asked, the lines of the answer, of which those behind the head are in the order of their texts, and what is told of it. */
const answers: [what: string, question: Question, lines: string[], stderr: string][] = [
  [
    'aggregates, in columns that are named after the fields',
    { agg: 'count(), sum(http.bytes), max(timing.total), distinct(http_bytes), least=min(http.request.id)' },
    ['count,sum_http.bytes,max_timing.total,distinct_http.bytes,least', '5,123,1.5,3,a'],
    '',
  ],
  [
    'groups, by fields in other spellings and in brackets, and by what is computed of them, ordered by an aggregate',
    {
      by: 'http.status,agent=http["user-agent"],id=http.Request.id.toUpperCase()',
      agg: 'count(), max(http_bytes)',
      window: '1m',
      top: 2,
      order: 'max_http.bytes',
    },
    [
      'start,end,http.status,agent,id,count,max_http.bytes',
      `${minutes[0]},${minutes[1]},200,curl,A,1,100`,
      `${minutes[0]},${minutes[1]},500,curl,B,1,20`,
      `${minutes[1]},${minutes[2]},,,,2,`,
      `${minutes[1]},${minutes[2]},503,,,1,3`,
    ],
    '',
  ],
  [
    'windows by a nested time, without which a record is in none',
    { window: '1m', time: 'timing.done', agg: 'count(), max(timing.done)' },
    [
      'start,end,count,max_timing.done',
      '2025-03-03T07:00:00.000Z,2025-03-03T07:01:00.000Z,1,2025-03-03T07:00:00.000Z',
      '2025-03-03T07:05:00.000Z,2025-03-03T07:06:00.000Z,1,2025-03-03T07:05:00.000Z',
    ],
    "3 bad records of 'app.ndjson': 'timing.done' is missing",
  ],
];

test('answers have nested fields wherever there may be fields', async () => {
  const directory = project({ 'app.ndjson': sample });
  await Promise.all(
    answers.map(async ([what, question, lines, told]) => {
      const { code, stdout, stderr } = await millrace(directory, ['logs', 'app.ndjson', ...asArguments(question)]);
      const [head = '', ...rows] = stdout.trimEnd().split('\n');
      expect({ what, code, lines: [head, ...rows.sort()] }).toEqual({ what, code: 0, lines });
      expect(stderr).toContain(told);
    }),
  );
});

const inHttp = "The fields of 'http' are status, bytes, user-agent, request";

test.each<[Question, string]>([
  [{ where: 'http.statsu >= 500' }, `--where: there is no field 'http.statsu'; did you mean 'http.status'? ${inHttp}`],
  [{ where: 'http?.["statsu"] > 5' }, `--where: there is no field 'http.statsu'; did you mean 'http.status'? ${inHttp}`],
  [{ by: 'http.statsu' }, `--by: there is no field 'http.statsu'; did you mean 'http.status'? ${inHttp}`],
  [{ by: 'x=http.request.idd + 1' }, "--by: there is no field 'http.request.idd'; did you mean 'http.request.id'? The fields of"],
  [{ select: 'http.xyz' }, `--select: there is no field 'http.xyz'; ${inHttp.replace('The', 'the')}`],
  [{ agg: 'sum(http.byts)' }, `--agg: there is no field 'http.byts'; did you mean 'http.bytes'? ${inHttp}`],
  [{ agg: 'sum(htp.bytes)' }, "--agg: there is no field 'htp.bytes'; did you mean 'http.bytes'? The fields are time, http, timing,"],
  [{ agg: 'sum(bytes)' }, "--agg: there is no field 'bytes'; did you mean 'http.bytes'? The fields are time, http, timing,"],
  [{ where: 'bytes > 5' }, "--where: there is no field 'bytes'; did you mean 'http.bytes'? The fields are time, http, timing,"],
  [{ agg: 'sum(http)' }, "--agg: sum(http) needs a number, and 'http' is an object; name one of its fields, such as http.status"],
  [{ agg: 'min(tags)' }, "--agg: min(tags) needs something with an order, and 'tags' is an array"],
  [{ agg: 'max(http.status.code)' }, "--agg: there is no 'code' in 'http.status', which is a number"],
  [{ where: 'labels.app == "x"' }, "--where: there is no field 'labels.app'; of 'labels', the first lines show no fields"],
  [{ where: 'http.status.code > 5' }, "--where: there is no 'code' in 'http.status', which is a number"],
  [{ where: 'http.request.id.lenght > 5' }, "--where: there is no 'lenght' in 'http.request.id', which is text; did you mean 'length'?"],
  [{ where: 'tags.lenght > 5' }, "--where: there is no 'lenght' in 'tags', which is an array; did you mean 'length'?"],
  [
    { time: 'timing.dne', window: '1m' },
    "--time: there is no field 'timing.dne'; did you mean 'timing.done'? The fields of 'timing' are total",
  ],
  [{ time: 'http.status', window: '1m' }, "--time: 'http.status' holds no times in ISO 8601, and no seconds or milliseconds since 1970"],
  [{ time: 'timing.done', window: '1m', by: 'timing' }, "--time: 'timing.done' lies in an object that the question takes as a whole"],
])('%j is refused', (question, message) => {
  expect(() => explained('app.ndjson', sample, question)).toThrow(message);
});

test.each<[Question, string]>([
  // What is an object only sometimes, or nothing so far, may have any part.
  [{ where: 'odd.b == 1 && none.x.y == 1' }, '.filter((r) => Object(r.odd).b == 1 && Object(r.none).x?.y == 1)'],
  [{ where: 'odd.a == 1', by: 'http.status' }, ".filter((r) => r['odd.a'] == 1)"],
  [{ where: 'odd.a == 1 && odd != "x"', by: 'time' }, '.filter((r) => Object(r.odd).a == 1 && r.odd != "x")'],
  // Objects have what all objects have, and arrays what arrays have.
  [{ where: 'http.hasOwnProperty("status")' }, '.filter((r) => Object(r.http).hasOwnProperty?.("status"))'],
  [{ where: 'http[tags[0]] == 1' }, '.filter((r) => Object(r.http)[(Array.isArray(r.tags) ? r.tags : null)?.[0]] == 1)'],
  [{ where: 'tags.some((tag) => tag == "x")' }, '.filter((r) => (Array.isArray(r.tags) ? r.tags : null)?.some((tag) => tag == "x"))'],
  // Where the object itself is read, its parts are taken from it.
  [{ where: 'http.status === null', by: 'http' }, '.filter((r) => (r.http?.status ?? null) === null)'],
  [{ where: 'http.status === null', by: 'http.request' }, ".filter((r) => r['http.status'] === null)"],
])('%j becomes %s', (question, code) => {
  expect(explained('app.ndjson', sample, question)).toContain(`  ${code}\n`);
});

test('only what a question names is read of an object, by paths', () => {
  const job = explained('app.ndjson', '{"a":{"b.c":1,"d":{"e":2,"f":[]},"g":3},"h":5}\n', { by: 'a.b.c', agg: 'sum(a.d.e), max(h)' });
  expect(job).toContain(`formats.json(
      { 'a.b.c': t.nullable(t.float64), 'a.d.e': t.nullable(t.float64), h: t.nullable(t.float64) },
      { paths: { 'a.b.c': ['a', 'b.c'], 'a.d.e': 'a.d.e' }, exactIntegers: true },
    )`);
});

test('a field of the record may have points in its name', () => {
  const job = explained('app.log', 'http.status=200 http=2\nhttp.status=500 http=1\n', {
    where: 'http.status >= 500',
    agg: 'sum(http.status)',
  });
  expect(job).toContain("formats.logfmt({ 'http.status': t.nullable(t.float64), http: t.nullable(t.float64) }, { exactIntegers: true })");
  expect(job).toContain("  .filter((r) => (r['http.status'] ?? NaN) >= 500)\n");
});

test('objects are looked into so far and no further', () => {
  const levels = 5000;
  const deep = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}\n`;
  const name = Array.from({ length: 10 }, () => 'a').join('.');
  expect(explained('deep.ndjson', deep, { by: name })).toContain(`paths: { '${name}': '${name}' }`);
  expect(explained('deep.ndjson', deep, { where: `${Array.from({ length: 30 }, () => 'a').join('.')} == 1` })).toContain('.a?.a?.a == 1)');
});
