import { describe, expect, test } from 'vitest';
import { ByteSink } from '../../src/batch/byte-sink.ts';
import { hashKey } from '../../src/compiler/key-code.ts';
import {
  aggregatingState,
  listState,
  mapState,
  reducingState,
  type StateDeclarations,
  type StateOptions,
  valueState,
} from '../../src/state/descriptors.ts';
import { KeyIndex } from '../../src/state/key-index.ts';
import { KeyedStateContents } from '../../src/state/keyed-state-contents.ts';
import { KeyedStates } from '../../src/state/keyed-states.ts';
import { StateLog } from '../../src/state/state-log.ts';
import type { StateOf } from '../../src/state/states.ts';

const mean = {
  createAccumulator: () => ({ sum: 0, count: 0 }),
  add: (n: number, { sum, count }: { sum: number; count: number }) => ({ sum: sum + n, count: count + 1 }),
  getResult: ({ sum, count }: { sum: number; count: number }) => sum / count,
};

/** The states of one version of a job. */
class Job<D extends StateDeclarations> {
  readonly index = new KeyIndex();
  readonly warnings: string[] = [];
  now = 1000;
  readonly states: KeyedStates<D>;
  readonly log: StateLog;
  readonly contents: KeyedStateContents;

  constructor(declarations: D) {
    this.states = new KeyedStates({ declarations, index: this.index, now: () => this.now });
    this.contents = new KeyedStateContents(this.states, this.index, (message) => this.warnings.push(message));
    this.log = new StateLog(this.contents, { tracks: true, segmentsMax: 4 });
    this.states.follow(this.log);
  }

  of(key: unknown): StateOf<D> {
    this.states.select(this.index.ofValue(hashKey(key), key));
    return this.states.accessors;
  }

  /** Another version of the job goes on. */
  upgrade<E extends StateDeclarations>(declarations: E): Job<E> {
    const sink = new ByteSink();
    const snapshot = this.log.begin(true);
    while (!snapshot.encode(sink, 1));
    const next = new Job(declarations);
    const schema = JSON.parse(JSON.stringify(this.contents.schema));
    const segment = { id: 'a', schema, bytes: sink.bytes.slice(0, sink.length), entries: snapshot.entries, stale: [] };
    next.now = 5000;
    next.log.read(segment, () => true, true);
    return next;
  }
}

function states(options: StateOptions = {}) {
  return {
    value: valueState<unknown>(options),
    list: listState<unknown>(options),
    map: mapState<string, unknown>(options),
    largest: reducingState<number>(Math.max, options),
    mean: aggregatingState(mean, options),
  };
}

function fill(state: StateOf<ReturnType<typeof states>>): void {
  state.value.update(1);
  state.list.addAll([1, 2, 3]);
  state.map.set('a', 1).set('b', 2);
  state.largest.add(7);
  state.mean.add(3);
  state.mean.add(5);
}

describe('stored state', () => {
  test('comes back whole, whether or not it expires now and did then', () => {
    for (const before of [undefined, '1h' as const]) {
      for (const after of [undefined, '1h' as const]) {
        const old = new Job(states(before === undefined ? {} : { ttl: before }));
        for (const key of ['x', 2, [1, { a: 2 }]]) fill(old.of(key));
        const job = old.upgrade(states(after === undefined ? {} : { ttl: after }));
        for (const key of ['x', 2, [1, { a: 2 }]]) {
          const { value, list, map, largest, mean: average } = job.of(key);
          expect([value.value, list.get(), [...map], largest.get(), average.get()]).toEqual([
            1,
            [1, 2, 3],
            [
              ['a', 1],
              ['b', 2],
            ],
            7,
            4,
          ]);
        }
        expect(job.warnings).toEqual([]);
        // What begins to expire begins now; what did already goes on from when it was written.
        if (after === undefined) continue;
        job.now = 3_601_000;
        expect(job.of('x').value.value).toBe(before === undefined ? 1 : undefined);
        expect(job.of('x').list.length).toBe(before === undefined ? 3 : 0);
      }
    }
  });

  test('that is added is empty, and that is removed is dropped with a warning', () => {
    const old = new Job({ kept: valueState<number>(), gone: listState<number>() });
    old.of('a').kept.update(1);
    old.of('a').gone.add(2);
    old.of('b').gone.add(3);
    const job = old.upgrade({ added: valueState<number>(), kept: valueState<number>() });
    expect([job.of('a').kept.value, job.of('a').added.value]).toEqual([1, undefined]);
    expect(job.warnings).toEqual(['state.gone is not declared any more: what was stored of it is dropped']);
    // Nothing is left of the other key, and its entry is of no use any more.
    const snapshot = job.log.begin(false);
    expect([...snapshot.stale].map(([id, ordinals]) => [id, [...ordinals]])).toEqual([['a', [1]]]);
  });

  test('of an older version is migrated value by value', () => {
    for (const ttl of [undefined, '1h' as const]) {
      const options = ttl === undefined ? {} : { ttl };
      const old = new Job(states(options));
      fill(old.of('x'));
      const versions = new Set<number>();
      const migrate = (value: unknown, from: number): unknown => {
        versions.add(from);
        if (typeof value === 'object') return { ...(value as object), sum: 100 };
        return value === 2 ? undefined : (value as number) * 10;
      };
      const { value, list, map, largest, mean: average } = old.upgrade(states({ ...options, version: 2, migrate })).of('x');
      expect([value.value, list.get(), [...map], largest.get(), average.get()]).toEqual([10, [10, 30], [['a', 10]], 70, 50]);
      expect([...versions]).toEqual([0]);
    }
  });

  test('of which nothing is left by migration is none', () => {
    const old = new Job(states());
    fill(old.of('x'));
    const job = old.upgrade(states({ version: 1, migrate: () => undefined }));
    expect(job.index.keyCount).toBe(0);
    expect(job.log.begin(true).entries).toBe(0);
  });

  test('of the present version is not', () => {
    const migrate = (value: number): number => value + 1;
    const old = new Job({ value: valueState<number>({ version: 3, migrate }) });
    old.of(1).value.update(1);
    expect(old.upgrade({ value: valueState<number>({ version: 3, migrate }) }).of(1).value.value).toBe(1);
  });

  test('that the job cannot take is refused with the way out', () => {
    const refusal = (before: StateDeclarations, after: StateDeclarations): unknown => {
      const old = new Job(before);
      const { value } = old.of(1) as unknown as { value: { update(value: unknown): void } };
      value.update(1);
      try {
        old.upgrade(after);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    const cases: [StateDeclarations, string][] = [
      [
        { value: listState<number>() },
        'state.value was stored as a valueState, and is a listState now; give the new state another name, or declare it as it was',
      ],
      [{ value: valueState<number>({ version: 2 }) }, 'add migrate to the options of its valueState'],
      [
        {
          value: valueState<number>({
            version: 1,
            migrate: () => {
              throw new TypeError('no');
            },
          }),
        },
        'migrate of state.value, from version 0, failed with TypeError: no',
      ],
    ];
    for (const [after, message] of cases)
      expect(refusal({ value: valueState<number>() }, after)).toMatchObject({
        code: 'STATE_MISMATCH',
        message: expect.stringContaining(message),
      });
    expect(refusal({ value: valueState<number>({ version: 2 }) }, { value: valueState<number>() })).toMatchObject({
      code: 'STATE_MISMATCH',
      message: expect.stringContaining('was stored by later code, as version 2'),
    });
  });

  test('with options that make no sense is refused', () => {
    expect(() => valueState({ version: -1 })).toThrow('valueState: version must be a whole number from 0, not -1');
    expect(() => listState({ version: 1, migrate: 1 as never })).toThrow('listState: migrate must be a function');
    expect(() => mapState({ migrate: (value) => value })).toThrow('write version: 1 beside it');
    expect(() => mapState({ version: 1, migrate: async (value) => value })).toThrow('must not be async');
  });

  test('is that of the barrier, although functions change objects in place before they write them back', () => {
    const old = new Job({ value: valueState<{ n: number }>(), map: mapState<string, { n: number }>(), list: listState<{ n: number }>() });
    const set = (n: number): void => {
      const { value, map, list } = old.of('k');
      for (const held of [value.value, map.get('a'), ...list.get()]) if (held !== undefined) held.n = n;
      value.update(value.value ?? { n });
      map.set('a', map.get('a') ?? { n });
      list.update(list.length > 0 ? list.get() : [{ n }]);
    };
    set(1);
    const sink = new ByteSink();
    const snapshot = old.log.begin(false);
    set(2);
    while (!snapshot.encode(sink, 1));
    const job = new Job({ value: valueState<{ n: number }>(), map: mapState<string, { n: number }>(), list: listState<{ n: number }>() });
    const bytes = sink.bytes.slice(0, sink.length);
    job.log.read({ id: 'a', schema: old.contents.schema, bytes, entries: snapshot.entries, stale: [] }, () => true, true);
    const { value, map, list } = job.of('k');
    expect([value.value, map.get('a'), list.get()]).toEqual([{ n: 1 }, { n: 1 }, [{ n: 1 }]]);
  });
});
