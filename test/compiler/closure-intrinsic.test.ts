/** Which functions are recognised as intrinsics, and which only look like them. Compiled from text, as a program's own are. */

import { describe, expect, test } from 'vitest';
import { analyseClosure } from '../../src/compiler/closure-analysis.ts';

function intrinsic(source: string): unknown {
  return analyseClosure(new Function(`return (${source});`)() as (record: never) => unknown).intrinsic;
}

const text = (separator: string) => ({ kind: 'split', separator: { kind: 'text', text: separator } });
const characters = (source: string, run: boolean, flags = '') => ({ kind: 'split', separator: { kind: 'class', source, flags, run } });
const record = { kind: 'record' };

describe('intrinsics', () => {
  test.each<[string, unknown]>([
    ["line => line.split(' ')", text(' ')],
    ["(line) => { return line.split(', '); }", text(', ')],
    ["function (line) { return line.split('') }", text('')],
    ["line => line.split('\\ud800')", text('\ud800')],
    ['line => line.split(/\\s+/)', characters('\\s', true)],
    ['line => line.split(/,/g)', characters(',', false)],
    ['line => line.split(/[^a-z\\d]+/u)', characters('[^a-z\\d]', true, 'u')],
    ['line => line.split(/\\|/)', characters('\\|', false)],
    ['word => word', { kind: 'part', part: record }],
    ['row => row.word', { kind: 'part', part: { kind: 'field', name: 'word' } }],
    ['row => row[0]', { kind: 'part', part: { kind: 'field', name: '0' } }],
    ['({ word: w }) => w', { kind: 'part', part: { kind: 'field', name: 'word' } }],
    ['word => [word, 1]', { kind: 'tuple', parts: [record, { kind: 'number', value: 1 }] }],
  ])('%s', (source, expected) => {
    expect(intrinsic(source)).toEqual(expected);
  });

  test.each([
    "line => other.split(' ')",
    "line => line.split(' ', 2)",
    "line => line?.split(' ')",
    "line => line.split?.(' ')",
    "line => line.split(...[' '])",
    'line => line.split(separator)',
    'line => line.split(`,`)',
    "line => line['split'](' ')",
    "line => line.trim().split(' ')",
    "(line = '') => line.split(' ')",
    "(...line) => line.split(' ')",
    "(line, n) => line.split(' ')",
    "async line => line.split(' ')",
    "function* (line) { return line.split(' ') }",
    "line => { seen++; return line.split(' '); }",
    'line => line.split(/(,)/)',
    'line => line.split(/a|b/)',
    'line => line.split(/\\s*/)',
    'line => line.split(/\\s+?/)',
    'line => line.split(/./)',
    'line => line.split(/\\b/)',
    'line => line.split(/ab/)',
    'line => line.split(/a/i)',
    'line => line.split(/a/y)',
    'line => line.split(/[\\b]/)',
    'row => row?.word',
    'row => row[word]',
    'row => [...row]',
    'row => [row, , 1]',
    'row => [row, -1n]',
    'row => []',
    'row => word',
    '({ ...rest }) => rest',
    '({ word = 1 }) => word',
  ])('is none: %s', (source) => {
    expect(intrinsic(source)).toBeUndefined();
  });
});
