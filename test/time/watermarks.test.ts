import { describe, expect, expectTypeOf, test } from 'vitest';
import { MillraceError } from '../../src/base/errors.ts';
import { checkTimestamp, type Timestamped, type WatermarkStrategy, watermarks } from '../../src/time/watermarks.ts';

interface Order {
  readonly at: number;
  readonly placed: Date;
  readonly item: string;
}

/** What `assignTimestampsAndWatermarks` of a stream of orders takes. */
function forOrders(strategy: WatermarkStrategy<Order>): WatermarkStrategy<Order> {
  return strategy;
}

describe('watermarks', () => {
  test('strategies are data', () => {
    const timestamp = (order: Order): number => order.at;
    const strategy = watermarks.boundedOutOfOrderness('5s', { timestamp, idleness: '1m', alignment: { group: 'orders', maxDrift: '20s' } });
    expect(strategy).toEqual({
      kind: 'bounded',
      outOfOrdernessMs: 5000,
      timestamp,
      idlenessMs: 60_000,
      alignment: { group: 'orders', maxDriftMs: 20_000, updateIntervalMs: 1000 },
    });
    expect(Object.isFrozen(strategy)).toBe(true);
  });

  test('have defaults', () => {
    const rest = { timestamp: undefined, idlenessMs: 30_000, alignment: undefined };
    expect(watermarks.boundedOutOfOrderness(7)).toEqual({ kind: 'bounded', outOfOrdernessMs: 7, ...rest });
    expect(watermarks.monotonous()).toEqual({ kind: 'bounded', outOfOrdernessMs: 0, ...rest });
    expect(watermarks.ingestionTime()).toEqual({ kind: 'ingestion', ...rest });
    expect(watermarks.none({ idleness: false })).toEqual({ kind: 'none', ...rest, idlenessMs: Number.POSITIVE_INFINITY });
    const create = () => ({ onEvent() {}, onPeriodicEmit() {} });
    expect(watermarks.generator({ create })).toEqual({ kind: 'generator', create, ...rest });
  });

  test('fields are checked by their types', () => {
    forOrders(watermarks.monotonous({ timestamp: 'at' }));
    forOrders(watermarks.monotonous({ timestamp: 'placed' }));
    forOrders(watermarks.none({ timestamp: (order) => order.at }));
    forOrders(watermarks.boundedOutOfOrderness('5s', { timestamp: ({ placed }) => placed }));
    forOrders(watermarks.boundedOutOfOrderness('5s'));
    forOrders(watermarks.ingestionTime());
    forOrders(
      watermarks.generator({
        timestamp: 'at',
        create: () => ({ onEvent: (order, timestamp, output) => order.item && output.emitWatermark(timestamp), onPeriodicEmit() {} }),
      }),
    );
    expectTypeOf(watermarks.monotonous({ timestamp: 'item' })).not.toExtend<WatermarkStrategy<Order>>();
    expectTypeOf(watermarks.monotonous({ timestamp: 1 })).toExtend<WatermarkStrategy<[string, number]>>();
    expectTypeOf<Order>().toExtend<Timestamped<'at' | 'placed'>>();
  });

  test.each<[() => unknown, RegExp]>([
    [() => watermarks.boundedOutOfOrderness('5 s' as '5s'), /watermarks.boundedOutOfOrderness: '5 s' is not a duration/],
    [() => watermarks.monotonous({ idleness: 0 }), /idleness must be longer than 0/],
    [() => watermarks.monotonous({ idleness: '-1s' }), /idleness: '-1s' is not a duration/],
    [() => watermarks.monotonous({ timestamp: -1 }), /timestamp must be a function of the record, the name of a field or the index/],
    [() => watermarks.monotonous({ timeStamp: 'at' } as never), /there is no option timeStamp; there are timestamp, idleness, alignment/],
    [() => watermarks.ingestionTime({ timestamp: 'at' } as never), /there is no option timestamp/],
    [() => watermarks.monotonous({ alignment: { group: '', maxDrift: 5 } }), /alignment needs the name of a group/],
    [() => watermarks.monotonous({ alignment: { group: 'a', maxDrift: Number.NaN } }), /alignment.maxDrift: NaN is not a duration/],
    [() => watermarks.generator({} as never), /create must be a function/],
  ])('%# is a mistake that it explains', (make, message) => {
    expect(make).toThrow(MillraceError);
    expect(make).toThrow(message);
  });
});

describe('checkTimestamp', () => {
  const place = { operatorName: 'orders', record: { item: 'tent' }, shownCharacters: 400 };

  test.each([0, -5, 1.5, 1_700_000_000_000, 8.64e15, -8.64e15])('%d is one', (time) => {
    expect(checkTimestamp(time, place)).toBe(time);
    if (Number.isInteger(time)) expect(checkTimestamp(new Date(time), place)).toBe(time);
  });

  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['2026-01-01', "'2026-01-01'"],
    [5n, '5n'],
    [new Date(Number.NaN), 'Invalid Date'],
  ])('%o is none', (value, shown) => {
    expect(() => checkTimestamp(value, place)).toThrow(
      `'orders': ${shown} is not a timestamp; a timestamp is a Date or a finite number of milliseconds since 1970\n  at the record { item: 'tent' }`,
    );
  });

  test('is told of with the field that it was looked for in', () => {
    expect(() => checkTimestamp(undefined, { ...place, field: 'time' })).toThrow(
      "'orders': undefined in the field 'time' is not a timestamp; ",
    );
  });

  test.each([1_700_000_000_000_000_000, -8_640_000_000_000_001, 1e300])('%d is none: no Date is so far from 1970', (value) => {
    expect(() => checkTimestamp(value, place)).toThrow(
      `'orders': ${value} is not a timestamp: no Date is so far from 1970; a timestamp is in milliseconds, not in micro- or nanoseconds\n  at the record { item: 'tent' }`,
    );
  });
});
