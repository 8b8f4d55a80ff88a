/** Drives aggregators as an operator does. */

import { CodeWriter, Names } from '../../../src/base/code-writer.ts';
import { ByteSink } from '../../../src/batch/byte-sink.ts';
import { ByteSource } from '../../../src/batch/byte-source.ts';
import { decodeValue, encodeValue } from '../../../src/batch/value-codec.ts';
import { valueRow } from '../../../src/compiler/row.ts';
import type { Aggregator, AggregatorState, NumberColumn } from '../../../src/operators/aggregators/aggregator.ts';
import { NumberLoop } from '../../../src/operators/number-loop.ts';

export type AnyAggregator = Aggregator<never, unknown>;

/** What the engine gives to `add` for a record. */
export function inputOfRecord({ input }: AnyAggregator, record: unknown): unknown {
  switch (input.kind) {
    case 'none':
      return undefined;
    case 'record':
      return record;
    case 'field':
      return (record as Record<string, unknown> | null)?.[input.name];
    case 'function':
      return (input.fn as (record: unknown) => unknown)(record);
  }
}

export function addAll(aggregator: AnyAggregator, state: AggregatorState, slot: number, records: readonly unknown[]): void {
  const where = (aggregator.where ?? (() => true)) as (record: unknown) => unknown;
  for (const record of records) if (where(record)) state.add(slot, inputOfRecord(aggregator, record));
}

/** The result of all records, added one by one. */
export function aggregated(aggregator: AnyAggregator, records: readonly unknown[]): unknown {
  const state = aggregator.createState();
  addAll(aggregator, state, 0, records);
  return state.result(0);
}

/** The result of the parts, aggregated apart and merged in order. */
export function merged(aggregator: AnyAggregator, parts: readonly (readonly unknown[])[]): unknown {
  const state = aggregator.createState();
  for (const part of parts) {
    const source = aggregator.createState();
    addAll(aggregator, source, 0, part);
    state.merge(0, transferred(source.partial(0)));
  }
  return state.result(0);
}

type Method = 'add' | 'merge';

/** Whether an aggregator takes the numbers of a column at once, in a loop with others or in its own. */
export function takesColumns({ createState }: AnyAggregator, method: Method): boolean {
  const { [`${method}Code` as const]: code, [`${method}Column` as const]: column } = createState();
  return code !== undefined || column !== undefined;
}

/** Adds or merges a column, for all of some states in one loop where they have code for it. */
export function takeColumn(states: readonly AggregatorState[], method: Method, column: NumberColumn): void {
  const loop = new NumberLoop();
  for (const state of states) {
    const print = state[`${method}Code` as const]?.bind(state);
    if (print === undefined) state[`${method}Column` as const]?.(column);
    else loop.add({ state, numbers: 'values', print });
  }
  const [body, names] = [new CodeWriter(), new Names()];
  body.block('return ({ slots, slotCount, rows, values }) =>', () => {
    const code = { body, names, failure: (error: string) => error };
    loop.write(code, valueRow('values[i]', undefined), { slots: 'slots', slotCount: 'slotCount' });
  });
  const take = names.evaluate(body.toString(), 'test/take-column.js') as (column: NumberColumn) => void;
  take(column);
}

/** A partial result after a message between threads and the codec of records. */
export function transferred(partial: unknown): unknown {
  const sink = new ByteSink();
  encodeValue(sink, structuredClone(partial));
  const source = new ByteSource();
  source.reset(sink.bytes, 0, sink.length);
  return decodeValue(source);
}

/** Pseudo-random numbers from 0 to 1, the same for the same seed (T. Ettinger, mulberry32, public domain). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
