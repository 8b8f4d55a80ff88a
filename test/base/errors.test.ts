import { describe, expect, test } from 'vitest';
import { AssertionError, assert, unreachable } from '../../src/base/assert.ts';
import { describeError, type ErrorCode, errorTable, MillraceError, reviveError } from '../../src/base/errors.ts';

/** What another thread makes of something thrown here. */
function onAnotherThread(thrown: unknown): Error {
  return reviveError(structuredClone(describeError(thrown)));
}

describe('errors that cross threads', () => {
  test.each(Object.keys(errorTable) as ErrorCode[])('keep the code %s', (code) => {
    const revived = onAnotherThread(new MillraceError(code, 'a message'));
    expect(revived).toBeInstanceOf(MillraceError);
    expect(revived).toMatchObject({ code, message: 'a message', name: 'MillraceError', retryable: errorTable[code].kind === 'retryable' });
  });

  test('keep name, message, code, stack and causes', () => {
    const cause = Object.assign(new RangeError('too large'), { code: 'ERR_OUT_OF_RANGE' });
    const error = new MillraceError('USER_FUNCTION', "'parse' failed", { cause: new TypeError('not a number', { cause }) });
    const revived = onAnotherThread(error);
    expect(describeError(revived)).toEqual(describeError(error));
    expect(revived.stack).toBe(error.stack);
    expect(revived.cause).toMatchObject({ name: 'TypeError', message: 'not a number' });
    expect((revived.cause as Error).cause).toMatchObject({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
  });

  test('keep the name of a class of the user', () => {
    class ParseError extends Error {
      override readonly name = 'ParseError';
    }
    const revived = onAnotherThread(new ParseError('line 3'));
    expect([revived.name, revived.message, String(revived)]).toEqual(['ParseError', 'line 3', 'ParseError: line 3']);
    expect(Object.keys(revived)).toEqual([]);
  });

  test.each(['text', 5, null, undefined, Symbol('s'), { a: 1 }, Object.create(null), () => {}])(
    'are made of whatever was thrown: %o',
    (thrown) => {
      const revived = onAnotherThread(thrown);
      expect(revived).toBeInstanceOf(Error);
      expect(revived.message).not.toBe('');
    },
  );

  test('say what was thrown where it is a text', () => {
    expect(onAnotherThread('out of luck').message).toBe('out of luck');
  });

  test('are cut where causes go round in a circle', () => {
    const error = new Error('round');
    error.cause = error;
    let depth = 0;
    for (let each: unknown = onAnotherThread(error); each instanceof Error; each = each.cause) depth++;
    expect(depth).toBe(9);
  });

  test('keep a code that is no text to themselves', () => {
    expect(describeError(Object.assign(new Error('x'), { code: 7 })).code).toBeUndefined();
    expect(onAnotherThread(new Error('x'))).not.toHaveProperty('code');
  });

  test('take nobody for a MillraceError who only says so', () => {
    const impostor = Object.assign(new Error('x'), { name: 'MillraceError', code: 'ENOENT' });
    expect(onAnotherThread(impostor)).not.toBeInstanceOf(MillraceError);
  });
});

describe('assertions', () => {
  test('throw what they say', () => {
    expect(() => assert(false, 'never')).toThrow(AssertionError);
    expect(() => assert(0, 'never')).toThrow('never');
    expect(() => assert(true, 'never')).not.toThrow();
    expect(() => unreachable('x' as never, 'letter')).toThrow('unexpected letter: x');
  });
});
