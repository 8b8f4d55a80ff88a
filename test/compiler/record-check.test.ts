/** What a record holds beside its columns: it comes through whole, or is refused by name, whatever came before it. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodeWriter, Names } from '../../src/base/code-writer.ts';
import { writeTypeCheck } from '../../src/compiler/record-check.ts';
import { inferType } from '../../src/schema/inference.ts';
import { internType, type RecordType, t } from '../../src/schema/type.ts';
import { TestEnvironment } from '../../src/testing/index.ts';

const symbol = Symbol('tag');

function withSymbol<T extends object>(value: T): T {
  return Object.assign(value, { [symbol]: 1 });
}

function getter(a: () => number): { readonly a: number; readonly b: string } {
  return Object.defineProperty({ a: 0, b: 'x' }, 'a', { get: a }) as { a: number; b: string };
}

function throwing(): { readonly a: number; readonly b: string } {
  return getter(() => {
    throw new RangeError('no a');
  });
}

/** By what is wrong with them: records, and records of the same form with nothing wrong. */
const strange: readonly (readonly [type: string, plain: unknown, strange: () => unknown])[] = [
  ['symbol key Symbol(tag)', { a: 1, b: 'x' }, () => withSymbol({ a: 2, b: 'y' })],
  ['symbol key Symbol(tag)', [1, 'x'], () => withSymbol([2, 'y'])],
  ['symbol key Symbol(tag)', { at: new Date(0) }, () => ({ at: withSymbol(new Date(1)) })],
  ['symbol key Symbol(tag)', new Date(0), () => withSymbol(new Date(1))],
  ['its field .a is a getter that throws RangeError: no a', { a: 1, b: 'x' }, throwing],
  ['array with the extra property "raw"', [1, 'x'], () => Object.assign([2, 'y'], { raw: 3 })],
  ['array with the extra property "more"', ['x'], () => Object.assign(new Array(1), { more: 1 })],
  ['Date with the extra property "zone"', { at: new Date(0) }, () => ({ at: Object.assign(new Date(0), { zone: 'UTC' }) })],
];

async function sent(rows: readonly unknown[], parallelism: number): Promise<unknown[]> {
  const env = new TestEnvironment({ parallelism });
  // From one producer, in one go: what comes first decides the type that the others are taken for.
  const source = env.fromData(rows).setParallelism(1);
  return await env.collect(
    source
      .map((row) => row)
      .setParallelism(1)
      .rebalance()
      .map((row) => row),
  );
}

describe('a record that holds more than its columns', () => {
  it.each(strange)('is refused for its %s, as the first record and as a later one: %o', async (type, plain, make) => {
    for (const rows of [
      [make(), plain],
      [plain, make()],
      [plain, plain, make()],
    ]) {
      await expect(sent(rows, 2)).rejects.toMatchObject({ code: 'UNSUPPORTED_VALUE', message: expect.stringContaining(type) });
    }
  });

  it('is handed on as it is within a worker', async () => {
    for (const [, plain, make] of strange) {
      const record = make();
      const env = new TestEnvironment({ parallelism: 1 });
      const seen: unknown[] = [];
      const rows = env
        .fromData([plain, record])
        .rebalance()
        .map((row) => seen.push(row));
      await env.collect(rows);
      if (plain instanceof Date || !('at' in (plain as object))) expect(seen[1]).toBe(record);
    }
  });

  it('does not keep its declared type', async () => {
    const type = t.object({ a: t.float64, b: t.string });
    for (const chaining of [true, false]) {
      for (const row of [withSymbol({ a: 1, b: 'x' }), getter(() => 'text' as never), throwing()]) {
        const env = new TestEnvironment({ parallelism: 2, chaining });
        const rows = env
          .fromData([{ a: 0, b: 'w' }, row])
          .map((each) => each)
          .returns(type)
          .map((each) => each.a);
        await expect(env.collect(rows)).rejects.toMatchObject({ code: 'TYPE_MISMATCH' });
      }
    }
  });

  it('is what its accessors read as', async () => {
    const unreadable = Object.defineProperty({ a: 3, b: 'x' }, 'b', { set() {} });
    const rows = [{ a: 1, b: 'x' }, getter(() => 2), unreadable, { list: [getter(() => 4)] }];
    const read = [{ a: 1, b: 'x' }, { a: 2, b: 'x' }, { a: 3, b: undefined }, { list: [{ a: 4, b: 'x' }] }];
    for (let first = 0; first < rows.length; first++) {
      const turned = [...rows.slice(first), ...rows.slice(0, first)];
      const received = await sent(turned, 2);
      expect(received).toHaveLength(rows.length);
      expect(received).toEqual(expect.arrayContaining(read));
    }
  });

  it('keeps its declared type with accessors', async () => {
    const env = new TestEnvironment({ parallelism: 2, chaining: false });
    const rows = env.fromData([1, 2]).map((n) => getter(() => n));
    expect((await env.collect(rows.returns(t.object({ a: t.int32, b: t.string })).map(({ a }) => a))).sort()).toEqual([1, 2]);
  });

  it('tells what its getter threw', async () => {
    const failure = await sent([throwing()], 2).catch((error) => error);
    expect(failure.cause.cause).toMatchObject({ name: 'RangeError', message: 'no a', stack: expect.stringContaining('record-check.test') });
  });

  it('loses what is not enumerable, with or without a column', async () => {
    const hidden = (value: object): object => Object.defineProperty(value, symbol, { value: 1 });
    const both = expect.arrayContaining([{ a: 1 }, { a: 2 }]);
    expect(await sent([{ a: 1 }, hidden({ a: 2 })], 2)).toEqual(both);
    expect(await sent([hidden({ a: 1 }), { a: 2 }], 2)).toEqual(both);
  });
});

/** The check as generated code has it. */
function hasType(type: RecordType): (value: unknown) => boolean {
  const code = new CodeWriter();
  const names = new Names();
  const name = writeTypeCheck(type, code, names);
  code.line(`return ${name};`);
  return names.evaluate(code.toString(), 'millrace:test/has-type.js') as (value: unknown) => boolean;
}

describe('the check of a type', () => {
  const field = fc.constantFrom<unknown>(null, undefined, true, 0, -0, 1.5, 2 ** 31, 7n, 2n ** 63n, 'a', new Date(0), [1], { n: 1 });
  const record = fc.oneof(
    field,
    fc.array(field, { maxLength: 3 }),
    fc.array(field, { minLength: 1, maxLength: 3 }).map(withSymbol),
    fc.dictionary(fc.constantFrom('a', 'b', 'toString', '0'), field, { maxKeys: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b'), field, { maxKeys: 3 }).map(withSymbol),
  );

  it('takes the record that a type was inferred from', () => {
    fc.assert(fc.property(record, (value) => hasType(inferType(value))(value)));
  });

  it('takes no record whose own type is wider', () => {
    fc.assert(
      fc.property(record, record, (a, b) => {
        const type = inferType(a);
        const own = inferType(b);
        // Fields may fit a column of `any`, and the form must be the same.
        if (!hasType(type)(b) || (type.form === 'scalar' && type.columns[0]?.kind === 'any')) return;
        expect([own.form, own.names]).toEqual([type.form, type.names]);
      }),
    );
  });

  it('takes no name that Object.prototype lends', () => {
    const type = internType({ form: 'object', names: ['toString'], columns: [{ kind: 'any', nullable: false }], key: undefined });
    expect(hasType(type)({})).toBe(false);
    expect(hasType(type)({ toString: 1 })).toBe(true);
  });
});
