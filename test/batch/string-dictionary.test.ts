/** Strings that came as bytes are the same, and hash the same, as those that came as strings. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashString } from '../../src/base/hash.ts';
import { StringDictionary } from '../../src/batch/string-dictionary.ts';

type Way = 'string' | 'utf8' | 'latin1';

const entries = fc.uniqueArray(
  fc.oneof(
    fc.tuple(fc.constantFrom<Way>('string', 'utf8'), fc.string({ unit: 'grapheme', maxLength: 40 })),
    fc.tuple(fc.constantFrom<Way>('string', 'utf8', 'latin1'), fc.string({ maxLength: 40 })),
    fc.tuple(
      fc.constant<Way>('latin1'),
      fc.array(fc.integer({ min: 0, max: 255 })).map((units) => String.fromCharCode(...units)),
    ),
  ),
  { selector: ([, string]) => string, maxLength: 200 },
);

function add(dictionary: StringDictionary, way: Way, string: string): number {
  if (way === 'string') return dictionary.add(string);
  // What lies beside a string is not part of it.
  const bytes = Buffer.concat([Buffer.of(0xff), Buffer.from(string, way), Buffer.of(0xee, 0xdd, 0xcc)]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return dictionary.addBytes(bytes, view, 1, bytes.length - 3, way === 'utf8');
}

describe('StringDictionary', () => {
  it('has what was added, in whatever way, by its number', () => {
    fc.assert(
      fc.property(entries, (added) => {
        const dictionary = new StringDictionary();
        const ids = added.map(([way, string]) => add(dictionary, way, string));
        const strings = added.map(([, string]) => string);
        expect(ids).toEqual(strings.map((_, id) => id));
        expect(dictionary.size).toBe(strings.length);
        for (const [id, string] of strings.entries()) {
          expect(dictionary.hashes[id]).toBe(hashString(string));
          if (!dictionary.hasBytes(id)) continue;
          expect(dictionary.bytes.latin1Slice(dictionary.starts[id], dictionary.starts[id + 1])).toBe(string);
        }
        expect(dictionary.slice(0)).toEqual(strings);
        // Asked for once more, they are known.
        expect(strings.map((_, id) => dictionary.at(id))).toEqual(strings);
      }),
    );
  });
});
