/** Conditions and values of `millrace logs`, as code. */

import { describe, expect, test } from 'vitest';
import { parseExpression } from '../../src/cli/logs/expression.ts';
import { fieldNamed, type KnownField } from '../../src/cli/logs/fields.ts';
import { RecordLayout } from '../../src/cli/logs/record-layout.ts';

const fields: readonly KnownField[] = [
  { name: 'url', nullable: false, kind: 'string' },
  { name: 'status', nullable: false, kind: 'number' },
  { name: 'requestTime', nullable: true, kind: 'number' },
  { name: 'user', nullable: true, kind: 'any' },
  { name: 'message', nullable: true, kind: 'string' },
  { name: 'user-id', nullable: true, kind: 'bigint' },
  { name: 'http.method', nullable: false, kind: 'string' },
  { name: 'timestamp', nullable: false, kind: 'millis' },
  { name: 'ts', nullable: true, kind: 'seconds' },
  { name: 'at', nullable: false, kind: 'time' },
];

function code(text: string, of = fields): string {
  const expression = parseExpression('--where', text, of, 'condition');
  return expression.code(new RecordLayout(expression.fields));
}

describe('names become fields of the record', () => {
  test.each([
    ['status >= 500', 'r.status >= 500'],
    ['  status==500&&url=="/a"  ', 'r.status==500&&r.url=="/a"'],
    ["url.startsWith('/status')", "r.url.startsWith('/status')"],
    ['Math.floor(status / 100)', 'Math.floor(r.status / 100)'],
    ['/^\\/a{2}=b/.test(url)', '/^\\/a{2}=b/.test(r.url)'],
    ['["GET", "PUT"].includes(http_method)', '["GET", "PUT"].includes(r[\'http.method\'])'],
    ['[url].some((status) => status === url)', '[r.url].some((status) => status === r.url)'],
    ['`${url}?${status}`', '`${r.url}?${r.status}`'],
    ['({ url, status: 1 }).url', '({ url: r.url, status: 1 }).url'],
    ['url in { a: status }', 'r.url in { a: r.status }'],
    ['status === undefined', 'r.status === undefined'],
    ['(status == 5)', '(r.status == 5)'],
    ['( status >= 500 || (status == 404) ) ', '( r.status >= 500 || (r.status == 404) )'],
    ['((url))', '((r.url))'],
    ['r', undefined],
  ])('in %s', (text, expected) => {
    if (expected === undefined) expect(() => code(text)).toThrow("--where: there is no field 'r'");
    else expect(code(text)).toBe(expected);
  });
});

test('a field may be spelt in other ways', () => {
  const named = (name: string): string | undefined => fieldNamed(name, fields)?.name;
  for (const name of ['requestTime', 'request_time', 'requesttime', 'RequestTime']) expect(named(name)).toBe('requestTime');
  for (const name of ['user-id', 'user_id', 'userId']) expect(named(name)).toBe('user-id');
  expect(named('httpMethod')).toBe('http.method');
  expect(named('_')).toBeUndefined();
  const alike: KnownField[] = ['a-b', 'a_b'].map((name) => ({ name, nullable: false, kind: 'string' }));
  expect(fieldNamed('a_b', alike)?.name).toBe('a_b');
  expect(fieldNamed('aB', alike)).toBeUndefined();
});

describe('what is null', () => {
  test.each([
    // JavaScript takes it for 0 there.
    ['request_time < 5', '(r.requestTime ?? NaN) < 5'],
    ['0 <= requestTime * 1000 - 3', '0 <= (r.requestTime ?? NaN) * 1000 - 3'],
    ['-requestTime >= -1', '-(r.requestTime ?? NaN) >= -1'],
    ['user_id > 5n', "(r['user-id'] ?? NaN) > 5n"],
    ['requestTime * 2', '(r.requestTime ?? NaN) * 2'],
    ['requestTime == null', 'r.requestTime == null'],
    ['requestTime !== 5 && status < 5', 'r.requestTime !== 5 && r.status < 5'],
    ['Math.round(requestTime) < 5', 'Math.round(r.requestTime ?? NaN) < 5'],
    ["message < 'b'", "(r.message ?? NaN) < 'b'"],
  ])('is neither less nor more than anything: %s', (text, expected) => {
    expect(code(text)).toBe(expected);
  });

  test.each([
    ["message.includes('x')", "r.message?.includes('x')"],
    ['message.length > 5', '(r.message?.length ?? NaN) > 5'],
    ['message.trim().length', 'r.message?.trim().length'],
    ['message?.length', 'r.message?.length'],
    ['message?.length > 5', '(r.message?.length ?? NaN) > 5'],
    ['(message).length', '(r.message)?.length'],
    ['url.match(/a(b)/)[1]', 'r.url.match(/a(b)/)?.[1]'],
    ['/a(b)/.exec(url)[1].length', '/a(b)/.exec(r.url)?.[1]?.length'],
    ['url.split("?")[1].length > 0', '(r.url.split("?")[1]?.length ?? NaN) > 0'],
    ['url.split("?")[1].trim().length', 'r.url.split("?")[1]?.trim().length'],
    ['url.match(/(?<a>b)/).groups.a.length', 'r.url.match(/(?<a>b)/)?.groups?.a?.length'],
    ['JSON.parse(url).a.b', 'JSON.parse(r.url)?.a?.b'],
    ['new URL(url).searchParams.get("q").length', 'new URL(r.url).searchParams.get("q")?.length'],
    ['url.split("?")[1] > 5', 'Number(r.url.split("?")[1] ?? NaN) > 5'],
    ['url["length"].toFixed(2)', 'r.url["length"].toFixed(2)'],
    ['[url].some((each) => each.a.b > 5)', '[r.url].some((each) => each.a.b > 5)'],
    // What holds anything is made an object, which has members, but perhaps not these.
    ['user.name', 'Object(r.user).name'],
    ['user.address.city.length', 'Object(r.user).address?.city?.length'],
    ["user['name'].length", "Object(r.user)['name']?.length"],
    ['user?.address.city', 'Object(r.user)?.address?.city'],
    ["user.name.startsWith('x') && url.length", "Object(r.user).name?.startsWith?.('x') && r.url.length"],
    ['user.some((each) => each.id > 5)', '(Array.isArray(r.user) ? r.user : null)?.some((each) => each.id > 5)'],
    ['Object.keys(user).length', 'Object.keys(Object(r.user)).length'],
  ])('has no parts: %s', (text, expected) => {
    expect(code(text)).toBe(expected);
  });

  test.each([
    ['/x/.test(message)', "/x/.test(r.message ?? '')"],
    ["['a', 'b'].includes(message)", "['a', 'b'].includes(r.message ?? '')"],
    // A text that is looked for, or in, is one that is not found.
    ['["x", ""].includes(message)', '["x", ""].includes(r.message ?? \'\\u0000\')'],
    ['["x", ""].indexOf(message) >= 0', '["x", ""].indexOf(r.message ?? \'\\u0000\') >= 0'],
    ['new Set(["x", ""]).has(message)', 'new Set(["x", ""]).has(r.message ?? \'\\u0000\')'],
    ['/^$/.test(message)', "/^$/.test(r.message ?? '\\u0000')"],
    ['/^[^a]*$/.test(message)', "/^[^a]*$/.test(r.message ?? 'a')"],
    ['/^(a?)/.test(message.trim())', "/^(a?)/.test(r.message?.trim() ?? '')"],
    ['new RegExp("null", "i").test(message)', 'new RegExp("null", "i").test(r.message ?? \'\')'],
    ['"a null".includes(message)', '"a null".includes(r.message ?? \'\\u0000\')'],
    ['/undefined/.test(url.split("?")[1])', '/undefined/.test(r.url.split("?")[1] ?? \'\')'],
    ["['a', null].includes(message)", "['a', null].includes(r.message)"],
    ['[5, 6].includes(requestTime)', '[5, 6].includes(r.requestTime ?? NaN)'],
    ['new Set([5]).has(requestTime)', 'new Set([5]).has(r.requestTime ?? NaN)'],
    ['parseInt(message) > 5', "parseInt(r.message ?? '') > 5"],
    ['parseInt(message.slice(2)) > 5', "parseInt(r.message?.slice(2) ?? '') > 5"],
    ['new Date(ts * 1000).getUTCHours() > 5', 'new Date((r.ts ?? NaN) * 1000).getUTCHours() > 5'],
    ['new Date(requestTime) > 5', 'new Date(r.requestTime ?? NaN) > 5'],
    ['JSON.parse(message)', "JSON.parse(r.message ?? 'null')"],
    ['url.startsWith(message)', "r.url.startsWith(r.message ?? '\\u0000')"],
    ['url.concat(message)', 'r.url.concat(String(r.message))'],
    ['"x,y".indexOf(message, requestTime)', '"x,y".indexOf(r.message ?? \'\\u0000\', r.requestTime)'],
    ['Number(requestTime) < 5 || `${message}`', 'Number(r.requestTime) < 5 || `${r.message}`'],
    ["message + ' ' + requestTime", "r.message + ' ' + r.requestTime"],
    ['message + url', 'String(r.message) + r.url'],
    ['requestTime ? requestTime + 1 : url', 'r.requestTime ? (r.requestTime ?? NaN) + 1 : r.url'],
  ])('is no number, and an empty text: %s', (text, expected) => {
    expect(code(text)).toBe(expected);
  });
});

test.each([
  // JavaScript converts them as well, but TypeScript wants it said.
  ['message >= 5', 'Number(r.message ?? NaN) >= 5'],
  ['url == 5', 'Number(r.url) == 5'],
  ['url === 5', 'r.url === 5'],
  ["status == '500' || '5' < status", 'r.status == 500 || 5 < r.status'],
  ["user_id == 5 || user_id === '6'", "r['user-id'] == 5n || r['user-id'] === 6n"],
  ['user_id == 1234567890123456788', "r['user-id'] == 1234567890123456788n"],
  ['user_id % 100 == 5', "(r['user-id'] === null ? NaN : Number(r['user-id'] % 100n)) == 5"],
  ['100 - user_id == 5', "100 - Number(r['user-id'] ?? NaN) == 5"],
  ['Math.floor(user_id / 2)', "Math.floor(Number(r['user-id'] ?? NaN) / 2)"],
  ['user > 5', 'Number(r.user ?? NaN) > 5'],
  ["user > 'b'", "String(r.user ?? '') > 'b'"],
  ['at > Date.now() - 5', 'Number(r.at) > Date.now() - 5'],
])('values of other kinds are converted: %s', (text, expected) => {
  expect(code(text)).toBe(expected);
});

test.each([
  ["timestamp >= '2025-03-03T06:00'", "r.timestamp >= Date.parse('2025-03-03T06:00Z')"],
  ["at < '2025-03-03'", "Number(r.at) < Date.parse('2025-03-03')"],
  ["'2025-03-03 06:00:00+01:00' > at", "Date.parse('2025-03-03T06:00:00+01:00') > Number(r.at)"],
  ["timestamp == '2025-03-03'", "r.timestamp == Date.parse('2025-03-03')"],
  ["ts > '2025-03-03T06:00:00Z'", "(r.ts ?? NaN) > Date.parse('2025-03-03T06:00:00Z') / 1000"],
  ['timestamp > 5', 'r.timestamp > 5'],
  ["url > '2025-03-03'", "r.url > '2025-03-03'"],
])('times can be compared with texts: %s', (text, expected) => {
  expect(code(text)).toBe(expected);
});

test.each([
  ['status = 500', "--where: 'status = 500' assigns to a field; write == to compare"],
  ['status++', "--where: 'status++' assigns to a field; write == to compare"],
  ['sttus == 1', "--where: there is no field 'sttus'; did you mean 'status'? The fields are url, status, requestTime,"],
  ['xyzzy(1)', "--where: there is no field 'xyzzy'; the fields are url, status,"],
  ['process.exit()', "--where: there is no field 'process'; the fields are"],
  ['status ==', "--where: 'status ==' is no JavaScript expression: Unexpected token at column 9; an example: status >= 500"],
  ['status 500', "--where: 'status 500' is no JavaScript expression: '500' follows 'status'; an example"],
  ['', "--where: '' is no JavaScript expression"],
  ['status => 500', "--where: 'status => 500' is a function, and no value; write >= to compare"],
  ['(status) => 500', 'is a function, and no value; write >= to compare'],
  ['url && (status => 500)', 'is a function, and no value; write >= to compare'],
  ['!function () { return status }', 'is a function, and no value; write >= to compare'],
  ['delete status', "--where: 'delete status' deletes from the record; write == null to find what is missing"],
  ['status > 5, url', "--where: 'status > 5, url' is more than one expression; write && between conditions"],
  ['this.status > 5', "--where: 'this.status > 5' says 'this', which is nothing here: fields have names of their own"],
  ['(status > 5))', "--where: '(status > 5))' is no JavaScript expression: ')' follows '(status > 5)'"],
  ["status == 'ok'", "--where: 'status' is a number, and is compared with 'ok', which is none; write one such as 500"],
  ["at > 'noon'", "--where: 'at' is a time, and is compared with 'noon', which is none; write one such as '2025-03-03T06:00'"],
])('%s is refused', (text, message) => {
  expect(() => code(text)).toThrow(message);
});

describe('words of JavaScript', () => {
  const named = (...names: string[]): KnownField[] => names.map((name) => ({ name, nullable: false, kind: 'string' }));

  test.each([
    [
      'class == "d"',
      "is no JavaScript expression: Unexpected token at column 6; 'class' is a word of JavaScript; write the field as class_",
    ],
    ['url == "d" && new == "x"', "'new' is a word of JavaScript; write the field as new_"],
    ['this == "d"', "says 'this', which is nothing here: 'this' is a word of JavaScript; write the field as this_"],
    ['for == "d"', 'an example: status >= 500'],
  ])('cannot name a field: %s', (text, message) => {
    expect(() => code(text, named('url', 'class', 'new', 'this'))).toThrow(message);
  });

  test('name it in another spelling', () => {
    expect(code('class_ == "d" && url == new_', named('url', 'class', 'new'))).toBe('r.class == "d" && r.url == r.new');
  });

  test.each([
    ['Date > "2025-03-03"', 'r.Date > "2025-03-03"'],
    ['URL.startsWith("/a") && URL.length > 5', 'r.URL.startsWith("/a") && r.URL.length > 5'],
    ['new Date(Date).getTime() > Date.now()', 'new Date(r.Date).getTime() > Date.now()'],
    ['URL.split("/").map(Number)', 'r.URL.split("/").map(Number)'],
    ['Number("5") > 4 && Number == "5"', 'Number("5") > 4 && r.Number == "5"'],
  ])('are fields where they are used as such: %s', (text, expected) => {
    expect(code(text, named('Date', 'URL', 'Number'))).toBe(expected);
  });
});

test('of text there is one field', () => {
  const line: KnownField[] = [{ name: 'line', nullable: false, kind: 'string' }];
  expect(() => code('status > 5', line)).toThrow(
    "--where: there is no field 'status': what is read is text, and 'line' is all there is; --format or --pattern says what is in it",
  );
});
