/** What is the name of a field, perhaps in another spelling, and what is an expression. */

import { describe, expect, test } from 'vitest';
import { explained } from './logs-question.ts';

const record = {
  x: 5,
  x1: 99,
  y: 2,
  xy: 1000,
  b: true,
  s: 'q',
  url: '/a',
  urlLength: 3,
  newX: 1,
  x_y: 4,
  requestTime: 5,
  'Status Code': 5,
};
const sample = `${JSON.stringify(record)}\n`;
const selected = (select: string, of = sample): string => {
  const [, code = ''] = /\.map\(\(r\) => \(\{ v: (.*) \}\)\);/.exec(explained('a.ndjson', of, { select: `v=${select}` })) ?? [];
  return code;
};

test.each([
  ['-x', '-(r.x ?? NaN)'],
  ['~x', '~(r.x ?? NaN)'],
  ['!b', '!r.b'],
  ['[x]', '[r.x]'],
  ['(x)', '(r.x)'],
  ['"x"', '"x"'],
  ['x-1', '(r.x ?? NaN)-1'],
  ['x+1', '(r.x ?? NaN)+1'],
  ['x/1', '(r.x ?? NaN)/1'],
  ['x-y', '(r.x ?? NaN)-(r.y ?? NaN)'],
  ['x+y', '(r.x ?? NaN)+(r.y ?? NaN)'],
  ['x*y', '(r.x ?? NaN)*(r.y ?? NaN)'],
  ['url.length', 'r.url?.length ?? null'],
  ['"x".length', '"x".length'],
])('%s is an expression, and no other spelling of a field', (text, code) => {
  expect(selected(text)).toBe(code);
});

test.each([
  ['request_time', 'r.requestTime'],
  ['RequestTime', 'r.requestTime'],
  ['Status Code', "r['Status Code']"],
  ['status_code', "r['Status Code']"],
  ['status code', "r['Status Code']"],
  ['url_length', 'r.urlLength'],
])('%s is another spelling of a field', (text, code) => {
  expect(selected(text)).toBe(code);
});

test.each(['x-1', 'x+y', '-x', 'cs-uri-stem', 'cs(Referer)', 'x.y', 'new x', '"x"'])('%s is a field that is called exactly so', (name) => {
  const of = `${JSON.stringify({ x: 1, y: 2, x1: 3, xy: 4, [name]: 5 })}\n`;
  expect(selected(name, of)).toBe(`r['${name}']`);
  expect(explained('a.ndjson', of, { agg: `sum(${name})` })).toContain(`sum('${name}')`);
});

describe('groups', () => {
  test('go by the value of an expression', () => {
    expect(explained('a.ndjson', sample, { by: 'v=!s' })).toContain('.map((r) => ({ v: !r.s }))');
  });

  test.each([
    ['sum(-x)', 'sum(-x) computes something', 'sum(x)'],
    ['sum(x-1)', 'sum(x-1) computes something', 'sum(x)'],
    ['sum(x*y)', 'sum(x*y) computes something', 'sum(x)'],
    ['max("x")', 'max("x") computes something', 'max(x)'],
  ])('%s is refused', (agg, what, instead) => {
    const told = (): string => explained('a.ndjson', sample, { agg });
    expect(told).toThrow(`--agg: ${what}, and aggregates are of fields as they are; name a field, such as ${instead}`);
    expect(told).toThrow('or let --explain print the job, to compute it there. The fields are x, x1, y');
  });
});
