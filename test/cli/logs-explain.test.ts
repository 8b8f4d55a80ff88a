/** What `millrace logs --explain` prints: jobs that hold in strict TypeScript, and make the rows of the tool. */

import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { millrace, project, Running } from './harness.ts';
import { asArguments, explained, type Question } from './logs-question.ts';

vi.setConfig({ testTimeout: 90_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));

const access = '192.0.2.1 - - [03/Mar/2025:06:00:00 +0000] "GET /a HTTP/1.1" 200 5';
const json = [
  {
    time: '2025-03-03T06:00:00Z',
    level: 'info',
    ms: 1.5,
    id: 9007199254740994,
    ok: true,
    ts: 1741003200,
    tags: ['a', 'b'],
    items: [{ sku: 'a', price: 5 }],
    odd: 1,
    none: null,
    http: { status: 200, bytes: 100, method: 'GET', 'user-agent': 'curl', request: { id: 'x', at: '2025-03-03T06:00:00Z' } },
  },
  { time: '2025-03-03T06:01:00Z', level: 'error', ts: 1741003260, odd: { a: 2 }, http: { status: 500, bytes: 20, method: 'PUT' } },
  { time: '2025-03-03T06:02:00Z', level: 'error', ts: 1741003320, odd: 'x' },
];

const samples = {
  json: json.map((record) => `${JSON.stringify(record)}\n`).join(''),
  common: `${access}\n`,
  combined: `${access} "-" "curl" 0.1\n${access} "-" "curl"\n`,
  csv: 'time,level,ms,ok\n2025-03-03T06:00:00Z,info,5,true\n2025-03-03T06:01:00Z,,,\n',
  tsv: 'ts\tlevel\tms\n1741003200\tinfo\t5\n1741003260\terror\t\n',
  logfmt: 'time=2025-03-03T06:00:00Z level=info ms=5 http.status=200 cached\ntime=2025-03-03T06:01:00Z level=error\n',
  ltsv: 'time:[03/Mar/2025:06:00:00 +0000]\tstatus:200\tlevel:x\tms:4\n',
  syslog: '<34>1 2025-03-03T06:00:00Z host app 12 ID47 - hi\n<34>1 - host app - - - hi\n',
  text: 'hello world\n',
  elb: 'http 2018-07-02T22:23:00.186641Z app/x/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:x "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"\n',
  cloudfront:
    '#Version: 1.0\n#Fields: date time x-edge-location\n2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\tMozilla/5.0\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\td111111abcdef8.cloudfront.net\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-\n',
};

/** What is asked of fields that many formats have: a text, a number, a time. */
function usual(text: string, number: string, time: string): Question[] {
  return [
    {},
    { where: `${number} >= 5 && ${text}.includes("a") || ${text} > "b" || ${number} == "5"`, top: 3 },
    { by: text, agg: `count(), sum(${number}), p99(${number}), max(${number}), first(${text}), topk(${text})`, top: 5 },
    { by: `part=${text}.slice(0, 2),class=Math.floor(${number} / 100)`, agg: `avg(${number}), distinct(${text})` },
    { by: text, agg: `count(), max(${number})`, window: '1m', top: 3, order: `max_${number}` },
    { agg: `min(${time}), max(${time})`, window: '1m', slide: '10s', top: 1, order: `max_${time}` },
    {
      where: `${time} > "2025-03-03T06:00" && /a/.test(${text}) && ["a"].includes(${text})`,
      select: `${text},x=${number} * 2 + 1,${time}`,
    },
    { by: `hour=new Date(${time}).getUTCHours()`, where: `parseInt(${text}) > 1 || ${text}.length > 3 || [1].includes(${number})` },
    {
      where: `(["", "x"].includes(${text}) || /^$/.test(${text}) || new RegExp("x*").test(${text}) || "x".includes(${text}))`,
      by: `part=${text}.split("?")[1],length=${text}.split("?")[1].length,x=${number} > 5 ? ${text}.split("/")[2] : undefined`,
    },
    {
      where: `${text}.split("?")[1] > 5 && ${text}.split("?")[1].trim() + "x" != "x" && /x/.test(${text}.split("?")[1])`,
      select: `a=${text}.match(/(?<b>.)/).groups.b,b=${number} > 5 && ${text}.split("/")[2],c=-${number},d=!${text},e=JSON.parse(${text}).a.b`,
    },
    { select: `a=${text} + " " + ${number},b=${text}.match(/(.)/)[1].length,c={ ${text} },d=\`\${${text}}\`,e=-${number}` },
  ];
}

/** What is asked of objects, of arrays, of large numbers, and of what is of no certain kind. */
const ofJson: Question[] = [
  ...usual('level', 'ms', 'time'),
  ...usual('level', 'ms', 'ts'),
  { where: 'http.status >= 500' },
  { where: 'http.status >= 500 && http.method.startsWith("P")', by: 'http.method', agg: 'count(), sum(http.bytes), p99(http.bytes)' },
  { by: 'http.status,http["user-agent"]', agg: 'max(http.request.at)', window: '1m', time: 'http.request.at', top: 2 },
  { by: 'http,http.method,level', agg: 'avg(http.bytes), max(http.request.id), count()' },
  { select: 'http.request,http.request.id,x=http.bytes / 2,y=http.status === null', where: '["GET"].includes(http.method)' },
  { where: 'tags.includes("a") && tags.length > 1 && items.some((item) => item.price > 4)', select: 'sku=items[0].sku,tags' },
  { where: 'odd.a > 1 || odd == "x" || odd > 0 || odd.some((each) => each > 1)', agg: 'sum(odd), max(none), avg(none)' },
  { where: 'id % 2 == 0 && id > 5 && id != 7 && 2 * id > 4 && [1].indexOf(id) < 0', agg: 'sum(id), avg(id), p50(id), max(id)', top: 1 },
  { where: 'ok == "true" && !ok || ok', agg: 'count(), max(ts)', window: '1m', time: 'ts' },
  { where: 'Object.keys(http).length > 3 || JSON.stringify(items) != "[]" || none == null', by: 'tags' },
];

const questions: Readonly<Record<keyof typeof samples, readonly Question[]>> = {
  json: ofJson,
  common: usual('url', 'bytes', 'timestamp'),
  combined: [...usual('user', 'requestTime', 'timestamp'), { where: 'referrer == null', by: 'status,method', window: '1m' }],
  csv: usual('level', 'ms', 'time'),
  tsv: usual('level', 'ms', 'ts'),
  logfmt: [...usual('level', 'ms', 'time'), { where: 'http.status >= 500 && cached', by: 'http.status' }],
  ltsv: usual('level', 'status', 'time'),
  syslog: usual('message', 'severity', 'timestamp'),
  text: [{}, { where: 'line.includes("x")', by: 'word=line.split(" ")[0]' }, { where: 'line.match(/x(.)/)[1] == "y"', top: 2 }],
  elb: usual('ip', 'status', 'timestamp'),
  cloudfront: usual('userAgent', 'contentLength', 'timestamp'),
};

/** A directory in which a job finds the package. */
function workspace(files: Readonly<Record<string, string>>): string {
  const directory = project({ ...files, 'package.json': '{ "type": "module" }' });
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/millrace'));
  symlinkSync(join(root, 'node_modules/@types'), join(directory, 'node_modules/@types'));
  return directory;
}

/** The log of a format is called after it. */
const logs = Object.entries(samples) as [keyof typeof samples, string][];

test('types hold, whatever is asked of whatever format', async () => {
  const directory = workspace({});
  for (const [name, sample] of logs)
    for (const [i, question] of questions[name].entries())
      writeFileSync(join(directory, `${name}-${i}.ts`), `// ${JSON.stringify(question)}\n${explained(name, sample, question)}`);
  const compilerOptions = { strict: true, noEmit: true, module: 'nodenext', target: 'es2022', types: ['node'], skipLibCheck: true };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  expect(await compilerSays(directory)).toBe('');
});

function compilerSays(directory: string): Promise<string> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => execFile(process.execPath, [compiler, '-p', directory], (_, stdout, stderr) => resolve(stdout + stderr)));
}

test('rows are those of the tool', async () => {
  const question: Question = {
    where: 'http.status * 2 >= 400',
    select: 'http.method,http,x=http.bytes / 2,y=ms / 0,z=id % 5,a=odd.a,b=items[0].sku,c=level.split("o")[1],d=(-ms)',
  };
  const directory = workspace({ json: samples.json, 'job.mjs': explained('json', samples.json, question) });
  const [alone, tool] = await Promise.all([
    new Running(directory, [process.execPath, 'job.mjs']).ended(),
    millrace(directory, ['logs', 'json', ...asArguments(question), '--out', 'json']),
  ]);
  const rows = [
    `{"http.method":"GET","http":${JSON.stringify(json[0]?.http)},"x":50,"y":null,"z":4,"a":null,"b":"a","c":"","d":-1.5}`,
    `{"http.method":"PUT","http":${JSON.stringify(json[1]?.http)},"x":10,"y":null,"z":null,"a":2,"b":null,"c":"r","d":null}`,
  ];
  expect([alone, tool]).toMatchObject([{ code: 0 }, { code: 0 }]);
  expect([alone, tool].map(({ stdout }) => stdout.trimEnd().split('\n').sort())).toEqual([rows, rows]);
});
