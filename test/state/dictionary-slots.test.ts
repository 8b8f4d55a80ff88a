/** Slots of the strings of dictionaries that come in turn. */

import { expect, test } from 'vitest';
import { StringDictionary } from '../../src/batch/string-dictionary.ts';
import { DictionarySlots } from '../../src/state/dictionary-slots.ts';

test('are known of each dictionary, until some slot has lost its key', () => {
  const slots = new DictionarySlots();
  const [first, second] = [new StringDictionary(), new StringDictionary()];
  for (const dictionary of [first, second]) for (const string of ['a', 'b']) dictionary.add(string);
  slots.of(first)[1] = 7;
  slots.of(second)[0] = 9;
  expect([slots.of(first)[1], slots.of(second)[0]]).toEqual([7, 9]);
  for (let i = 0; i < 100; i++) first.add(String(i));
  expect([slots.of(first)[1], slots.of(first)[101]]).toEqual([7, 0]);
  slots.forget();
  expect([slots.of(first)[1], slots.of(second)[0]]).toEqual([0, 0]);
});
