/** The line at the bottom of the terminal, and what others write meanwhile. */

import { expect, test } from 'vitest';
import { StatusLine, type Stream } from '../../src/cli/status-line.ts';

const erase = '\r\x1b[K';

/** Two streams that lead to one terminal; `written` is what arrives there. */
function terminal(columns = 20) {
  const written: string[] = [];
  const stream = (isTTY: boolean): Stream => ({
    isTTY,
    columns,
    write: (chunk) => {
      written.push(String(chunk));
      return true;
    },
  });
  return { written, stderr: stream(true), stdout: stream(true), file: stream(false) };
}

test('is redrawn in place, and erased in the end', () => {
  const { written, stderr } = terminal();
  const line = new StatusLine(stderr, []);
  line.show('a');
  line.show('b');
  line.close();
  line.close();
  expect(written).toEqual(['a', erase, 'b', erase]);
});

test('makes way for what either stream writes', () => {
  const { written, stderr, stdout } = terminal();
  const line = new StatusLine(stderr, [stdout]);
  line.show('status');
  written.length = 0;
  stdout.write('one\n');
  stderr.write('two\n');
  expect(written).toEqual([erase, 'one\n', 'status', erase, 'two\n', 'status']);
});

test('waits until a line is complete', () => {
  const { written, stderr, stdout } = terminal();
  const line = new StatusLine(stderr, [stdout]);
  stdout.write('half');
  line.show('status');
  stdout.write(Buffer.from(' and half'));
  stdout.write('');
  expect(written.filter((text) => text !== '')).toEqual(['half', ' and half']);
  stdout.write(Buffer.from('\n'));
  expect(written.at(-1)).toBe('status');
});

test('has nothing to do with streams that lead elsewhere', () => {
  const { written, stderr, file } = terminal();
  const line = new StatusLine(stderr, [file]);
  line.show('status');
  file.write('row\n');
  expect(written).toEqual(['status', 'row\n']);
});

test('leaves the streams as they were', () => {
  const { stderr, stdout } = terminal();
  const before = [stderr.write, stdout.write];
  const line = new StatusLine(stderr, [stdout]);
  expect([stderr.write, stdout.write]).not.toEqual(before);
  line.close();
  expect([stderr.write, stdout.write]).toEqual(before);
});

test.each([
  [10, '0123456789', '01234567…'],
  [11, '0123456789', '0123456789'],
  [4, '→→→→', '→→…'],
  [0, '0123456789', '0123456789'],
])('fits into %i columns', (columns, text, shown) => {
  const { written, stderr } = terminal(columns);
  new StatusLine(stderr, []).show(text);
  expect(written).toEqual([shown]);
});
