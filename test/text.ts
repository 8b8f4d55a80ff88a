/** Texts for property tests. */

import fc from 'fast-check';

/** Any sequence of UTF-16 code units, lone surrogates too. (Building `fc.string({ unit: 'binary' })` takes two seconds.) */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe00f }));
  return fc.array(unit, { maxLength }).map((units) => String.fromCharCode(...units));
}
