/** Names of parts: each is read as what it was made of, and no other name as one. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hiddenPath, partName, readPartName } from '../../../src/connectors/files/part-names.ts';

const text = fc.constantFrom('part', 'out.put', '', 'a-b', '.x');
const suffix = fc.constantFrom('.txt', '', '.csv.gz', 'x', '.inprogress');

describe('names of parts', () => {
  it('are read as what they were made of', () => {
    fc.assert(
      fc.property(text, suffix, fc.nat(), fc.option(fc.nat(), { nil: undefined }), fc.boolean(), (prefix, end, subtask, number, hidden) => {
        const pattern = { prefix, suffix: end };
        const name = partName(pattern, subtask, number);
        expect(readPartName(pattern, hidden ? hiddenPath(name) : name)).toEqual({ subtask, number, hidden });
      }),
    );
  });

  it.each([
    'part-.txt',
    'part-01.txt',
    'part-1-.txt',
    'part-1-02.txt',
    'part-1-2-3.txt',
    'part-1.csv',
    'xpart-1.txt',
    '.part-1.txt',
    'part-1.txt.inprogress',
  ])('are not: %s', (name) => {
    expect(readPartName({ prefix: 'part', suffix: '.txt' }, name)).toBeUndefined();
  });

  it('are hidden where they are', () => {
    expect([hiddenPath('part-0-1.txt'), hiddenPath('a/b/part-0-1.txt')]).toEqual([
      '.part-0-1.txt.inprogress',
      'a/b/.part-0-1.txt.inprogress',
    ]);
  });
});
