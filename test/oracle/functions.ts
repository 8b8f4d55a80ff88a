/**
 * The functions of random jobs, by the kind of stream that they take. They are ordinary user functions, written in as many
 * ways as people write them, because the engine reads their sources. All are total on what their kind of stream holds.
 */

import { type Type, t } from '../../src/schema/type.ts';
import { canonical } from './canonical.ts';
import type { Aggregate, FoldSpec, JobFunction, Key, KeyedOperation, Needs, ProcessSpec } from './plan.ts';

/**
 * What is known of a stream's records. `any`: nothing. `number`: whole numbers. `text`: strings. `record`: objects with at
 * least `k`, a key, `n`, a whole number, and `f`, any float; perhaps `m`, a whole number or null, `s`, a text or null, and
 * `x` and others, anything. `tuple`: arrays of `k`, `n` and perhaps more. `pair`: an object with `k` and `n` only. `couple`: an
 * array of `k` and `n` only. `one`: a couple with 1. `big`: a pair whose `n` is a bigint. `row`: what aggregate returns, an
 * object with a `key`.
 */
export type Form = 'any' | 'number' | 'text' | 'record' | 'tuple' | 'pair' | 'couple' | 'one' | 'big' | 'row';

interface Rec {
  readonly k: unknown;
  readonly n: number;
  readonly f: number;
  readonly m?: number | null;
  readonly s?: string | null;
  readonly x?: unknown;
}

interface Pair {
  readonly k: unknown;
  readonly n: number;
}

interface Big {
  readonly k: unknown;
  readonly n: bigint;
}

type Tuple = readonly [unknown, number, ...unknown[]];
type Row = { readonly key: unknown; readonly [name: string]: unknown };

export interface MapEntry {
  readonly fn: JobFunction;
  readonly to: Form;
  /** Declarations of its result that are right. */
  readonly returns?: readonly Type<unknown>[];
}

const factor = 7;
const modulus = 1009;
const labels = ['zero', 'one', 'two'];

/** Positive remainders, so that no −0 comes of it. */
function remainder(n: number, by: number): number {
  return ((n % by) + by) % by;
}

const pairTypes = [t.object({ k: t.any, n: t.float64 }), t.object({ k: t.any, n: t.nullable(t.float64) }), t.any];
const coupleTypes = [t.tuple(t.any, t.float64), t.tuple(t.any, t.int32), t.any];

const ofAny: MapEntry[] = [
  { fn: (v: unknown) => v, to: 'any', returns: [t.any] },
  { fn: (v: unknown) => [v], to: 'any', returns: [t.tuple(t.any)] },
  { fn: (v: unknown) => ({ v }), to: 'any', returns: [t.object({ v: t.any })] },
  { fn: (v: unknown) => [v, typeof v], to: 'any', returns: [t.tuple(t.any, t.string), t.tuple(t.any, t.nullable(t.string))] },
  { fn: (v: unknown) => ({ a: v, 'b c': 1, "q'": null, constructor: true }), to: 'any' },
  { fn: (v: unknown) => (typeof v === 'number' ? { number: v } : [v]), to: 'any' },
  {
    fn: (v: unknown) => (typeof v === 'string' ? { kind: 'text', v } : { kind: typeof v, v }),
    to: 'any',
    returns: [t.object({ kind: t.string, v: t.any })],
  },
  { fn: (v: unknown) => (typeof v === 'object' ? { v, w: null } : { w: v, v: null }), to: 'any' },
  {
    fn: function twice(v: unknown) {
      if (v === null) return [null, null];
      const copy = v;
      return [copy, v];
    },
    to: 'any',
    returns: [t.tuple(t.any, t.any)],
  },
  { fn: (v: unknown) => typeof v, to: 'text', returns: [t.string, t.nullable(t.string)] },
  { fn: (v: unknown) => canonical(v), to: 'text', returns: [t.string] },
  { fn: (v: unknown) => canonical(v).length % factor, to: 'number', returns: [t.int32, t.float64] },
  { fn: (v: unknown) => ({ k: typeof v, n: 1 }), to: 'pair', returns: [...pairTypes, t.object({ k: t.string, n: t.int32 })] },
  { fn: (v: unknown) => [typeof v, 1], to: 'one', returns: [t.tuple(t.string, t.int32)] },
  { fn: (v: unknown) => ({ k: typeof v, n: canonical(v).length % 5, f: 0.5, x: v }), to: 'record' },
  { fn: () => null, to: 'any', returns: [t.any, t.nullable(t.bool)] },
  { fn: () => undefined, to: 'any' },
  { fn: () => 'constant', to: 'text' },
  { fn: (...all: unknown[]) => all.length, to: 'number' },
];

const ofNumber: MapEntry[] = [
  { fn: (n: number) => n, to: 'number', returns: [t.float64] },
  { fn: (n: number) => remainder(n * factor, modulus), to: 'number', returns: [t.float64, t.int32] },
  { fn: (n: number) => ({ k: remainder(n, 3), n }), to: 'pair', returns: pairTypes },
  { fn: (n: number) => [n % 2 === 0, n], to: 'couple', returns: [t.tuple(t.bool, t.float64), ...coupleTypes.slice(0, 1)] },
  { fn: (n: number) => [labels[remainder(n, 4)] ?? null, 1], to: 'one', returns: [t.tuple(t.nullable(t.string), t.int32)] },
  { fn: (n: number) => String(n), to: 'text', returns: [t.string] },
  { fn: (n: number) => ({ k: BigInt(n), n: BigInt(n) * 3n }), to: 'big', returns: [t.object({ k: t.bigint64, n: t.bigint64 })] },
  { fn: (n: number) => (n % 2 === 0 ? n : null), to: 'any', returns: [t.nullable(t.float64), t.any] },
  { fn: (n: number) => (n % 3 === 0 ? undefined : n), to: 'any' },
  { fn: (n: number) => (n % 5 === 0 ? BigInt(n) ** 9n : n), to: 'any' },
  { fn: (n: number) => new Date(n * 1e9), to: 'any', returns: [t.timestamp, t.nullable(t.timestamp)] },
  {
    fn: (n: number) => ({ at: new Date(n), 'is even': n % 2 === 0, big: BigInt(n) }),
    to: 'any',
    returns: [t.object({ at: t.timestamp, 'is even': t.bool, big: t.bigint64 })],
  },
  {
    fn: (n: number) => ({ k: n % 2 === 0 ? null : n, n, f: n / 3, m: n % 4 === 0 ? null : n }),
    to: 'record',
    returns: [t.object({ k: t.nullable(t.float64), n: t.float64, f: t.float64, m: t.nullable(t.float64) })],
  },
];

const ofText: MapEntry[] = [
  { fn: (s: string) => s, to: 'text', returns: [t.string] },
  { fn: (s: string) => `${s}!`, to: 'text', returns: [t.string, t.any] },
  { fn: (s: string) => s.slice(0, 3), to: 'text', returns: [t.nullable(t.string)] },
  { fn: (s: string) => s.length % 50, to: 'number', returns: [t.int32] },
  {
    fn: (s: string) => ({ k: s.slice(0, 1), n: s.length % 100 }),
    to: 'pair',
    returns: [t.object({ k: t.string, n: t.int32 }), ...pairTypes],
  },
  { fn: (s: string) => [s, 1], to: 'one', returns: [t.tuple(t.string, t.float64)] },
  {
    fn: (s: string) => ({ k: s.length % 3, n: s.length % 10, f: -0, s, x: s.length % 2 === 0 ? s : null }),
    to: 'record',
    returns: [t.object({ k: t.int32, n: t.int32, f: t.float64, s: t.string, x: t.nullable(t.string) })],
  },
];

const ofPair: MapEntry[] = [
  { fn: (r: Pair) => r, to: 'pair', returns: pairTypes.slice(2) },
  { fn: (r: Pair) => ({ k: r.k, n: r.n }), to: 'pair', returns: pairTypes },
  { fn: ({ k, n }: Pair) => ({ n, k }), to: 'any', returns: [t.object({ n: t.float64, k: t.any })] },
  { fn: (r: Pair) => [r.k, r.n], to: 'couple', returns: coupleTypes.slice(0, 1) },
  { fn: ({ k, n }: Pair) => [k, n], to: 'couple', returns: coupleTypes.slice(0, 1) },
  { fn: ({ k }: Pair) => [k, 1], to: 'one', returns: coupleTypes },
  { fn: (r: Pair) => ({ k: r.k, n: BigInt(r.n) }), to: 'big', returns: [t.object({ k: t.any, n: t.bigint64 })] },
  { fn: (r: Pair) => r.n, to: 'number', returns: [t.float64] },
  { fn: (r: Pair) => r.k, to: 'any', returns: [t.any] },
  { fn: (r: Pair) => ({ k: r.k, n: remainder(r.n * factor, modulus) }), to: 'pair', returns: pairTypes },
];

const ofRecord: MapEntry[] = [
  ...ofPair.slice(1),
  { fn: (r: Rec) => r, to: 'record' },
  { fn: (r: Rec) => ({ ...r, n: r.n + 1 }), to: 'record' },
  { fn: (r: Rec) => ({ ...r, y: r.n }), to: 'record' },
  { fn: (r: Rec) => Object.fromEntries([...Object.entries(r), ['x', r.k]]), to: 'record' },
  { fn: ({ x, ...rest }: Rec) => rest, to: 'record' },
  {
    fn: ({ k, n, f, x = 'none' }: Rec) => ({ k, n, f, x }),
    to: 'record',
    returns: [t.object({ k: t.any, n: t.float64, f: t.float64, x: t.any })],
  },
  {
    fn: (r: Rec) => {
      const { k, n, ...others } = r;
      if (n % 2 === 0) return { k, n, f: r.f };
      return { others, f: r.f, k, n };
    },
    to: 'record',
  },
  {
    fn: (r: Rec) => ({ f: r.f, s: r.s ?? null, k: r.k, n: r.n, m: r.m === undefined ? null : r.m }),
    to: 'record',
    returns: [t.object({ f: t.float64, s: t.nullable(t.string), k: t.any, n: t.float64, m: t.nullable(t.float64) })],
  },
  { fn: (r: Rec) => [r.k, r.n, r.x, r.f], to: 'tuple', returns: [t.tuple(t.any, t.float64, t.any, t.float64)] },
  { fn: (r: Rec) => (r.n % 2 === 0 ? [r.k, r.n] : [r.k, r.n, r.s]), to: 'tuple' },
  { fn: (r: Rec) => r.x, to: 'any' },
  { fn: (r: Rec) => r.m, to: 'any' },
  { fn: (r: Rec) => r.f, to: 'any', returns: [t.float64, t.nullable(t.float64)] },
  { fn: (r: Rec) => Object.values(r), to: 'any' },
  { fn: (r: Rec) => Object.entries(r), to: 'any' },
  { fn: (r: Rec) => new Map<unknown, unknown>([[r.k, new Set([r.n])]]), to: 'any' },
  { fn: (r: Rec) => Object.keys(r).join(), to: 'text', returns: [t.string] },
  { fn: (r: Rec) => ('x' in r ? 1 : 0), to: 'number', returns: [t.int32] },
  {
    fn: function named(r: Rec) {
      const read = (name: keyof Rec): unknown => r[name];
      return { k: read('k'), n: r.n, f: r.f };
    },
    to: 'record',
  },
];

const ofTuple: MapEntry[] = [
  { fn: (p: Tuple) => p, to: 'tuple' },
  { fn: (p: Tuple) => [p[0], p[1]], to: 'couple', returns: coupleTypes.slice(0, 1) },
  { fn: ([k, n]: Tuple) => [k, n], to: 'couple', returns: coupleTypes.slice(0, 1) },
  { fn: ([k, n]: Tuple) => ({ k, n }), to: 'pair', returns: pairTypes },
  {
    fn: ([k, n, ...rest]: Tuple) => ({ k, n, f: rest.length / 3, x: rest }),
    to: 'record',
    returns: [t.object({ k: t.any, n: t.float64, f: t.float64, x: t.any })],
  },
  { fn: (p: Tuple) => [p[0], p[1], p.length, p[2]], to: 'tuple', returns: [t.tuple(t.any, t.float64, t.int32, t.any)] },
  { fn: (p: Tuple) => [...p, null], to: 'tuple' },
  { fn: ([, n]: Tuple) => n, to: 'number', returns: [t.float64] },
  { fn: (p: Tuple) => p[2], to: 'any' },
  { fn: (p: Tuple) => p.at(-1), to: 'any' },
];

const ofCouple: MapEntry[] = [
  { fn: (p: Tuple) => p, to: 'couple', returns: coupleTypes.slice(0, 1) },
  ...ofTuple.slice(1, 5),
  { fn: ([k]: Tuple) => [k, 1], to: 'one', returns: coupleTypes },
  { fn: ([k]: Tuple) => k, to: 'any' },
];

const ofBig: MapEntry[] = [
  { fn: (r: Big) => r, to: 'big' },
  { fn: ({ k, n }: Big) => ({ k, n: n * 3n }), to: 'big', returns: [t.object({ k: t.any, n: t.any })] },
  { fn: (r: Big) => [r.n, r.k], to: 'any' },
  { fn: ({ k, n }: Big) => ({ k, n: Number(BigInt.asIntN(16, n)) }), to: 'pair', returns: pairTypes },
];

const ofRow: MapEntry[] = [
  { fn: (r: Row) => r, to: 'row' },
  { fn: (r: Row) => ({ ...r }), to: 'row' },
  { fn: ({ key, ...results }: Row) => [key, results], to: 'any', returns: [t.tuple(t.any, t.any)] },
  { fn: ({ key }: Row) => key, to: 'any' },
  { fn: ({ key }: Row) => [key ?? null, 1], to: 'one', returns: coupleTypes },
];

export const mapEntries: Readonly<Record<Form, readonly MapEntry[]>> = {
  any: ofAny,
  number: ofNumber,
  text: ofText,
  record: ofRecord,
  tuple: ofTuple,
  pair: ofPair,
  couple: ofCouple,
  one: ofCouple,
  big: ofBig,
  row: ofRow,
};

const filtersOfAny: JobFunction[] = [
  (v: unknown) => v !== null,
  (v: unknown) => typeof v !== 'string',
  (v: unknown) => v,
  () => true,
  () => false,
  function sometimes(v: unknown) {
    return canonical(v).length % 3;
  },
];

const filtersOfPair: JobFunction[] = [
  (r: Pair) => r.n % 2 === 0,
  ({ n }: Pair) => n & 1,
  (r: Pair) => r.k,
  (r: Pair) => r.k !== null && r.n > 0,
  () => 1,
];
const filtersOfTuple: JobFunction[] = [
  (p: Tuple) => p[1] > 0,
  ([k]: Tuple) => typeof k === 'string',
  ([, n]: Tuple) => n % 3,
  (p: Tuple) => p.length > 1,
];

export const filters: Readonly<Record<Form, readonly JobFunction[]>> = {
  any: filtersOfAny,
  number: [(n: number) => n % 2 === 0, (n: number) => n & 3, (n: number) => n > 10],
  text: [(s: string) => s, (s: string) => s.length % 2, (s: string) => !s.startsWith('a')],
  record: [
    ...filtersOfPair,
    (r: Rec) => r.x !== undefined,
    ({ s }: Rec) => s ?? true,
    (r: Rec) => Object.keys(r).length > 3,
    (r: Rec) => !Number.isNaN(r.f),
  ],
  tuple: filtersOfTuple,
  pair: filtersOfPair,
  couple: filtersOfTuple,
  one: filtersOfTuple.slice(1, 2),
  big: [(r: Big) => r.n % 2n === 0n, ({ k }: Big) => k],
  row: [({ key }: Row) => key, (r: Row) => Object.values(r).length > 1],
};

const flatMapsOfAny: MapEntry[] = [
  { fn: (v: unknown) => [v, v], to: 'any', returns: [t.any] },
  {
    fn: function* repeated(v: unknown) {
      yield v;
      yield [v];
    },
    to: 'any',
  },
  { fn: (v: unknown, emit: (record: unknown) => void) => emit(v), to: 'any' },
  {
    fn: function* both(v: unknown, emit: (record: unknown) => void) {
      emit(v);
      yield typeof v;
      emit(null);
    },
    to: 'any',
  },
  {
    fn: (v: unknown, emit: (record: unknown) => void) => {
      emit({ v });
      emit([v, null]);
      return [v, undefined, null];
    },
    to: 'any',
  },
  { fn: () => [], to: 'any' },
  { fn: () => undefined, to: 'any' },
  { fn: () => null, to: 'any' },
  { fn: (v: unknown) => new Set([typeof v, 'set']), to: 'text', returns: [t.string] },
  { fn: (v: unknown) => new Map([[typeof v, v]]), to: 'any' },
  { fn: (v: unknown) => typeof v, to: 'text' },
  { fn: (v: unknown) => (Array.isArray(v) ? v : [v]), to: 'any' },
  { fn: (v: unknown) => (v !== null && typeof v === 'object' ? Object.values(v) : []), to: 'any' },
  { fn: (v: unknown) => Array.from({ length: canonical(v).length % 4 }, (_, i) => i), to: 'number', returns: [t.int32] },
];

const flatMapsOfPair: MapEntry[] = [
  { fn: (r: Pair) => [r, r], to: 'pair' },
  {
    fn: function* divided({ k, n }: Pair) {
      for (let i = 0; i < remainder(n, 4); i++) yield { k, n: n + i };
    },
    to: 'pair',
    returns: pairTypes,
  },
  {
    fn: ({ k, n }: Pair, emit: (record: unknown) => void) => (n % 2 === 0 ? emit([k, n]) : [[k, -n - 1]]),
    to: 'couple',
    returns: coupleTypes.slice(0, 1),
  },
  { fn: (r: Pair) => [[r.k, 1]], to: 'one', returns: coupleTypes },
];

const flatMapsOfTuple: MapEntry[] = [
  { fn: ([k, n]: Tuple) => [[k, n]], to: 'couple' },
  {
    fn: ([k, n]: Tuple, emit: (record: unknown) => void) => {
      for (let i = 0; i < remainder(n, 3); i++) emit([k, 1]);
    },
    to: 'one',
    returns: coupleTypes,
  },
];

export const flatMaps: Readonly<Record<Form, readonly MapEntry[]>> = {
  any: flatMapsOfAny,
  number: [
    { fn: (n: number) => [n, n + 1], to: 'number', returns: [t.float64] },
    {
      fn: function* down(n: number) {
        for (let i = remainder(n, 4); i > 0; i--) yield i;
      },
      to: 'number',
      returns: [t.int32],
    },
    {
      fn: (n: number, emit: (record: unknown) => void) => (n % 2 === 0 ? emit({ k: n % 4 === 0, n }) : undefined),
      to: 'pair',
      returns: pairTypes,
    },
  ],
  text: [
    { fn: (s: string) => s.split(/\s+/).slice(0, 9), to: 'text', returns: [t.string] },
    { fn: (s: string) => s.slice(0, 5), to: 'text', returns: [t.string] },
    {
      fn: (s: string, emit: (record: unknown) => void) =>
        s
          .slice(0, 20)
          .split('')
          .forEach((c) => emit([c, 1])),
      to: 'one',
      returns: [t.tuple(t.string, t.int32)],
    },
  ],
  record: [
    ...flatMapsOfPair.slice(1),
    { fn: (r: Rec) => [r, { ...r, x: null }], to: 'record' },
    { fn: (r: Rec) => Object.values(r), to: 'any' },
  ],
  tuple: flatMapsOfTuple,
  pair: flatMapsOfPair,
  couple: flatMapsOfTuple,
  one: flatMapsOfTuple,
  big: [{ fn: (r: Big) => [r, { k: r.k, n: -r.n }], to: 'big' }],
  row: [{ fn: (r: Row) => [r, r], to: 'row' }],
};

/** Process functions keep the form of the stream, on the main output and on the side outputs. */
export const processes: readonly ProcessSpec[] = [
  {
    sides: ['odd'],
    body: (value: unknown, side, out) => {
      if (canonical(value).length % 2 === 0) out(value);
      else side('odd', value);
    },
  },
  {
    sides: ["it's", '__proto__'],
    body: (value: unknown, side, out) => {
      side("it's", value);
      out(value);
      out(value);
      if (canonical(value).length % 3 === 0) side('__proto__', value);
    },
  },
  { sides: ['all', 'none'], body: (value: unknown, side) => side('all', value) },
];

export const partitionKeys: Readonly<Record<Form, readonly Key[]>> = {
  any: [{ kind: 'selector', select: (v: unknown) => typeof v }],
  number: [{ kind: 'selector', select: (n: number) => n }],
  text: [{ kind: 'selector', select: (s: string) => s }],
  record: [
    { kind: 'field', field: 'k' },
    { kind: 'selector', select: ({ n }: Rec) => n },
  ],
  tuple: [
    { kind: 'field', field: 0 },
    { kind: 'selector', select: ([, n]: Tuple) => n },
  ],
  pair: [
    { kind: 'field', field: 'n' },
    { kind: 'selector', select: (r: Pair) => [r.k] },
  ],
  couple: [{ kind: 'field', field: 1 }],
  one: [{ kind: 'field', field: 0 }],
  big: [{ kind: 'field', field: 'n' }],
  row: [{ kind: 'field', field: 'key' }],
};

export const partitionFunctions: readonly ((key: unknown, subtasks: number) => number)[] = [
  (key, subtasks) => canonical(key).length % subtasks,
  (_key, subtasks) => subtasks - 1,
  () => 0,
];

/** Keys from which `k` follows, where a record has nothing else but `n`. */
const wholeKeys: Readonly<Partial<Record<Form, readonly Key[]>>> = {
  record: [
    { kind: 'field', field: 'k' },
    { kind: 'fields', fields: ['k'] },
    { kind: 'selector', select: (r: Rec) => r.k },
    { kind: 'fields', fields: ['k', 'n'] },
    { kind: 'selector', select: ({ k }: Rec) => ({ k, a: 1 }) },
    { kind: 'selector', select: ({ k, n }: Rec) => [k, n % 2 === 0] },
  ],
  tuple: [
    { kind: 'field', field: 0 },
    { kind: 'fields', fields: [0] },
    { kind: 'selector', select: ([k]: Tuple) => k },
    { kind: 'fields', fields: [1, 0] },
    { kind: 'selector', select: (p: Tuple) => ({ key: p[0] }) },
  ],
};

/** The key forms of pairs and couples are those of objects and arrays. */
export function wholeKeysOf(form: Form): readonly Key[] {
  if (form === 'big') return (wholeKeys.record as readonly Key[]).slice(0, 3);
  if (form === 'couple' || form === 'one') return wholeKeys.tuple as readonly Key[];
  return (form === 'pair' ? wholeKeys.record : wholeKeys[form]) ?? [];
}

/** Keys of every kind. */
export const otherKeys: Readonly<Partial<Record<Form, readonly Key[]>>> = {
  any: [
    { kind: 'selector', select: (v: unknown) => typeof v },
    { kind: 'selector', select: (v: unknown) => (typeof v === 'object' ? null : (v ?? null)) },
    { kind: 'selector', select: (v: unknown) => canonical(v) },
  ],
  number: [
    { kind: 'selector', select: (n: number) => n % 3 },
    { kind: 'selector', select: (n: number) => n % 2 === 0 },
    { kind: 'selector', select: (n: number) => BigInt(n) ** 3n },
    { kind: 'selector', select: (n: number) => (n % 2 === 0 ? n / 0 : new Date(n % 3)) },
    { kind: 'selector', select: () => null },
    { kind: 'selector', select: (n: number) => n },
  ],
  text: [
    { kind: 'selector', select: (s: string) => s },
    { kind: 'selector', select: (s: string) => s.length % 3 },
    { kind: 'selector', select: (s: string) => [s.slice(0, 1), s.length % 2 === 0] },
  ],
  record: [
    { kind: 'field', field: 'n' },
    { kind: 'fields', fields: ['n', 'f'] },
    { kind: 'selector', select: (r: Rec) => r.n % 3 },
    { kind: 'selector', select: (r: Rec) => r.f },
    { kind: 'selector', select: ({ s }: Rec) => s ?? null },
    { kind: 'selector', select: (r: Rec) => Object.keys(r) },
  ],
  tuple: [
    { kind: 'field', field: 1 },
    { kind: 'selector', select: (p: Tuple) => p[1] % 2 },
  ],
  row: [
    { kind: 'field', field: 'key' },
    { kind: 'fields', fields: ['key'] },
    { kind: 'selector', select: ({ key }: Row) => [key] },
  ],
};

export interface KeyedEntry {
  readonly operation: KeyedOperation;
  readonly to: Form;
  /** Whether the key must be one of `wholeKeys`. */
  readonly wholeKey?: boolean;
  readonly returns?: readonly Type<unknown>[];
}

function reduce(needs: Needs, fn: JobFunction, to: Form, wholeKey = false): KeyedEntry {
  return { operation: { op: 'reduce', needs, fn }, to, wholeKey };
}

function rolling(
  needs: Needs,
  op: 'sum' | 'min' | 'max' | 'minBy' | 'maxBy',
  field: string | number | undefined,
  to: Form,
  wholeKey = false,
): KeyedEntry {
  return { operation: { op, needs, field }, to, wholeKey };
}

function aggregate(
  needs: Needs,
  aggregates: Readonly<Record<string, Aggregate>>,
  toRow?: JobFunction,
  to: Form = toRow === undefined ? 'row' : 'any',
): KeyedEntry {
  return { operation: { op: 'aggregate', needs, aggregates, toRow }, to };
}

function fold(needs: Needs, spec: FoldSpec, to: Form, toRow?: JobFunction): KeyedEntry {
  return { operation: { op: 'fold', needs, fold: spec, toRow }, to };
}

/** The last digits depend on how the numbers were split. A logarithm of a fraction lies on no edge of rounding. */
function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(Math.log(value) * 1e6) : value;
}

/** An estimate and what it estimates: all that is compared of it is that it is near. */
function withEstimate({ about, different, ...row }: Row): Row {
  return { ...row, different, near: Math.abs((about as number) - (different as number)) <= (different as number) * 0.06 };
}

/** Whether a quantile is as near to the exact one as it promises to be. */
function isNear(value: unknown, values: readonly number[], q: number): boolean {
  const exact = [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] as number;
  return Math.abs((value as number) - exact) <= Math.abs(exact) * 0.0101;
}

interface TopValue {
  readonly value: unknown;
  readonly count: number;
}

function sortedTop(top: readonly TopValue[]): string[] {
  return top.map(({ value, count }) => `${canonical(value)} × ${count}`).sort();
}

const hits: Aggregate = { kind: 'count' };

const countFold: FoldSpec = {
  createAccumulator: () => 0,
  add: (_record: unknown, count: number) => count + 1,
  getResult: (count: number) => count,
  merge: (a: number, b: number) => a + b,
};

/** Its accumulator changes in place. */
const listFold: FoldSpec = {
  createAccumulator: () => [] as unknown[],
  add: (record: unknown, list: unknown[]) => {
    list.push(record);
    return list;
  },
  getResult: (list: unknown[]) => list.slice(-3),
  merge: (a: unknown[], b: unknown[]) => [...a, ...b],
};

function sumFold(of: (record: never) => number): FoldSpec {
  return {
    createAccumulator: () => ({ sum: 0, count: 0 }),
    add: (record: never, accumulator: { sum: number; count: number }) => ({
      sum: accumulator.sum + of(record),
      count: accumulator.count + 1,
    }),
    getResult: ({ sum, count }: { sum: number; count: number }) => [sum, count],
    merge: (a: { sum: number; count: number }, b: { sum: number; count: number }) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
  };
}

const onAny: KeyedEntry[] = [
  aggregate('steady', { hits }),
  aggregate('steady', { hits, again: hits }, ({ key, hits: n }: Row) => [key, n], 'couple'),
  aggregate('steady', { hits, 'a b': hits }, (row: Row, { key }: { key: unknown }) => ({ ...row, again: key })),
  fold('steady', countFold, 'number'),
  fold('steady', countFold, 'couple', (count: number, { key }: { key: unknown }) => [key, count]),
  aggregate('ordered', { first: { kind: 'first', of: undefined }, last: { kind: 'last', of: undefined } }),
  aggregate('ordered', { all: { kind: 'collect', of: undefined }, kinds: { kind: 'collect', of: (v: unknown) => typeof v } }),
  aggregate('ordered', {
    kinds: { kind: 'topK', of: (v: unknown) => typeof v, k: 2 },
    different: { kind: 'countDistinct', of: (v: unknown) => canonical(v) },
  }),
  aggregate('ordered', {
    as: { kind: 'collect', of: 'a' },
    lengths: { kind: 'collect', of: 'length' },
    first: { kind: 'first', of: 0 },
    last: { kind: 'last', of: 'a b' },
    unnamed: { kind: 'last', of: (v: unknown) => (v === null || v === undefined ? v : (v as Row)['']) },
  }),
  reduce('ordered', (_a: unknown, b: unknown) => b, 'any'),
  reduce('ordered', (a: unknown, b: unknown) => (canonical(a).length > 1000 ? b : [typeof a, b]), 'any'),
  fold('ordered', listFold, 'any'),
  fold('ordered', listFold, 'row', (list: unknown[], { key }: { key: unknown }) => ({ key, length: list.length, list })),
];

const onNumber: KeyedEntry[] = [
  rolling('free', 'sum', undefined, 'number'),
  rolling('free', 'min', undefined, 'number'),
  rolling('free', 'max', undefined, 'number'),
  rolling('free', 'minBy', undefined, 'number'),
  rolling('free', 'maxBy', undefined, 'number'),
  reduce('free', (a: number, b: number) => a + b, 'number'),
  reduce('ordered', (a: number, b: number) => remainder(a * 31 + b, modulus), 'number'),
  aggregate('free', {
    total: { kind: 'sum', of: undefined },
    low: { kind: 'min', of: undefined },
    high: { kind: 'max', of: undefined },
    mean: { kind: 'avg', of: undefined },
  }),
  aggregate(
    'free',
    {
      most: { kind: 'maxBy', of: undefined },
      different: { kind: 'countDistinct', of: undefined },
      about: { kind: 'approxCountDistinct', of: undefined },
    },
    withEstimate,
    'row',
  ),
  fold(
    'free',
    sumFold((n: number) => n),
    'any',
  ),
];

const onText: KeyedEntry[] = [
  rolling('free', 'min', undefined, 'text'),
  rolling('free', 'max', undefined, 'text'),
  rolling('ordered', 'minBy', undefined, 'text'),
  aggregate('free', {
    low: { kind: 'min', of: undefined },
    high: { kind: 'max', of: undefined },
    different: { kind: 'countDistinct', of: undefined },
  }),
  aggregate(
    'free',
    { all: { kind: 'topK', of: undefined, k: 5000 } },
    ({ key, all }: Row) => ({ key, all: sortedTop(all as TopValue[]) }),
    'row',
  ),
  aggregate('ordered', { first: { kind: 'first', of: undefined }, most: { kind: 'topK', of: undefined, k: 3 } }),
  reduce('ordered', (a: string, b: string) => `${a.slice(0, 100)}|${b}`, 'text'),
];

/** What holds of both forms of a record, with other names of the fields. */
function onFields(k: string | number, n: string | number, pair: Form): { free: KeyedEntry[]; exact: KeyedEntry[]; ordered: KeyedEntry[] } {
  const numbers = (r: Readonly<Record<string | number, number>>): number => r[n] as number;
  return {
    free: [
      aggregate('free', { hits, total: { kind: 'sum', of: n }, low: { kind: 'min', of: n }, high: { kind: 'max', of: n } }),
      aggregate('free', { total: { kind: 'sum', of: n }, hits }, ({ key, total }: Row) => ({ k: key, n: total }), 'pair'),
      aggregate(
        'free',
        { mean: { kind: 'avg', of: n }, spread: { kind: 'variance', of: n } },
        ({ key, mean, spread }: Row) => ({ key, mean, spread: rounded(spread) }),
        'row',
      ),
      aggregate(
        'free',
        {
          different: { kind: 'countDistinct', of: n },
          about: { kind: 'approxCountDistinct', of: n },
          keys: { kind: 'countDistinct', of: k },
        },
        withEstimate,
        'row',
      ),
      aggregate(
        'free',
        {
          median: { kind: 'quantile', of: n, q: 0.5 },
          several: { kind: 'quantile', of: numbers, q: [0, 0.9, 1] },
          all: { kind: 'collect', of: n },
        },
        ({ key, median, several, all }: Row) => ({
          key,
          near: isNear(median, all as number[], 0.5),
          nearAll: (several as number[]).map((each, i) => isNear(each, all as number[], [0, 0.9, 1][i] as number)),
        }),
        'row',
      ),
      aggregate('free', { top: { kind: 'topK', of: n, k: 5000 } }, ({ key, top }: Row) => [key, sortedTop(top as TopValue[])]),
      aggregate('free', {
        total: { kind: 'sum', of: (r: never) => numbers(r) * 2 },
        high: { kind: 'max', of: (r: never) => String(numbers(r)) },
      }),
      fold('free', sumFold(numbers as (record: never) => number), 'any'),
    ],
    exact: [
      rolling('free', 'sum', n, pair, true),
      rolling('free', 'min', n, pair, true),
      rolling('free', 'max', n, pair, true),
      rolling('free', 'minBy', n, pair, true),
      rolling('free', 'maxBy', n, pair, true),
    ],
    ordered: [
      rolling('ordered', 'minBy', n, pair),
      rolling('ordered', 'maxBy', n, pair),
      rolling('ordered', 'sum', n, pair),
      rolling('ordered', 'max', n, pair),
      aggregate('ordered', {
        least: { kind: 'minBy', of: n },
        most: { kind: 'maxBy', of: (r: never) => -numbers(r) },
        first: { kind: 'first', of: undefined },
        end: { kind: 'last', of: n },
      }),
      aggregate('ordered', { rows: { kind: 'collect', of: undefined }, keys: { kind: 'topK', of: k, k: 2 } }),
    ],
  };
}

const objects = onFields('k', 'n', 'record');
const pairs = onFields('k', 'n', 'pair');
const tuples = onFields(0, 1, 'tuple');
const couples = onFields(0, 1, 'couple');

const onRecord: KeyedEntry[] = [
  ...objects.free,
  ...objects.ordered,
  aggregate('free', {
    total: { kind: 'sum', of: 'm' },
    mean: { kind: 'avg', of: 'm' },
    low: { kind: 'min', of: 'm' },
    different: { kind: 'countDistinct', of: 'm' },
  }),
  aggregate('ordered', {
    low: { kind: 'min', of: 'f' },
    high: { kind: 'max', of: 'f' },
    total: { kind: 'sum', of: 'f' },
    mean: { kind: 'avg', of: (r: Rec) => r.f },
  }),
  aggregate('ordered', { first: { kind: 'first', of: 'x' }, last: { kind: 'last', of: 's' }, all: { kind: 'collect', of: 'x' } }),
  aggregate('ordered', { low: { kind: 'min', of: 's' }, by: { kind: 'maxBy', of: 's' }, top: { kind: 'topK', of: 's', k: 2 } }),
  rolling('ordered', 'sum', 'f', 'record'),
  rolling('ordered', 'min', 'f', 'record'),
  rolling('ordered', 'maxBy', 'f', 'record'),
  reduce('ordered', (a: Rec, b: Rec) => ({ ...b, n: remainder(a.n * 31 + b.n, modulus) }), 'record'),
  reduce('ordered', (a: Rec, b: Rec) => (a.n > b.n ? a : b), 'record'),
];

const onPair: KeyedEntry[] = [
  ...pairs.free,
  ...pairs.exact,
  ...pairs.ordered,
  reduce('free', (a: Pair, b: Pair) => ({ k: a.k, n: a.n + b.n }), 'pair', true),
  reduce('ordered', ({ n }: Pair, b: Pair) => ({ k: b.k, n: remainder(n * 31 + b.n, modulus) }), 'pair'),
];

const onTuple: KeyedEntry[] = [
  ...tuples.free,
  ...tuples.ordered,
  aggregate('ordered', { first: { kind: 'first', of: 2 }, all: { kind: 'collect', of: 2 } }),
  reduce('ordered', (a: Tuple, b: Tuple) => [b[0], remainder(a[1] * 31 + b[1], modulus), a[2]], 'tuple'),
];

const onCouple: KeyedEntry[] = [
  ...couples.free,
  ...couples.exact,
  ...couples.ordered,
  reduce('free', ([k, a]: Tuple, [, b]: Tuple) => [k, a + b], 'couple', true),
];

const onOne: KeyedEntry[] = [
  rolling('steady', 'sum', 1, 'couple', true),
  reduce('steady', ([k, a]: Tuple, [, b]: Tuple) => [k, a + b], 'couple', true),
  rolling('steady', 'maxBy', 1, 'one', true),
];

const onBig: KeyedEntry[] = [
  rolling('free', 'sum', 'n', 'big', true),
  rolling('free', 'min', 'n', 'big', true),
  rolling('free', 'maxBy', 'n', 'big', true),
  aggregate('free', { total: { kind: 'sum', of: 'n' }, low: { kind: 'min', of: 'n' }, different: { kind: 'countDistinct', of: 'n' } }),
];

export const keyedEntries: Readonly<Record<Form, readonly KeyedEntry[]>> = {
  any: onAny,
  number: [...onNumber, ...onAny.slice(0, 6)],
  text: [...onText, ...onAny.slice(0, 6)],
  record: [...onRecord, ...onAny],
  tuple: [...onTuple, ...onAny],
  pair: [...onPair, ...onAny.slice(0, 5)],
  couple: [...onCouple, ...onAny.slice(0, 5)],
  one: [...onOne, ...onAny.slice(0, 5)],
  big: onBig,
  row: onAny,
};
