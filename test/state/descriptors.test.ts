/** How states are declared, and the types that `ctx.state` gets of it. */

import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  aggregatingState,
  broadcastState,
  listState,
  mapState,
  operatorListState,
  reducingState,
  valueState,
} from '../../src/state/descriptors.ts';
import type {
  AggregatingState,
  ListState,
  MapState,
  ReadOnlyMapState,
  ReadOnlyStateOf,
  ReducingState,
  StateOf,
  ValueState,
} from '../../src/state/states.ts';

const mean = {
  createAccumulator: () => ({ sum: 0, count: 0 }),
  add: (value: number, { sum, count }: { sum: number; count: number }) => ({ sum: sum + value, count: count + 1 }),
  getResult: ({ sum, count }: { sum: number; count: number }) => `${sum / count}`,
};

describe('declarations', () => {
  test('give ctx.state its types', () => {
    const declared = {
      last: valueState<number>(),
      visits: valueState({ default: 0 }),
      tags: valueState<string[]>({ default: () => [], ttl: '1h' }),
      log: listState<Date>(),
      seen: mapState<string, number>({ ttl: { ttl: 5 } }),
      largest: reducingState<number>(Math.max),
      longest: reducingState((a: string, b: string) => (a.length < b.length ? b : a)),
      mean: aggregatingState(mean),
    };
    expectTypeOf<StateOf<typeof declared>>().branded.toEqualTypeOf<{
      readonly last: ValueState<number>;
      readonly visits: ValueState<number, number>;
      readonly tags: ValueState<string[], string[]>;
      readonly log: ListState<Date>;
      readonly seen: MapState<string, number>;
      readonly largest: ReducingState<number>;
      readonly longest: ReducingState<string>;
      readonly mean: AggregatingState<number, string>;
    }>();
    type State = StateOf<typeof declared>;
    expectTypeOf<State['last']['value']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<State['visits']['value']>().toEqualTypeOf<number>();
    expectTypeOf<State['last']['update']>().toEqualTypeOf<(value: number) => void>();
    expectTypeOf<State['mean']['get']>().toEqualTypeOf<() => string | undefined>();
  });

  test('infer an accumulator from the functions alone', () => {
    const inferred = aggregatingState({
      createAccumulator: () => ({ sum: 0, count: 0 }),
      add: (value: number, { sum, count }) => ({ sum: sum + value, count: count + 1 }),
      getResult: ({ sum, count }) => sum / count,
    });
    expectTypeOf<StateOf<{ inferred: typeof inferred }>['inferred']>().toEqualTypeOf<AggregatingState<number, number>>();
  });

  test('make broadcast state read-only where it must not be written', () => {
    const declared = { rules: broadcastState<string, RegExp>(), held: operatorListState<number>() };
    expectTypeOf<StateOf<typeof declared>['rules']>().toEqualTypeOf<MapState<string, RegExp>>();
    expectTypeOf<ReadOnlyStateOf<typeof declared>['rules']>().toEqualTypeOf<ReadOnlyMapState<string, RegExp>>();
    expectTypeOf<ReadOnlyStateOf<typeof declared>['held']>().toEqualTypeOf<ListState<number>>();
    expectTypeOf<ReadOnlyMapState<string, RegExp>>().not.toHaveProperty('set');
  });

  test('are immutable, with every default filled in', () => {
    const descriptor = mapState<string, number>({ ttl: '1m' });
    expect(descriptor).toEqual({
      kind: 'map',
      ttl: { ttlMs: 60_000, updateOnRead: false, returnExpired: false, cleanupKeys: 5, cleanupEveryRecord: false },
      version: 0,
      migrate: undefined,
    });
    expect(Object.isFrozen(descriptor) && Object.isFrozen(descriptor.ttl)).toBe(true);
    expect(operatorListState()).toEqual({ kind: 'operator-list', redistribution: 'split' });
    expect(operatorListState({ redistribution: 'union' }).redistribution).toBe('union');
    expect(valueState().ttl).toBeUndefined();
  });

  test('take all of TtlConfig', () => {
    const { ttl } = listState({
      ttl: {
        ttl: 10,
        update: 'on-read-and-write',
        visibility: 'return-expired-if-not-cleaned-up',
        cleanup: { incremental: { keys: 2, everyRecord: true } },
      },
    });
    expect(ttl).toEqual({ ttlMs: 10, updateOnRead: true, returnExpired: true, cleanupKeys: 2, cleanupEveryRecord: true });
    expect(listState({ ttl: { ttl: 10, cleanup: { incremental: false } } }).ttl?.cleanupKeys).toBe(0);
    expect(listState({ ttl: { ttl: 10, cleanup: {} } }).ttl?.cleanupKeys).toBe(5);
  });
});

describe('wrong declarations', () => {
  test.each<[string, () => unknown]>([
    ["valueState: ttl: '1 hour' is not a duration", () => valueState({ ttl: '1 hour' as '1h' })],
    ['listState: ttl must be more than 0', () => listState({ ttl: 0 })],
    ['mapState: ttl: undefined is not a duration', () => mapState({ ttl: {} as { ttl: number } })],
    ['reducingState: ttl: null is not a duration', () => reducingState(Math.max, { ttl: null as unknown as number })],
    ["valueState: ttl.update: 'always' is none of", () => valueState({ ttl: { ttl: 1, update: 'always' as 'on-create-and-write' } })],
    ["valueState: ttl.visibility: 'all' is none of", () => valueState({ ttl: { ttl: 1, visibility: 'all' as 'never-return-expired' } })],
    ['incremental.keys must be a whole number from 1, not 0', () => valueState({ ttl: { ttl: 1, cleanup: { incremental: { keys: 0 } } } })],
    ['all keys would share the object that is the default', () => valueState<number[]>({ default: [] })],
    ['reducingState: expected a function', () => reducingState(undefined as unknown as typeof Math.max)],
    [
      "aggregatingState: the aggregate function has no method 'getResult'",
      () => aggregatingState({ ...mean, getResult: undefined as never }),
    ],
    ["aggregatingState: the aggregate function has no method 'createAccumulator'", () => aggregatingState(undefined as never)],
    ["redistribution: 'all' is none of 'split' and 'union'", () => operatorListState({ redistribution: 'all' as 'union' })],
  ])('%s', (message, declare) => {
    expect(declare).toThrow(message);
    expect(declare).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
});
