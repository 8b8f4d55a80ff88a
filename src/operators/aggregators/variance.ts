/**
 * `variance`: the mean squared distance from the mean. The state keeps count, mean and the sum of squared distances of each
 * slot; they are the partial result. A state belongs to one subtask.
 *
 * Adding follows B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products" (Technometrics,
 * 1962); merging follows T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating Formulae and a Pairwise Algorithm for
 * Computing Sample Variances" (1979). Both keep their digits where the mean is large beside the distances.
 *
 * @hotpath
 */

import { flag, optional } from '../../base/options.ts';
import type { Aggregator, AggregatorState } from './aggregator.ts';
import { aggregatorOf, type FieldName, type Holding, type Nullable, optionsOf, withOptions, wrongInput } from './input.ts';
import { grown, initialSlots } from './slots.ts';

export interface VarianceOptions {
  /** Whether the values are all there are (divide by n) and not a sample of them (divide by n − 1). Default false. */
  readonly population?: boolean;
}

/**
 * The variance of a field, a tuple element, what a function makes of the record, or the record itself; its square root is
 * the standard deviation. Null and undefined are skipped.
 *
 * By default that of a sample, which needs two values: it is null of nothing and of one value. With `population: true` it
 * is null of nothing and 0 of one value. Splitting and merging changes the result by rounding only.
 *
 * @throws TypeError while the job runs, for a value that is not a number
 * @example
 * logs.keyBy('url').aggregate({ spread: variance('bytes', { population: true }) });
 * // → { key: '/a', spread: 12500 }
 */
export function variance<T extends Nullable<number> = number>(options?: VarianceOptions): Aggregator<T, number | null>;
export function variance<const F extends FieldName, T extends Holding<F, number> = Holding<F, number>>(
  field: F,
  options?: VarianceOptions,
): Aggregator<T, number | null>;
export function variance<T>(fn: (record: T) => Nullable<number>, options?: VarianceOptions): Aggregator<T, number | null>;
export function variance(...args: readonly unknown[]): Aggregator<never, unknown> {
  const [argument, options] = withOptions(args);
  const { population = false } = optionsOf<VarianceOptions>('variance', options, { population: optional(flag) });
  return aggregatorOf({
    kind: 'variance',
    argument,
    details: { population },
    createState: (call) => new VarianceState(call, population ? 0 : 1),
  });
}

interface VariancePartial {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

class VarianceState implements AggregatorState {
  readonly #call: string;
  /** What is taken off the count before dividing by it. */
  readonly #correction: number;
  #counts = new Float64Array(initialSlots);
  #means = new Float64Array(initialSlots);
  /** By slot: the sum of squared distances from the mean. */
  #squares = new Float64Array(initialSlots);

  constructor(call: string, correction: number) {
    this.#call = call;
    this.#correction = correction;
  }

  add(slot: number, value: unknown): void {
    if (typeof value === 'number') {
      if (slot >= this.#counts.length) this.#grow(slot);
      const count = ++this.#counts[slot];
      const distance = value - this.#means[slot];
      const mean = this.#means[slot] + distance / count;
      this.#means[slot] = mean;
      this.#squares[slot] += distance * (value - mean);
    } else if (value !== null && value !== undefined) throw wrongInput(this.#call, 'numbers', value);
  }

  merge(slot: number, partial: unknown): void {
    const { count, mean, squares } = partial as VariancePartial;
    // Without this, a distance whose square overflows would be multiplied by zero, which is no number.
    if (count === 0) return;
    if (slot >= this.#counts.length) this.#grow(slot);
    if (this.#counts[slot] === 0) this.#set(slot, partial as VariancePartial);
    else {
      const before = this.#counts[slot];
      const total = before + count;
      const distance = mean - this.#means[slot];
      this.#counts[slot] = total;
      this.#means[slot] += distance * (count / total);
      this.#squares[slot] += squares + distance * distance * before * (count / total);
    }
  }

  partial(slot: number): VariancePartial {
    if (slot >= this.#counts.length) return { count: 0, mean: 0, squares: 0 };
    return { count: this.#counts[slot], mean: this.#means[slot], squares: this.#squares[slot] };
  }

  result(slot: number): number | null {
    const { count, squares } = this.partial(slot);
    return count > this.#correction ? squares / (count - this.#correction) : null;
  }

  clear(slot: number): void {
    if (slot < this.#counts.length) this.#set(slot, { count: 0, mean: 0, squares: 0 });
  }

  #set(slot: number, { count, mean, squares }: VariancePartial): void {
    this.#counts[slot] = count;
    this.#means[slot] = mean;
    this.#squares[slot] = squares;
  }

  #grow(slot: number): void {
    this.#counts = grown(this.#counts, slot);
    this.#means = grown(this.#means, slot);
    this.#squares = grown(this.#squares, slot);
  }
}
