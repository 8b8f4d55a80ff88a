import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashNumber } from '../../src/base/hash.ts';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { ByteSource } from '../../src/batch/byte-source.ts';
import { encodeKey } from '../../src/batch/key-codec.ts';
import { aggregatingState, listState, mapState, reducingState, type StateOptions, valueState } from '../../src/state/descriptors.ts';
import { KeyIndex } from '../../src/state/key-index.ts';
import { KeyedStates } from '../../src/state/keyed-states.ts';
import { runsOf } from '../property-runs.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function declare(options: StateOptions = {}) {
  return {
    value: valueState<unknown>(options),
    list: listState<unknown>(options),
    map: mapState<unknown, unknown>(options),
    largest: reducingState<number>(Math.max, options),
    mean: aggregatingState(
      {
        createAccumulator: () => ({ sum: 0, count: 0 }),
        add: (n: number, { sum, count }) => ({ sum: sum + n, count: count + 1 }),
        getResult: ({ sum, count }) => sum / count,
      },
      options,
    ),
  };
}

type Declared = ReturnType<typeof declare>;

function make(options: StateOptions = {}): KeyedStates<Declared> {
  return new KeyedStates({ declarations: declare(options), index: new KeyIndex(), now: () => 0 });
}

const options: [string, StateOptions][] = [
  ['that never expires', {}],
  ['that expires some time', { ttl: '1h' }],
];

/** The same state in a `Map` by slot. */
interface Plain {
  value: unknown;
  list: unknown[];
  map: Map<string, [unknown, unknown]>;
  numbers: number[];
}

const emptyPlain = (): Plain => ({ value: undefined, list: [], map: new Map(), numbers: [] });
const anyValue = fc.oneof(
  fc.constantFrom<unknown>(0, -0, 1, 0.5, Number.NaN, 'text', '', null, true, 10n),
  fc.array(fc.nat(3), { maxLength: 2 }),
  fc.record({ a: fc.nat(2) }),
);
const mapKey = fc.oneof(
  anyValue,
  fc.constantFrom<unknown>('\0', '\0tx', '\0cx', '1', undefined, new Date(1), [1, [2]], { b: 1, a: 2 }, { a: 2, b: 1 }),
);
const step = fc.record({ slot: fc.constantFrom(0, 1, 2, 1023, 1024, 5000), kind: fc.nat(11), value: anyValue, key: mapKey });

/** Text that is equal for keys that are equal by content. */
function nameOf(key: unknown): string {
  const sink = new ByteSink();
  encodeKey(sink, key);
  return sink.bytes.latin1Slice(0, sink.length);
}

interface Step {
  readonly kind: number;
  readonly value: unknown;
  readonly key: unknown;
}

type Accessors = KeyedStates<Declared>['accessors'];

/** Each changes both, or compares what both answer. */
const actions: ((states: Accessors, plain: Plain, step: Step) => void)[] = [
  (states, plain, { value }) => {
    states.value.update(value);
    plain.value = value;
  },
  (states, plain) => {
    states.value.update(undefined);
    plain.value = undefined;
  },
  (states, plain) => {
    states.value.clear();
    plain.value = undefined;
  },
  (states, plain, { value }) => {
    states.list.add(value);
    plain.list.push(value);
  },
  (states, plain, { value, key }) => {
    states.list.addAll([value, key]);
    plain.list.push(value, key);
  },
  (states, plain, { value }) => {
    states.list.update(Array.isArray(value) ? value : []);
    plain.list = Array.isArray(value) ? value.slice() : [];
  },
  (states, plain, { key, value }) => {
    states.map.set(key, value);
    plain.map.set(nameOf(key), [key, value]);
  },
  (states, plain, { key }) => expect(states.map.delete(key)).toBe(plain.map.delete(nameOf(key))),
  (states, plain) => {
    states.map.clear();
    plain.map.clear();
  },
  (states, plain, { value }) => {
    const number = typeof value === 'number' && !Number.isNaN(value) ? value : 2;
    states.largest.add(number);
    states.mean.add(number);
    plain.numbers.push(number);
  },
  (states, plain) => {
    states.largest.clear();
    states.mean.clear();
    plain.numbers = [];
  },
  (states, plain, { key }) => {
    expect(states.map.has(key)).toBe(plain.map.has(nameOf(key)));
    expect(states.map.get(key)).toBe(plain.map.get(nameOf(key))?.[1]);
  },
];

function expectSame(states: KeyedStates<Declared>['accessors'], plain: Plain): void {
  expect(states.value.value).toEqual(plain.value);
  expect(states.list.get()).toEqual(plain.list);
  expect([...states.list]).toEqual(plain.list);
  expect(states.list.length).toBe(plain.list.length);
  expect([...states.map.values()]).toEqual([...plain.map.values()].map(([, value]) => value));
  expect([...states.map.keys()].map(nameOf)).toEqual([...plain.map.keys()]);
  expect([...states.map].map(([key]) => nameOf(key))).toEqual([...plain.map.keys()]);
  expect([states.map.size, states.map.isEmpty()]).toEqual([plain.map.size, plain.map.size === 0]);
  const { numbers } = plain;
  expect(states.largest.get()).toBe(numbers.length === 0 ? undefined : Math.max(...numbers));
  const sum = numbers.reduce((a, b) => a + b, 0);
  expect(states.mean.get()).toBe(numbers.length === 0 ? undefined : sum / numbers.length);
}

function countOf({ value, list, map, numbers }: Plain): number {
  return [value !== undefined, list.length > 0, map.size > 0, numbers.length > 0, numbers.length > 0].filter(Boolean).length;
}

/** Gives a slot what another one has, through the bytes of a checkpoint. */
function copyState(from: KeyedStates<Declared>, slot: number, to: KeyedStates<Declared>, into: number): void {
  const sink = new ByteSink();
  from.write(slot, sink, () => '');
  const source = new ByteSource();
  source.reset(sink.bytes.slice(0, sink.length));
  const reader = to.reader(JSON.parse(JSON.stringify(from.schema)), fail);
  expect(reader.read(source)).toBe(from.stateCount(slot) > 0);
  if (from.stateCount(slot) > 0) reader.giveTo(into);
  expect(source.position).toBe(sink.length);
}

function fail(message: string): never {
  throw new Error(message);
}

describe.each(options)('state %s', (_, option) => {
  test('of every kind is what a map by key would hold, its count, and what comes back from a snapshot', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const states = make(option);
        const restored = make(option);
        const plains = new Map<number, Plain>();
        for (const each of steps) {
          const plain = plains.get(each.slot) ?? emptyPlain();
          plains.set(each.slot, plain);
          states.select(each.slot);
          actions[each.kind]?.(states.accessors, plain, each);
          expect(states.stateCount(each.slot)).toBe(countOf(plain));
        }
        const live: number[] = [];
        states.forEachSlot((slot) => live.push(slot));
        expect(live).toEqual([...plains.keys()].filter((slot) => countOf(plains.get(slot) as Plain) > 0).sort((a, b) => a - b));
        for (const [slot, plain] of plains) {
          states.select(slot);
          restored.select(slot);
          copyState(states, slot, restored, slot);
          expectSame(states.accessors, plain);
          expectSame(restored.accessors, plain);
          expect(restored.stateCount(slot)).toBe(countOf(plain));
        }
      }),
      { numRuns: runsOf(300) },
    );
  });

  test('that was handed out stays as it was', () => {
    const states = make(option);
    states.select(0);
    const { list, map } = states.accessors;
    list.addAll([1, 2]);
    map.set('a', 1);
    const before = list.get();
    list.add(3);
    map.set('b', 2);
    list.addAll(list);
    expect(before).toEqual([1, 2]);
    expect(list.get()).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test('of a map may be changed while it is gone through', () => {
    const states = make(option);
    states.select(0);
    const { map } = states.accessors;
    for (const key of ['a', 'b', 'c']) map.set(key, key);
    for (const [key] of map) {
      map.delete(key);
      if (key === 'a') map.delete('b').valueOf();
      if (key === 'c') map.set('d', 4);
    }
    expect([...map.keys()].length).toBeLessThanOrEqual(1);
  });

  test('of a map refuses keys that cannot be compared by content', () => {
    const states = make(option);
    states.select(0);
    const { map } = states.accessors;
    expect(() => map.set(new Map(), 1)).toThrow('a key of a map state cannot hold a Map; use numbers');
    expect(() => map.get([Symbol('s')])).toThrow('cannot hold a symbol (at [0])');
    expect(() => map.has(() => 1)).toThrow('cannot hold a function');
    expect(states.stateCount(0)).toBe(0);
  });
});

describe('defaults of value state', () => {
  test('are read and are not state', () => {
    const made = { count: valueState({ default: 7 }), tags: valueState<string[]>({ default: () => [] }) };
    const states = new KeyedStates({ declarations: made, index: new KeyIndex(), now: () => 0 });
    states.select(0);
    const { count, tags } = states.accessors;
    expect([count.value, tags.value]).toEqual([7, []]);
    expect(tags.value).not.toBe(tags.value);
    expect(states.stateCount(0)).toBe(0);
    count.update(0);
    expect(count.value).toBe(0);
    count.clear();
    expect(count.value).toBe(7);
  });
});

describe('keyed states', () => {
  test('belong to a key: without one they say so', () => {
    const states = make();
    const message = 'state belongs to a key';
    expect(() => states.accessors.value.value).toThrow(message);
    states.select(3);
    states.accessors.value.update(1);
    states.deselect();
    expect(() => states.accessors.value.update(1)).toThrow(message);
    expect(() => states.accessors.list.get()).toThrow(message);
    expect(() => [...states.accessors.map]).toThrow(message);
  });

  test('are only those of keys', () => {
    const declarations = { wrong: { kind: 'broadcast' } as never };
    expect(() => new KeyedStates({ declarations, index: new KeyIndex(), now: () => 0 })).toThrow('state.wrong is no state of a key');
  });
});

describe('keys without state', () => {
  function keyed() {
    const index = new KeyIndex();
    const states = new KeyedStates({ declarations: declare(), index, now: () => 0 });
    const select = (key: number): number => {
      const slot = index.ofNumber(hashNumber(key), key);
      states.select(slot);
      return slot;
    };
    return { index, states, select };
  }

  test('are released, and their slots go to others', () => {
    const { index, states, select } = keyed();
    const [kept, cleared, untouched] = [select(10), select(11), select(12)];
    states.select(kept);
    states.accessors.value.update('kept');
    states.select(cleared);
    states.accessors.map.set('a', 1);
    states.accessors.map.delete('a');
    expect(states.releaseVacant()).toBe(2);
    expect(states.releaseVacant()).toBe(0);
    expect(index.keyCount).toBe(1);
    const reused = [select(13), select(14)];
    expect(reused.sort()).toEqual([cleared, untouched]);
    expect(select(10)).toBe(kept);
    expect(states.accessors.value.value).toBe('kept');
    expect(select(15)).toBe(3);
  });

  test('are kept while they have timers, and looked at again when one has fired', () => {
    const { index, states, select } = keyed();
    const timers = new Set([select(1)]);
    const inUse = (slot: number): boolean => timers.has(slot);
    expect(states.releaseVacant(inUse)).toBe(0);
    timers.clear();
    expect(states.releaseVacant(inUse)).toBe(0);
    select(1);
    expect(states.releaseVacant(inUse)).toBe(1);
    expect(index.keyCount).toBe(0);
  });

  test('may be released with all that they have', () => {
    const { index, states, select } = keyed();
    const slot = select(1);
    const { value, list, map, largest, mean } = states.accessors;
    value.update(1);
    list.add(1);
    map.set(1, 1);
    largest.add(1);
    mean.add(1);
    states.release(slot);
    expect([states.stateCount(slot), index.keyCount]).toEqual([0, 0]);
    expect(() => value.value).toThrow('state belongs to a key');
    expect(select(2)).toBe(slot);
    expect(states.stateCount(slot)).toBe(0);
    // It was vacant before it was released: it is released once more, not twice.
    expect(states.releaseVacant()).toBe(1);
    expect(index.keyCount).toBe(0);
  });

  test('come and go by the million in the memory of a few', () => {
    const { index, states, select } = keyed();
    const live = 1000;
    const lines: number[] = [];
    for (let key = 0; key < 1_000_000; key++) {
      select(key);
      states.accessors.value.update(key + 0.5);
      states.accessors.list.add(`element ${key}`);
      if (key >= live) {
        select(key - live);
        expectValue(states.accessors.value.value, key - live + 0.5);
        states.accessors.value.clear();
        states.accessors.list.clear();
      }
      if (key % 256 === 0) states.releaseVacant();
      if (key % 200_000 === 199_999) lines.push(heapOf());
    }
    expect(index.size).toBeLessThan(live + 600);
    expect(Math.max(...lines.slice(1)) - (lines[1] as number)).toBeLessThan(2 ** 20);
  });
});

/** As `expect` would say, a million times. */
function expectValue(actual: unknown, expected: unknown): void {
  if (actual !== expected) expect(actual).toBe(expected);
}

/** Bytes in use, of which garbage is no part. */
function heapOf(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
