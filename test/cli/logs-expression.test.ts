/** Conditions and values of `millrace logs`, as code. */

import { describe, expect, test } from 'vitest';
import { expressionCode, fieldNamed, type KnownField } from '../../src/cli/logs/expression.ts';

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

const code = (text: string): string => expressionCode('--where', text, fields);

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
    ['requestTime * 2', 'r.requestTime * 2'],
    ['requestTime == null', 'r.requestTime == null'],
    ['requestTime !== 5 && status < 5', 'r.requestTime !== 5 && r.status < 5'],
    ['Math.round(requestTime) < 5', 'Math.round(r.requestTime) < 5'],
    ["message < 'b'", "r.message < 'b'"],
  ])('is neither less nor more than anything: %s', (text, expected) => {
    expect(code(text)).toBe(expected);
  });

  test.each([
    ["message.includes('x')", "r.message?.includes('x')"],
    ['message.length > 5', 'r.message?.length > 5'],
    ['message.trim().length', 'r.message?.trim().length'],
    ['message?.length', 'r.message?.length'],
    ['user.name', 'r.user?.name'],
    ['user.address.city.length', 'r.user?.address?.city?.length'],
    ["user['name'].length", "r.user?.['name']?.length"],
    ['user?.address.city', 'r.user?.address?.city'],
    ["user.name.startsWith('x') && url.length", "r.user?.name?.startsWith('x') && r.url.length"],
  ])('has no parts: %s', (text, expected) => {
    expect(code(text)).toBe(expected);
  });
});

test.each([
  ["timestamp >= '2025-03-03T06:00'", "r.timestamp >= Date.parse('2025-03-03T06:00Z')"],
  ["at < '2025-03-03'", "r.at < Date.parse('2025-03-03')"],
  ["'2025-03-03 06:00:00+01:00' > at", "Date.parse('2025-03-03T06:00:00+01:00') > r.at"],
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
  ["at > 'noon'", "--where: a time is compared with 'noon', which is none; write one such as '2025-03-03T06:00'"],
])('%s is refused', (text, message) => {
  expect(() => code(text)).toThrow(message);
});

test('of text there is one field', () => {
  const line: KnownField[] = [{ name: 'line', nullable: false, kind: 'string' }];
  expect(() => expressionCode('--where', 'status > 5', line)).toThrow(
    "--where: there is no field 'status': what is read is text, and 'line' is all there is; --format or --pattern says what is in it",
  );
});
