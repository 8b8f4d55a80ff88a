/** Records made of whole batches: the same as those made one by one. */

import { describe, expect, test } from 'vitest';
import { createRingMemory } from '../../src/channel/ring.ts';
import { RingChannelReader, RingChannelWriter } from '../../src/channel/ring-channel.ts';
import { recordReader } from '../../src/compiler/input-row.ts';
import { compileRowsReader } from '../../src/compiler/rows-reader.ts';
import { column, internType, type RecordForm, type RecordType } from '../../src/schema/type.ts';
import { materialise } from '../channel/plain-elements.ts';

/** By a name that has to be quoted: a column, and its values. */
const columns = {
  'the double': [column('float64'), [0, -0, 1.5, Number.NaN, 2 ** 31, -(2 ** 31), 7]],
  'a maybe': [column('float64', true), [null, -0, 3, null, 0.5, Number.NEGATIVE_INFINITY, 1]],
  whole: [column('int32'), [0, -1, 2 ** 31 - 1, 3, 4, 5, 6]],
  'large-one': [column('bigint64', true), [1n, null, -1n, 2n ** 62n, 0n, 0n, 5n]],
  flag: [column('bool'), [true, false, true, true, false, false, true]],
  at: [column('timestamp', true), [new Date(0), new Date(1), null, new Date(3), null, new Date(5), new Date(6)]],
  text: [column('string'), ['', 'a', 'naïve', 'x'.repeat(600), 'a string that is cut out', '\0', 'b']],
  'text€': [column('string', true), ['€', null, 'x', '\ud800', 'a string that is cut out', 'y', null]],
  any: [column('any'), [[1, 'x'], { a: 'a string that is cut out' }, null, undefined, [1, 2, 3], 'text', []]],
  nothing: [column('null'), [null, null, null, null, null, null, null]],
} as const;

const rows = Array.from({ length: 7 }, (_, row) => Object.values(columns).map(([, values]) => values[row]));

function typeOf(form: RecordForm): RecordType {
  const names = Object.keys(columns);
  const types = Object.values(columns).map(([type]) => type);
  return internType({ form, names: form === 'tuple' ? names.map((_, i) => String(i)) : names, columns: types, key: undefined });
}

/** What both readers make of a batch that has gone through a ring. */
function readBoth(type: RecordType, values: readonly (readonly unknown[])[]): { readonly all: unknown[]; readonly each: unknown[] } {
  const memory = createRingMemory(2 ** 16);
  const writer = new RingChannelWriter(memory, () => {});
  const reader = new RingChannelReader(memory, () => {});
  writer.offer(materialise(writer, { element: { kind: 'batch', type, rows: values, timestamps: null, hashes: null } }));
  const batch = reader.poll();
  if (batch?.kind !== 'batch') throw new Error('the batch has not come through');
  const read = recordReader(type);
  return { all: compileRowsReader(type)(batch), each: values.map((_, row) => read(batch, row)) };
}

describe('a reader of whole batches', () => {
  test('makes objects', () => {
    const { all, each } = readBoth(typeOf('object'), rows);
    expect(all).toEqual(each);
    expect(Object.keys(all[0] as object)).toEqual(Object.keys(columns));
  });

  test('makes tuples', () => {
    const { all, each } = readBoth(typeOf('tuple'), rows);
    expect(all).toEqual(each);
    expect(all).toEqual(rows);
  });

  test.each(Object.entries(columns))('makes single values: %s', (_, [type, values]) => {
    const { all } = readBoth(
      internType({ form: 'scalar', names: [''], columns: [type], key: undefined }),
      values.map((value) => [value]),
    );
    expect(all).toEqual(values);
  });
});
