/** Texts and limits that make trouble for readers of lines. */

import fc from 'fast-check';

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('\n', '\r\n', '\r', 'a', 'GET /', '\ufeff') },
  { weight: 2, arbitrary: fc.constantFrom('é', 'ÿ', '日本', '😀', '\u0000', '\ufffd') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 300 }).map((length) => 'x'.repeat(length)) },
);

/** Text with line ends of both kinds or of one, with empty and with long lines, with and without a line feed at the end. */
export const text = fc
  .tuple(fc.array(piece, { maxLength: 40 }), fc.constantFrom('as it is', 'ascii', 'crlf', 'lf'))
  .map(([pieces, kind]) => {
    const joined = pieces.join('');
    if (kind === 'ascii') return joined.replace(/[^\0-\x7f]/gu, 'z');
    if (kind === 'crlf') return joined.replace(/\r?\n/g, '\r\n');
    return kind === 'lf' ? joined.replaceAll('\r', '') : joined;
  });

/** Bytes of which few are valid UTF-8. */
export const bytes = fc
  .array(fc.constantFrom(0x0a, 0x0d, 0x61, 0x80, 0xbf, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xef, 0xbb, 0xbd, 0xf0, 0x9f, 0xff), { maxLength: 60 })
  .map((values) => Buffer.from(values));

export const readerLimits = fc.record({
  readBytes: fc.constantFrom(1, 2, 7, 64, 4096),
  batchRows: fc.constantFrom(1, 2, 7, 1024),
});

/** Cuts of `length` units into ranges, some of them small. */
export function ranges(length: number): fc.Arbitrary<{ start: number; end: number }[]> {
  return fc.uniqueArray(fc.integer({ min: 0, max: length }), { maxLength: 8 }).map((inner) => {
    const cuts = [...new Set([0, ...inner.sort((a, b) => a - b), length])];
    return cuts.slice(1).map((end, i) => ({ start: cuts[i] as number, end }));
  });
}
