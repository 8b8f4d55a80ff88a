/** A batch that is filled by columns: what it refuses, by which words; and that it can be filled again. */

import { describe, expect, test } from 'vitest';
import { ColumnBatch } from '../../src/batch/column-batch.ts';
import type { RecordBatch } from '../../src/batch/record-batch.ts';
import { StringDictionary } from '../../src/batch/string-dictionary.ts';
import { recordReader } from '../../src/compiler/input-row.ts';
import { t } from '../../src/schema/type.ts';

const type = t.object({ id: t.int32, name: t.string, price: t.nullable(t.float64), tag: t.nullable(t.string), any: t.any });

function made(): ColumnBatch {
  return new ColumnBatch(type, { rows: 4 });
}

/** With all columns but the name asked for. */
function unnamed(): ColumnBatch {
  const batch = made();
  batch.int32('id');
  batch.float64('price');
  batch.strings('tag');
  batch.any('any');
  return batch;
}

function rowsOf(batch: RecordBatch): unknown[] {
  const read = recordReader(batch.type);
  return Array.from({ length: batch.rowCount }, (_, row) => read(batch, row));
}

const misuses: Readonly<Record<string, readonly [call: () => unknown, message: string]>> = {
  'no type': [
    () => new ColumnBatch({} as never, { rows: 1 }),
    'the type must be a type, such as t.object({ url: t.string }), not an object',
  ],
  'no rows': [() => new ColumnBatch(type, { rows: 0 }), 'rows must be a whole number from 1, not 0'],
  'an unknown column': [() => made().int32('ids'), "unknown column 'ids'; did you mean 'id'?"],
  'another kind': [() => made().float64('id'), "the column 'id' is not float64 but int32; ask for it by int32('id')"],
  'numbers of a string': [() => made().int32('name'), "the column 'name' is not int32 but string; ask for it by latin1, ids or strings"],
  'ids without a dictionary': [
    () => made().ids('name', {} as never),
    "the dictionary of the column 'name' must be a StringDictionary, not an object",
  ],
  'two ways to fill': [
    () => {
      const batch = made();
      batch.strings('name');
      batch.latin1('name');
    },
    "the column 'name' is filled by strings already; fill a column in one way",
  ],
  'two dictionaries': [
    () => {
      const batch = made();
      batch.ids('name', new StringDictionary());
      batch.ids('name', new StringDictionary());
    },
    "the column 'name' has another dictionary; add the strings of both to one",
  ],
  'null where there is none': [() => made().validity('id'), "the column 'id' cannot be null; declare it as t.nullable(…)"],
  'validity of values': [() => made().validity('any'), "the column 'any' holds null as it is; put it there instead of asking for validity"],
  'validity of ids': [
    () => {
      const batch = made();
      batch.ids('tag', new StringDictionary());
      batch.validity('tag');
    },
    "null in the column 'tag' is the id −1; validity is not for ids",
  ],
  'timestamps that were not asked for': [() => made().timestamps, 'the batch has no timestamps; make it with { timestamps: true }'],
  'too many rows': [() => made().finish(5), 'finish: the batch has room for 4 rows, not for 5; finish it and fill it again'],
  'a column that is not filled': [
    () => unnamed().finish(1),
    "the column 'name' is not filled; ask for it by latin1, ids or strings, or leave it out of the type",
  ],
  'strings beyond their memory': [
    () => {
      const batch = unnamed();
      batch.latin1('name').offsets[1] = 10_000;
      batch.finish(1);
    },
    "the strings of the column 'name' lie from byte 0 to 10000, of 4096; reserve what they need before they are written",
  ],
  'an id that is none': [
    () => {
      const batch = unnamed();
      batch.ids('name', new StringDictionary())[0] = 7;
      batch.finish(1);
    },
    "the column 'name' has the id 7, which its dictionary does not; add the string first",
  ],
};

describe('a column batch', () => {
  test.each(Object.entries(misuses))('refuses %s', (_, [call, message]) => {
    expect(call).toThrow(`ColumnBatch: ${message}`);
  });

  test('is filled again from poll to poll, with memory that grows', () => {
    const batch = unnamed();
    const names = batch.latin1('name');
    for (const length of [3, 3000, 0, 9000]) {
      for (let row = 0; row < 4; row++) {
        const at = names.offsets[row] as number;
        names.reserve(at + length).fill(97 + row, at, at + length);
        names.offsets[row + 1] = at + length;
      }
      const rows = rowsOf(batch.finish(4)) as { name: string }[];
      expect(rows.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd'].map((letter) => letter.repeat(length)));
    }
  });

  test('takes strings that lie in memory of somebody else', () => {
    const batch = new ColumnBatch(t.string, { rows: 2 });
    const strings = batch.latin1('');
    strings.bytes = Buffer.from('__one,two');
    strings.offsets.set([2, 5, 9]);
    expect(rowsOf(batch.finish(2))).toEqual(['one', ',two']);
  });

  test('takes strings that are added to a dictionary as they come', () => {
    const dictionary = new StringDictionary();
    const batch = new ColumnBatch(t.tuple(t.nullable(t.string), t.bool), { rows: 2 });
    const [ids, flags] = [batch.ids('0', dictionary), batch.bool('1')];
    ids[0] = dictionary.add('first');
    flags[0] = 1;
    expect(rowsOf(batch.finish(1))).toEqual([['first', true]]);
    ids.set([-1, dictionary.add('second')]);
    expect(rowsOf(batch.finish(2))).toEqual([
      [null, true],
      ['second', false],
    ]);
  });

  test('has the columns of a type of which fields were picked', () => {
    const batch = new ColumnBatch(t.pick(type, ['price', 'id']), { rows: 1 });
    expect(batch.type.names).toEqual(['id', 'price']);
    expect([batch.has('id'), batch.has('name')]).toEqual([true, false]);
    batch.int32('id')[0] = 3;
    batch.float64('price');
    batch.validity('price')[0] = 0;
    expect(rowsOf(batch.finish(1))).toEqual([{ id: 3, price: null }]);
    expect(() => t.pick(type, ['idd' as 'id'])).toThrow("t.pick: the type has no field 'idd'; it has id, name, price, tag, any");
    expect(() => t.pick(t.string as never, [])).toThrow('t.pick: expected a type of objects, such as t.object({ url: t.string }), not');
  });
});
