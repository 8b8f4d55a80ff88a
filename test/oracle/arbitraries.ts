/** Arbitrary values, keys, rows and plans. */

import fc from 'fast-check';
import { keyText } from './canonical.ts';
import {
  type Form,
  filters,
  flatMaps,
  type KeyedEntry,
  keyedEntries,
  type MapEntry,
  mapEntries,
  otherKeys,
  partitionFunctions,
  partitionKeys,
  processes,
  wholeKeysOf,
} from './functions.ts';
import {
  type Edge,
  isOnHost,
  isStreaming,
  type Key,
  type Operation,
  type Partition,
  type Plan,
  type PlanConfig,
  type PlanNode,
  parallelismOf,
  planText,
} from './plan.ts';

// Values

const floats = [
  0,
  -0,
  1,
  -1,
  0.1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  1e308,
  5e-324,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const bigints = [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n];
const hugeBigints = [2n ** 63n, -(2n ** 63n) - 1n, 10n ** 40n];
const times = [0, -1, 1.6e12, 8.64e15, -8.64e15, Number.NaN];

const latin1 = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 8 }).map((units) => String.fromCharCode(...units));
/** Any units, lone surrogates among them. */
const units = fc
  .array(fc.oneof(fc.integer({ min: 0xd7fe, max: 0xe001 }), fc.integer({ min: 0, max: 0xffff })), { maxLength: 6 })
  .map((codes) => String.fromCharCode(...codes));
const ascii = fc.constantFrom('', 'a', 'b', 'hello world', '\0', 'it\'s "quoted"\\\n', ' a  b c ');

/** Now and then as long as `max`. */
function long(max: number): fc.Arbitrary<string> {
  const length = fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 50, max: Math.min(max, 3000) }) },
    { weight: 1, arbitrary: fc.integer({ min: 50, max }) },
  );
  return fc
    .record({ unit: fc.constantFrom('x', 'é', '語', '\ud800', 'ab c'), length })
    .map(({ unit, length }) => unit.repeat(length / unit.length));
}

function texts(longest = 3000): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: ascii },
    { weight: 2, arbitrary: latin1 },
    { weight: 2, arbitrary: units },
    { weight: 1, arbitrary: long(longest) },
  );
}

/** Names that are awkward in one way or another. */
const oddNames = [
  'a',
  'b',
  '',
  '__proto__',
  '0',
  '12',
  '01',
  '-1',
  'constructor',
  'length',
  'toString',
  'a b',
  "it's",
  '"',
  '\\',
  '\n',
  '\u2028',
  '\ufeffid',
  'ключ',
  '\ud800',
  '$',
  'v',
  'n',
  'record',
  'then',
  'class',
];

/** An object with these properties, whatever their names. */
export function objectOf(entries: readonly (readonly [string, unknown])[], prototype: object | null = Object.prototype): object {
  const object = Object.create(prototype) as object;
  for (const [name, value] of entries) Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  return object;
}

const bytes = fc.uint8Array({ maxLength: 9 });
const typedArrays = fc.oneof(
  bytes,
  bytes.map((each) => Buffer.from(each)),
  bytes.map((each) => each.slice().buffer),
  fc.float64Array({ maxLength: 3 }),
  fc.int16Array({ maxLength: 4 }),
  fc.bigInt64Array({ maxLength: 2 }),
);

const primitive = fc.oneof(
  fc.constantFrom(null, undefined, true, false),
  fc.constantFrom(...floats),
  fc.integer({ min: -1000, max: 1000 }),
  fc.constantFrom(...bigints, ...hugeBigints),
);

/** Any value that a record may hold. */
function anyValue(longest = 3000): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => {
    const name = fc.constantFrom(...oddNames);
    const item = tie('value');
    return {
      value: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        { weight: 5, arbitrary: primitive },
        { weight: 3, arbitrary: texts(longest) },
        { weight: 1, arbitrary: fc.constantFrom(...times).map((time) => new Date(time)) },
        { weight: 1, arbitrary: typedArrays },
        { weight: 2, arbitrary: fc.array(item, { maxLength: 4 }) },
        { weight: 1, arbitrary: fc.array(item, { maxLength: 3 }).map((items) => Object.assign(new Array(items.length + 2), items)) },
        { weight: 3, arbitrary: fc.array(fc.tuple(name, item), { maxLength: 4 }).map((entries) => objectOf(entries)) },
        { weight: 1, arbitrary: fc.array(fc.tuple(name, item), { maxLength: 2 }).map((entries) => objectOf(entries, null)) },
        { weight: 1, arbitrary: fc.array(fc.tuple(item, item), { maxLength: 2 }).map((entries) => new Map(entries)) },
        { weight: 1, arbitrary: fc.array(item, { maxLength: 2 }).map((items) => new Set(items)) },
      ),
    };
  }).value;
}

// Keys

const simpleKey = fc.oneof(
  texts(100),
  fc.constantFrom(...floats),
  fc.integer({ min: -5, max: 5 }),
  fc.boolean(),
  fc.constantFrom(...bigints, ...hugeBigints),
  fc.constant(null),
  fc.constantFrom(...times).map((time) => new Date(time)),
);

const anyKey: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: simpleKey },
  { weight: 1, arbitrary: fc.array(simpleKey, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.tuple(fc.constantFrom(...oddNames), simpleKey), { maxLength: 3 }).map((entries) => objectOf(entries)),
  },
  { weight: 1, arbitrary: bytes },
);

/** Another value that is the same key, where there is one. */
function twinOf(key: unknown): unknown {
  if (key === 0) return Object.is(key, 0) ? -0 : 0;
  if (typeof key !== 'object' || key === null || Object.getPrototypeOf(key) !== Object.prototype) return key;
  return objectOf(Object.entries(key).reverse());
}

// Rows

/** The values that the rows of one plan are made of; rows point into it, so that they repeat and shrink. */
export interface World {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
  readonly texts: readonly string[];
}

function worlds(longest?: number): fc.Arbitrary<World> {
  return fc.record({
    keys: fc.uniqueArray(anyKey, { minLength: 1, maxLength: 5, selector: keyText }),
    values: fc.array(anyValue(longest), { minLength: 1, maxLength: 6 }),
    texts: fc.array(texts(longest), { minLength: 1, maxLength: 4 }),
  });
}

function pick<V>(values: readonly V[], index: number): V {
  return values[index % values.length] as V;
}

/** A number that follows from others, as if at random. */
function scattered(a: number, b: number): number {
  return (Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 7, 0x85ebca6b)) >>> 8;
}

type Maker = (seed: number, world: World) => unknown;

/** Stands for an element that an array does not have. */
const hole = Symbol('hole');

/** Values of one kind each, as a column may hold them. */
const columnKinds: readonly Maker[] = [
  (seed) => seed % 1000,
  (_seed, world) => pick(world.texts, _seed),
  (seed) => pick(floats, seed),
  (seed) => seed % 2 === 0,
  (seed) => pick(bigints, seed),
  () => null,
  (seed) => new Date(pick(times, seed)),
  (seed, world) => pick(world.values, seed),
  () => undefined,
  (seed) => (seed % 3 === 0 ? null : pick(floats, seed)),
  (seed, world) => (seed % 3 === 0 ? null : pick(world.texts, seed)),
  (seed) => (seed % 3 === 0 ? null : seed % 2 === 0),
  (seed) => (seed % 3 === 0 ? null : pick(bigints, seed)),
  (seed) => (seed % 3 === 0 ? null : new Date(pick(times, seed))),
  (seed) => pick([...bigints, ...hugeBigints], seed),
  (seed) => (seed % 5 === 0 ? undefined : seed),
  (seed) => [seed % 10, null],
  (seed) => ({ nested: { deep: seed % 10 } }),
  (seed) => Uint8Array.of(seed % 256, 1),
  (seed) => (seed % 2 === 0 ? hole : seed),
];

interface Shape {
  readonly form: number;
  /** By column. */
  readonly kinds: readonly number[];
  readonly names: readonly string[];
}

interface Drift {
  readonly what: number;
  readonly column: number;
  readonly kind: number;
  readonly name: string;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  form: fc.nat(3),
  kinds: fc.array(fc.nat(columnKinds.length - 1), { minLength: 1, maxLength: 4 }),
  names: fc.uniqueArray(fc.constantFrom(...oddNames), { minLength: 4, maxLength: 4 }),
});

const drift: fc.Arbitrary<Drift> = fc.record({
  what: fc.nat(6),
  column: fc.nat(3),
  kind: fc.nat(columnKinds.length - 1),
  name: fc.constantFrom(...oddNames),
});

/** The shape of the rows behind a change: of a type, of the keys, of their order, of the form. */
function drifted(before: Shape, { what, column, kind, name }: Drift): Shape {
  const at = column % before.kinds.length;
  const { kinds, names } = before;
  switch (what) {
    case 0:
    case 1:
      return { ...before, kinds: kinds.with(at, kind) };
    case 2:
      return { ...before, kinds: kinds.with(at, 5) };
    case 3:
      return names.includes(name) || kinds.length === 4
        ? before
        : { ...before, kinds: [...kinds, kind], names: names.with(kinds.length, name) };
    case 4:
      return kinds.length === 1
        ? before
        : { ...before, kinds: kinds.toSpliced(at, 1), names: [...names.toSpliced(at, 1), ...names.slice(at, at + 1)] };
    case 5:
      return { ...before, names: [...names.slice(0, kinds.length).reverse(), ...names.slice(kinds.length)], kinds: [...kinds].reverse() };
    default:
      return { ...before, form: before.form + 1 };
  }
}

function rowOf({ form, kinds, names }: Shape, seed: number, world: World): unknown {
  const cells = kinds.map((kind, i) => (columnKinds[kind] as Maker)(scattered(seed, i), world));
  if (form % 4 === 0) return cells[0] === hole ? undefined : cells[0];
  if (form % 4 === 1) return arrayOf(cells);
  return objectOf(cells.flatMap((cell, i) => (cell === hole ? [] : [[names[i] as string, cell]])));
}

function arrayOf(cells: readonly unknown[]): unknown[] {
  const array = new Array<unknown>(cells.length);
  for (const [i, cell] of cells.entries()) if (cell !== hole) array[i] = cell;
  return array;
}

interface DriftChoices {
  readonly shape: Shape;
  readonly drifts: readonly Drift[];
  readonly seeds: readonly number[];
}

/** Rows of one shape, which changes now and then. */
function driftingRows({ shape: first, drifts, seeds }: DriftChoices, world: World): unknown[] {
  const shapes = drifts.reduce<Shape[]>((all, each) => [...all, drifted(all.at(-1) as Shape, each)], [first]);
  return seeds.map((seed, i) => rowOf(shapes[Math.floor((i * shapes.length) / seeds.length)] as Shape, seed, world));
}

const driftChoices: fc.Arbitrary<DriftChoices> = fc.record({
  shape,
  drifts: fc.array(drift, { maxLength: 4 }),
  seeds: fc.array(fc.nat(100_000), { maxLength: 30 }),
});

interface RowSeed {
  readonly key: number;
  readonly n: number;
  readonly seed: number;
}

const rowSeed: fc.Arbitrary<RowSeed> = fc.record({ key: fc.nat(4), n: fc.integer({ min: -1000, max: 1000 }), seed: fc.nat(100_000) });

interface RecordParts {
  readonly k: unknown;
  readonly n: number;
  readonly f: number;
  readonly s: string;
  readonly x: unknown;
  readonly seed: number;
}

/** Records with `k`, `n` and `f`, and more of it or in another order. */
const recordStyles: readonly ((parts: RecordParts) => object)[] = [
  ({ k, n, f }) => ({ k, n, f }),
  ({ k, n, f, x }) => ({ k, n, f, x }),
  ({ k, n, f }) => ({ n, f, k }),
  ({ k, n, f, s }) => ({ k, n, f, m: null, s }),
  ({ k, n, f, s, seed }) => ({ k, n, f, m: seed % 100, s: seed % 3 === 0 ? null : s }),
  ({ k, n, f, x, seed }) => ({ id: seed, k, n, f, x: seed % 2 === 0 ? x : undefined }),
  ({ k, n, f, x }) => ({ '': x, "it's": n, k, constructor: f, n, f, length: 1 }),
  ({ k, n, f, x }) => ({ k, n, f, 12: x }),
  ({ k, n, f, x }) =>
    objectOf([
      ['k', k],
      ['n', n],
      ['f', f],
      ['__proto__', x],
    ]),
  ({ k, n, f, s }) => ({ k, n, f, '\ufeffid': s, '\ud800': 1 }),
  ({ k, n, f, x }) => ({ k, n, f, ...Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`x${i}`, i === 69 ? x : i])) }),
  ({ k, n, f, x }) =>
    objectOf(
      [
        ['k', k],
        ['n', n],
        ['f', f],
        ['x', x],
      ],
      null,
    ),
];

const tupleStyles: readonly ((parts: RecordParts) => unknown[])[] = [
  ({ k, n }) => [k, n],
  ({ k, n, x }) => [k, n, x],
  ({ k, n, s }) => [k, n, null, s],
  ({ k, n, seed }) => [k, n, seed % 2 === 0 ? undefined : seed],
  // biome-ignore lint/suspicious/noSparseArray: a hole is what it is about
  ({ k, n, x }) => [k, n, , x],
];

export interface SourceChoice {
  readonly what: number;
  readonly styles: readonly number[];
  readonly rows: readonly RowSeed[];
  readonly twins: boolean;
  readonly parallelism: number;
  readonly drift: DriftChoices;
  /** Of a sequence, where it is not that of the rows. */
  readonly length?: number;
}

const sourceChoice: fc.Arbitrary<SourceChoice> = fc.record({
  what: fc.nat(9),
  styles: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
  rows: fc.array(rowSeed, { maxLength: 30 }),
  twins: fc.boolean(),
  parallelism: fc.nat(15),
  drift: driftChoices,
});

const sourceForms: readonly Form[] = ['record', 'tuple', 'number', 'text', 'any', 'pair', 'couple', 'record', 'record', 'number'];

function sourceRows(form: Form, { styles, rows, twins, drift: drifting }: SourceChoice, world: World): unknown[] {
  if (form === 'any') return driftingRows(drifting, world);
  return rows.map(({ key, n, seed }, i) => {
    const known = pick(world.keys, key);
    const k = twins && seed % 2 === 0 ? twinOf(known) : known;
    const parts = { k, n, f: pick(floats, seed), s: pick(world.texts, seed), x: pick(world.values, seed), seed };
    const style = styles[Math.floor((i * styles.length) / rows.length)] as number;
    if (form === 'record') return pick(recordStyles, style)(parts);
    if (form === 'tuple') return pick(tupleStyles, style)(parts);
    if (form === 'pair') return { k, n };
    if (form === 'couple') return [k, n];
    return form === 'number' ? n : parts.s;
  });
}

// Plans

/** What one step of growing a plan takes, as numbers that are taken modulo what there is to choose from. 0 is the simplest. */
interface Step {
  readonly from: number;
  readonly what: number;
  readonly variant: number;
  readonly key: number;
  readonly partition: number;
  readonly parallelism: number;
  readonly chaining: number;
  readonly returns: number;
  readonly union: number;
  readonly sink: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  from: fc.nat(9),
  what: fc.nat(19),
  variant: fc.nat(999),
  key: fc.nat(99),
  partition: fc.nat(17),
  parallelism: fc.nat(9),
  chaining: fc.nat(11),
  returns: fc.nat(5),
  union: fc.nat(9),
  sink: fc.nat(9),
});

/** What is known of a stream while the plan grows. */
interface Stream {
  readonly node: number;
  readonly side: string | undefined;
  readonly form: Form;
  /** Whether the order of all records is fixed. */
  readonly isOrdered: boolean;
  /** Whether equal keys may look different. */
  readonly twins: boolean;
  /** Keyed aggregations so far: sums of sums grow. */
  readonly depth: number;
  isRead: boolean;
}

const depthMax = 3;

class PlanGrower {
  readonly #config: PlanConfig;
  readonly #nodes: PlanNode[] = [];
  readonly #streams: Stream[] = [];
  #isCollected = false;

  constructor(config: PlanConfig) {
    this.#config = config;
  }

  source(choice: SourceChoice, world: World): void {
    const form = pick(sourceForms, choice.what);
    const parallelism = choice.parallelism > 11 ? choice.parallelism - 10 : undefined;
    const operation = this.#sourceOperation(form, choice, world);
    const node = this.#add({ operation, inputs: [], parallelism });
    this.#streams.push({
      node,
      side: undefined,
      form,
      isOrdered: this.#parallelism(node) === 1,
      twins: choice.twins,
      depth: 0,
      isRead: false,
    });
  }

  #sourceOperation(form: Form, choice: SourceChoice, world: World): Operation {
    if (choice.what === 9) return { op: 'sequence', from: -(choice.styles[0] as number), to: choice.length ?? choice.rows.length };
    const rows = sourceRows(form, choice, world);
    return choice.parallelism > 8 && choice.parallelism < 12 ? { op: 'fromHost', rows } : { op: 'data', rows };
  }

  step(choice: Step): void {
    const stream = this.#pickStream(choice.from);
    const { what } = choice;
    if (what < 5) this.#map(stream, choice, mapEntries[stream.form], 'map');
    else if (what < 7) this.#filter(stream, choice);
    else if (what < 9) this.#map(stream, choice, flatMaps[stream.form], 'flatMap');
    else if (what === 9) this.#process(stream, choice);
    else this.#keyed(stream, choice);
    if (choice.sink === 9) this.#sink(stream, choice);
  }

  /** Ends every stream that nobody reads in a sink. */
  plan(sink: Step): Plan {
    for (const stream of this.#streams) if (!stream.isRead) this.#sink(stream, sink);
    const plan: Plan = { config: this.#config, nodes: this.#nodes };
    return Object.assign(plan, { [fc.toStringMethod]: () => planText(plan) });
  }

  #add(node: PlanNode): number {
    return this.#nodes.push(node) - 1;
  }

  get #soFar(): Plan {
    return { config: this.#config, nodes: this.#nodes };
  }

  get #isStreaming(): boolean {
    return isStreaming(this.#soFar);
  }

  #parallelism(node: number): number {
    return parallelismOf(this.#soFar, this.#nodes[node] as PlanNode);
  }

  /** The newest stream for 0. */
  #pickStream(from: number): Stream {
    return this.#streams.at(-1 - (from % this.#streams.length)) as Stream;
  }

  #map(stream: Stream, choice: Step, entries: readonly MapEntry[], op: 'map' | 'flatMap'): void {
    const { fn, to, returns = [] } = pick(entries, choice.variant);
    this.#transform(stream, choice, { op, fn }, to, choice.returns < 3 ? pick(returns, choice.variant >> 3)?.record : undefined);
  }

  #filter(stream: Stream, choice: Step): void {
    this.#transform(stream, choice, { op: 'filter', fn: pick(filters[stream.form], choice.variant) }, stream.form);
  }

  #process(stream: Stream, choice: Step): void {
    const process = pick(processes, choice.variant);
    const added = this.#transform(stream, choice, { op: 'process', process }, stream.form);
    for (const side of process.sides) {
      // Some are read by nobody.
      if (side !== 'none' && (choice.variant + side.length) % 4 !== 0) this.#streams.push({ ...added, side, isRead: false });
    }
  }

  /** An operator that is not keyed, behind a partitioning and perhaps a union. */
  #transform(stream: Stream, choice: Step, operation: Operation, to: Form, returns?: PlanNode['returns']): Stream {
    const parallelism = this.#chosenParallelism(choice, stream);
    const inputs = this.#inputs(stream, choice, parallelism).map((each) => this.#edge(each, choice, parallelism));
    const node = this.#add({ operation, inputs, parallelism, chaining: chainingOf(choice), returns });
    return this.#push({ ...this.#joined(stream, inputs, node), node, form: to });
  }

  #push(stream: Omit<Stream, 'isRead' | 'side'>): Stream {
    const added = { ...stream, side: undefined, isRead: false };
    this.#streams.push(added);
    return added;
  }

  /** The stream, and sometimes another of its form. */
  #inputs(stream: Stream, { union }: Step, _parallelism: number | undefined): Stream[] {
    const others = this.#streams.filter((each) => each.form === stream.form);
    const inputs = union < 7 ? [stream] : [stream, pick(others, union)];
    for (const each of inputs) each.isRead = true;
    return inputs;
  }

  /** What several inputs have in common, behind their edges to a node. */
  #joined(stream: Stream, inputs: readonly Edge[], node: number): Stream {
    const [edge, ...others] = inputs as [Edge, ...Edge[]];
    const streams = inputs.map(({ from, side }) => this.#streams.find((each) => each.node === from && each.side === side) as Stream);
    const keepsOrder = this.#parallelism(node) === 1 || keepsLane(edge.partition, this.#parallelism(edge.from) === this.#parallelism(node));
    return {
      ...stream,
      isOrdered: others.length === 0 && stream.isOrdered && keepsOrder,
      twins: streams.some((each) => each.twins),
      depth: Math.max(...streams.map((each) => each.depth)),
    };
  }

  #chosenParallelism({ parallelism, partition }: Step, stream: Stream): number | undefined {
    if (partition === forwardChoice) return this.#parallelism(stream.node);
    return parallelism < 6 ? undefined : parallelism - 5;
  }

  #edge({ node, side, form }: Stream, choice: Step, parallelism: number | undefined): Edge {
    const partition = this.#partition(form, choice);
    // Forward needs the same parallelism on both sides, which a union need not have.
    const isForward = partition?.kind === 'forward' && this.#parallelism(node) !== parallelism;
    return { from: node, side, partition: isForward ? undefined : partition };
  }

  #partition(form: Form, { partition, key, variant }: Step): Partition | undefined {
    const kinds = ['rebalance', 'rescale', 'shuffle', 'broadcast', 'global'] as const;
    if (partition >= 8 && partition < 8 + kinds.length) return { kind: kinds[partition - 8] as 'rebalance' };
    if (partition === forwardChoice) return { kind: 'forward' };
    if (partition === 14 || partition === 15)
      return { kind: 'custom', key: pick(partitionKeys[form], key), partition: pick(partitionFunctions, variant) };
    return partition > 15 ? { kind: 'key', key: pick(keysOf(form), key) } : undefined;
  }

  #keyed(stream: Stream, choice: Step): void {
    const parallelism = choice.parallelism < 6 ? undefined : choice.parallelism - 5;
    const inputs = this.#inputs(stream, choice, parallelism);
    const isOrdered = inputs.length === 1 && stream.isOrdered;
    const depth = Math.max(...inputs.map((each) => each.depth));
    const twins = inputs.some((each) => each.twins);
    const entries = keyedEntries[stream.form].filter((entry) => this.#allows(entry, isOrdered, twins));
    if (entries.length === 0 || depth >= depthMax) {
      this.#transform(stream, choice, { op: 'map', fn: (value: unknown) => value }, stream.form);
      return;
    }
    const entry = pick(entries, choice.variant);
    const key = pick(entry.wholeKey === true ? wholeKeysOf(stream.form) : keysOf(stream.form), choice.key);
    const edges = inputs.map((each): Edge => ({ from: each.node, side: each.side, partition: { kind: 'key', key } }));
    const node = this.#add({ operation: entry.operation, inputs: edges, parallelism, chaining: chainingOf(choice) });
    const isTotal = isOrdered && this.#isStreaming && this.#parallelism(node) === 1;
    this.#push({ node, form: entry.to, isOrdered: isTotal, twins: twins && entry.to !== 'row', depth: depth + 1 });
  }

  /** Whether the result is fixed although the order is not. */
  #allows({ operation, wholeKey }: KeyedEntry, isOrdered: boolean, twins: boolean): boolean {
    if (isOrdered) return true;
    if (operation.needs === 'ordered' || (wholeKey === true && twins)) return false;
    return operation.needs === 'steady' || !this.#isStreaming;
  }

  #sink(stream: Stream, choice: Step): void {
    stream.isRead = true;
    const kind = pick(['collect', 'callback', 'toHost', 'promise'] as const, choice.variant + this.#nodes.length);
    const to = kind === 'collect' && this.#isCollected ? 'callback' : kind;
    if (to === 'collect') this.#isCollected = true;
    const parallelism = isOnHost(to) ? undefined : this.#chosenParallelism(choice, stream);
    const edge = this.#edge(stream, choice, isOnHost(to) ? 1 : parallelism);
    this.#add({
      operation: { op: 'sink', to },
      inputs: [edge],
      parallelism,
      chaining: chainingOf(choice) === 'never' ? 'never' : undefined,
    });
  }
}

const forwardChoice = 13;

function keepsLane(partition: Partition | undefined, sameParallelism: boolean): boolean {
  return partition === undefined ? sameParallelism : partition.kind === 'forward' || partition.kind === 'global';
}

function chainingOf({ chaining }: Step): 'never' | 'head' | undefined {
  return chaining < 8 ? undefined : chaining < 10 ? 'never' : 'head';
}

function keysOf(form: Form): readonly Key[] {
  return [...wholeKeysOf(form), ...(otherKeys[form] ?? [])];
}

const limits = fc.record({
  batchRows: fc.constantFrom(1024, 1, 2, 7),
  batchBytes: fc.constantFrom(65_536, 1, 64),
  ringBytes: fc.constantFrom(524_288, 256, 512, 2048),
  localQueueBatches: fc.constantFrom(4, 1, 2),
  localAggregationKeys: fc.constantFrom(100_000, 1, 2, 7),
  localSampleRows: fc.constantFrom(32_768, 1, 32),
  hostRows: fc.constantFrom(4096, 1, 7),
});

const configs: fc.Arbitrary<PlanConfig> = fc.record({
  parallelism: fc.constantFrom(1, 2, 4),
  maxParallelism: fc.constantFrom(128, 5, 7, 32_768),
  mode: fc.constantFrom('streaming', 'batch', 'automatic'),
  localAggregation: fc.boolean(),
  chaining: fc.boolean().map((isOff) => !isOff),
  bufferTimeout: fc.constantFrom(10, 0),
  limits,
});

function grow(config: PlanConfig, world: World, sources: readonly SourceChoice[], steps: readonly Step[], sink: Step): Plan {
  const grower = new PlanGrower(config);
  for (const source of sources) grower.source(source, world);
  for (const each of steps) grower.step(each);
  return grower.plan(sink);
}

/** Any graph on any data. */
export function plans(stepsMax: number): fc.Arbitrary<Plan> {
  return fc
    .tuple(
      configs,
      worlds(),
      fc.array(sourceChoice, { minLength: 1, maxLength: 3 }),
      fc.array(step, { maxLength: stepsMax, size: 'max' }),
      step,
    )
    .map(([config, world, sources, steps, sink]) => grow(config, world, sources, steps, sink));
}

/** Short jobs on records whose shape changes: what an exchange has to make of them. */
export function driftingPlans(): fc.Arbitrary<Plan> {
  const source = sourceChoice.map((choice) => ({ ...choice, what: [4, 0, 1][choice.what % 3] as number }));
  const exchanging = step.map((choice) => ({ ...choice, partition: 8 + (choice.partition % 10), what: choice.what % 10 }));
  return fc
    .tuple(
      configs,
      worlds(100_000),
      fc.array(source, { minLength: 1, maxLength: 2 }),
      fc.array(exchanging, { minLength: 1, maxLength: 3 }),
      step,
    )
    .map(([config, world, sources, steps, sink]) =>
      grow({ ...config, parallelism: Math.max(2, config.parallelism) }, world, sources, steps, sink),
    );
}

/** Plain columns, texts and nulls among them, that go through several exchanges as they are. */
export function columnarPlans(): fc.Arbitrary<Plan> {
  const textual = fc
    .tuple(worlds(100), fc.array(fc.oneof(texts(100), fc.constant(null)), { minLength: 1, maxLength: 5 }))
    .map(([world, keys]): World => ({ ...world, keys }));
  const source = sourceChoice.map((choice) => ({
    ...choice,
    what: [5, 3, 6, 0, 1][choice.what % 5] as number,
    twins: false,
    styles: choice.styles.map((style) => style % 5),
  }));
  const passing = step.map((choice) => ({
    ...choice,
    partition: 8 + (choice.partition % 10),
    what: [5, 6, 11, 12, 2, 9][choice.what % 6] as number,
  }));
  return fc
    .tuple(
      configs,
      textual,
      fc.array(source, { minLength: 1, maxLength: 2 }),
      fc.array(passing, { minLength: 2, maxLength: 4, size: 'max' }),
      step,
    )
    .map(([config, world, sources, steps, sink]) =>
      grow({ ...config, parallelism: Math.max(2, config.parallelism) }, world, sources, steps, sink),
    );
}

/** One producer, keyed: everything about order is fixed. */
export function orderedPlans(): fc.Arbitrary<Plan> {
  const source = sourceChoice.map((choice) => ({ ...choice, parallelism: 0, what: choice.what % 9 }));
  const keyed = step.map((choice) => ({ ...choice, union: 0, what: choice.what % 2 === 0 ? 10 : choice.what, partition: 0 }));
  return fc
    .tuple(configs, worlds(), source, fc.array(keyed, { minLength: 1, maxLength: 4 }), step)
    .map(([config, world, first, steps, sink]) => grow({ ...config, mode: 'streaming' }, world, [first], steps, sink));
}

/** Some thousand records and keys: full batches, tables that grow, local aggregations that overflow. */
export function voluminousPlans(): fc.Arbitrary<Plan> {
  // Copies for every subtask, several times over, would take minutes.
  const copying = 11;
  const moderate = step.map((choice) => ({ ...choice, partition: choice.partition === copying ? 0 : choice.partition }));
  const source = fc.tuple(sourceChoice, fc.integer({ min: 300, max: 3000 })).map(([choice, length]) => ({ ...choice, what: 9, length }));
  return fc
    .tuple(configs, worlds(), source, fc.array(moderate, { minLength: 1, maxLength: 3 }), moderate)
    .map(([config, world, first, steps, sink]) => grow({ ...config, mode: 'batch' }, world, [first], steps, sink));
}
