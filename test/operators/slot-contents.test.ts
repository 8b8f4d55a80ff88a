/** What a checkpoint writes of operators that hold one thing for each key. */

import { expect, test } from 'vitest';
import { hashString } from '../../src/base/hash.ts';
import { slotContents } from '../../src/operators/slot-contents.ts';
import { KeyIndex } from '../../src/state/key-index.ts';

test('keys whose first record is still to come are left out: a batch may be stopped in when all of its keys are known', () => {
  const index = new KeyIndex();
  const records = ['one', 'two'];
  for (const key of ['a', 'b', 'c']) index.ofString(hashString(key), key);
  const contents = slotContents(index, {
    schema: {},
    holds: (slot) => slot < records.length,
    write: () => {},
    reader: () => () => {},
  });
  const visited: number[] = [];
  contents.forEach((slot) => visited.push(slot));
  expect(visited).toEqual([0, 1]);
});
