/**
 * `count`: how many records there are. The state keeps one float64 for each slot, exact up to 2⁵³. A partial result is the
 * count. A state belongs to one subtask.
 *
 * @hotpath
 */

import { describeValue } from '../../base/describe-value.ts';
import { MillraceError } from '../../base/errors.ts';
import type { Aggregator, AggregatorState, RowNames, SlotArrays } from './aggregator.ts';
import { grown, initialSlots, roomFor, roomForAll } from './slots.ts';

/**
 * Counts records, whatever they hold: records with nulls count as well. 0 of nothing.
 *
 * @example
 * logs.keyBy('url').aggregate({ hits: count() });
 * // → { key: '/a', hits: 4 }
 */
export function count(): Aggregator<unknown, number>;
export function count(...args: readonly unknown[]): Aggregator<unknown, number> {
  if (args.length > 0) {
    throw new MillraceError(
      'INVALID_OPTION',
      `count: takes no argument, and was given ${describeValue(args[0])}; it counts records, whatever they hold`,
    );
  }
  return { kind: 'count', input: { kind: 'none' }, details: {}, partialOfNumber: 'one', createState: () => new CountState() };
}

class CountState implements AggregatorState {
  #counts = new Float64Array(initialSlots);

  add(slot: number): void {
    if (slot >= this.#counts.length) this.#counts = grown(this.#counts, slot);
    this.#counts[slot]++;
  }

  arrays(slotCount: number): SlotArrays {
    this.#counts = roomFor(this.#counts, slotCount);
    return { counts: this.#counts };
  }

  addCode({ counts, slot }: RowNames): string {
    return `${counts}[${slot}]++;`;
  }

  merge(slot: number, partial: unknown): void {
    if (slot >= this.#counts.length) this.#counts = grown(this.#counts, slot);
    this.#counts[slot] += partial as number;
  }

  mergeCode({ counts, slot, value }: RowNames): string {
    return `${counts}[${slot}] += ${value};`;
  }

  mergeSlots(from: Int32Array, to: Int32Array, count: number): void {
    this.#counts = roomForAll(this.#counts, to, count);
    const counts = this.#counts;
    for (let i = 0; i < count; i++) if (from[i] < counts.length) counts[to[i]] += counts[from[i]];
  }

  partial(slot: number): number {
    return this.result(slot);
  }

  result(slot: number): number {
    return slot < this.#counts.length ? this.#counts[slot] : 0;
  }

  clear(slot: number): void {
    if (slot < this.#counts.length) this.#counts[slot] = 0;
  }
}
