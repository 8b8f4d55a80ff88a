/** Errors as text. */

import { describe, expect, test } from 'vitest';
import { AssertionError } from '../../src/base/assert.ts';
import { MillraceError } from '../../src/base/errors.ts';
import { nearest } from '../../src/cli/job-file.ts';
import { errorReport } from '../../src/cli/report.ts';

const root = new URL('../../', import.meta.url);
const internal = [
  '    at run (millrace:stage-0/map/run.js:12:27)',
  `    at Subtask.step (${root.href}dist/runtime/subtask.js:50:37)`,
  `    at Scheduler.run (${root.pathname}src/runtime/scheduler.ts:53:25)`,
  '    at async node:internal/modules/esm/loader:1:1',
  '    at async Promise.all (index 1)',
  '    at emit (node:events:1:2)',
  `    at async ${root.href}node_modules/piscina/dist/worker.js:1:1`,
  `    at async Scheduler.run (${root.pathname}dist/engine/engine-ABCDEFGH.cjs:1:1)`,
];
const own = ['    at deep (/home/me/job.ts:3:22)', '    at <anonymous> (/home/me/job.ts:11:10)'];

/** An error that was thrown at these places. */
function thrown<E extends Error>(error: E, frames: readonly string[]): E {
  error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n');
  return error;
}

function report(error: unknown, debug = false): string[] {
  return errorReport(error, { debug }).split('\n');
}

describe('a report', () => {
  test('has the stack of what the job threw, without the engine', () => {
    const cause = thrown(new RangeError('four'), [...own, ...internal]);
    const error = thrown(new MillraceError('USER_FUNCTION', "'map' failed\n  at the record 4", { cause }), internal);
    expect(report(error)).toEqual(["error[USER_FUNCTION]: 'map' failed", '  at the record 4', 'RangeError: four', ...own, '']);
  });

  test('leaves out causes that are no part of the job', () => {
    const cause = thrown(new Error('ENOENT: no such file'), internal);
    expect(report(thrown(new MillraceError('SOURCE_FAILED', 'no such file', { cause }), internal))).toEqual([
      'error[SOURCE_FAILED]: no such file',
      '',
    ]);
  });

  test('has the causes of what the job threw, wherever they come from', () => {
    const cause = thrown(new Error('model', { cause: thrown(new Error('ENOENT'), internal) }), own);
    expect(report(new MillraceError('USER_FUNCTION', 'x', { cause })).slice(-5)).toEqual([
      'Error: model',
      ...own,
      'caused by Error: ENOENT',
      '',
    ]);
  });

  test('has everything for whoever works on Millrace', () => {
    const cause = thrown(new RangeError('four'), [...own, ...internal]);
    const error = thrown(new MillraceError('USER_FUNCTION', 'x', { cause }), internal);
    expect(report(error, true)).toEqual(['error[USER_FUNCTION]: x', ...internal, 'caused by RangeError: four', ...own, ...internal, '']);
  });

  test('shows the engine where there is nothing else', () => {
    expect(report(thrown(new TypeError('x'), internal))).toEqual(['error: TypeError: x', ...internal, '']);
    expect(report(thrown(new TypeError('x'), [...internal, ...own]))).toEqual(['error: TypeError: x', ...own, '']);
    expect(report(thrown(new AssertionError('x is y'), internal))[1]).toMatch(/defect of Millrace/);
    expect(report('text')[0]).toBe('error: Error: text');
  });
});

test.each([
  ['wordcuont.ts', ['wordcount.ts', 'other.ts'], 'wordcount.ts'],
  ['wordcount', ['wordcount.mjs'], 'wordcount.mjs'],
  ['Job.ts', ['jab.ts', 'job.ts'], 'job.ts'],
  ['ab.ts', ['cd.ts', 'abc.ts'], undefined],
  ['urls.ts', ['errors.ts'], undefined],
  ['x.ts', [], undefined],
])('nearest to %s among %j', (name, candidates, match) => {
  expect(nearest(name, candidates)).toBe(match);
});
