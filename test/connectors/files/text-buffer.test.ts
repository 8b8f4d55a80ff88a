/** Text as UTF-8, against Node's encoder and `String`. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextBuffer } from '../../../src/connectors/files/text-buffer.ts';

describe('TextBuffer', () => {
  it('holds what was written to it, of any length', () => {
    const unit = fc.constantFrom('a', 'é', '語', '😀', '\ud83d', '\0');
    const text = fc
      .tuple(unit, unit, fc.constantFrom(0, 1, 9, 10, 20, 21, 400, 16 * 1024))
      .map(([one, other, count]) => one.repeat(count) + other);
    const piece = fc.oneof(text, fc.maxSafeInteger());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const buffer = new TextBuffer();
        for (const each of pieces) {
          if (typeof each === 'string') buffer.text(each);
          else buffer.integer(each);
          buffer.ascii(0x0a);
        }
        expect(buffer.written.equals(Buffer.from(pieces.map((each) => `${each}\n`).join('')))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('takes the last bytes back, and begins anew', () => {
    const buffer = new TextBuffer();
    buffer.text('kept');
    const { length } = buffer;
    buffer.text('é'.repeat(1_000_000));
    buffer.length = length;
    expect(buffer.written.toString()).toBe('kept');
    buffer.reset();
    expect(buffer.written.length).toBe(0);
    buffer.text('next');
    expect(buffer.written.toString()).toBe('next');
  });
});
