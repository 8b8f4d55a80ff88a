/**
 * A sketch of the most frequent values with at most `capacity` counters: Space-Saving (A. Metwally, D. Agrawal, A. El Abbadi,
 * "Efficient Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005), merged as in "Mergeable Summaries"
 * (P. K. Agarwal et al., PODS 2012).
 *
 * A value without a counter takes over the one with the smallest count m, when none is free, and counts from m on; m is its
 * error. Invariants, with n values added: the true count of a value with a counter is between count − error and count;
 * the true count of one without is at most the smallest count; and the counts add up to n at most, so that the smallest
 * count, and with it every error, is at most n / capacity. While there are no more different values than counters all counts
 * are exact, and counters stand in the order in which their values came first. One thread owns a sketch.
 *
 * Merging keeps this: to a value that only one side counts, the other side's smallest count may be missing, so it is added to
 * count and error. Then only the `capacity` greatest counts are kept. Let s be the sum of both smallest counts, and call what
 * a count is above s its excess. Excesses add up to n − capacity · s at most. If d is the greatest excess dropped, the
 * `capacity` excesses kept lose nothing by taking d off each: they add up to n − capacity · (s + d) at most, so the counts
 * kept, which are these and s + d each, add up to n at most.
 *
 * @hotpath
 */

import { type ContentKey, contentKey } from './content-key.ts';

/** The content as plain data: a value, its count and its error at each index. */
export interface SpaceSavingContent {
  readonly values: readonly unknown[];
  readonly counts: Float64Array;
  readonly errors: Float64Array;
}

/** What one value was counted as. The true count is between `count − error` and `count`. */
export interface TopValue<V> {
  readonly value: V;
  readonly count: number;
  readonly error: number;
}

interface Counter {
  readonly key: ContentKey;
  readonly value: unknown;
  count: number;
  error: number;
}

export class SpaceSaving {
  readonly #capacity: number;
  /** Names the aggregator in errors. */
  readonly #call: string;
  #positions = new Map<ContentKey, number>();
  #counters: Counter[] = [];
  /** The positions of all counters as a heap with the smallest count on top, once a value had to take over a counter. */
  #heap: number[] | undefined;
  /** By position: the place in the heap. */
  #places: number[] = [];

  constructor(capacity: number, call: string) {
    this.#capacity = capacity;
    this.#call = call;
  }

  /** Counts a value that is neither null nor undefined. */
  add(value: unknown): void {
    const key = contentKey(value, this.#call);
    const position = this.#positions.get(key);
    if (position !== undefined) this.#increment(position);
    else if (this.#counters.length < this.#capacity) this.#append({ key, value, count: 1, error: 0 });
    else this.#takeOver(key, value);
  }

  /** Adds the content of another sketch of the same capacity. */
  merge(content: SpaceSavingContent): void {
    const ours = this.#smallest();
    const theirs = smallestOf(content.counts, this.#capacity);
    for (const counter of this.#counters) {
      counter.count += theirs;
      counter.error += theirs;
    }
    for (let i = 0; i < content.values.length; i++) this.#mergeCounter(content, i, ours, theirs);
    this.#heap = undefined;
    if (this.#counters.length > this.#capacity) this.#keepGreatest();
  }

  /** A copy of the content. */
  content(): SpaceSavingContent {
    return {
      values: this.#counters.map((counter) => counter.value),
      counts: Float64Array.from(this.#counters, (counter) => counter.count),
      errors: Float64Array.from(this.#counters, (counter) => counter.error),
    };
  }

  /** The `k` greatest counts, the greatest first; of equal ones the earlier counter. */
  top(k: number): TopValue<unknown>[] {
    const sorted = this.#counters.toSorted((a, b) => b.count - a.count);
    return sorted.slice(0, k).map(({ value, count, error }) => ({ value, count, error }));
  }

  #append(counter: Counter): void {
    this.#positions.set(counter.key, this.#counters.length);
    this.#counters.push(counter);
  }

  #increment(position: number): void {
    this.#counters[position].count++;
    if (this.#heap !== undefined) this.#siftDown(this.#heap, this.#places[position]);
  }

  #takeOver(key: ContentKey, value: unknown): void {
    const heap = this.#heap ?? this.#buildHeap();
    const position = heap[0];
    const { key: former, count } = this.#counters[position];
    this.#positions.delete(former);
    this.#positions.set(key, position);
    this.#counters[position] = { key, value, count: count + 1, error: count };
    this.#siftDown(heap, 0);
  }

  /** What a value without a counter may have been counted at most. */
  #smallest(): number {
    return smallestOf(
      this.#counters.map((counter) => counter.count),
      this.#capacity,
    );
  }

  /** Ours have the other side's smallest count added already, which those that it does count did not need. */
  #mergeCounter({ values, counts, errors }: SpaceSavingContent, index: number, ours: number, theirs: number): void {
    const value = values[index];
    const key = contentKey(value, this.#call);
    const position = this.#positions.get(key);
    if (position === undefined) this.#append({ key, value, count: counts[index] + ours, error: errors[index] + ours });
    else {
      this.#counters[position].count += counts[index] - theirs;
      this.#counters[position].error += errors[index] - theirs;
    }
  }

  /** Keeps the order, which is that of the first appearance until a value is dropped. */
  #keepGreatest(): void {
    const kept = new Set(this.#counters.toSorted((a, b) => b.count - a.count).slice(0, this.#capacity));
    const counters = this.#counters.filter((counter) => kept.has(counter));
    this.#counters = [];
    this.#positions = new Map();
    for (const counter of counters) this.#append(counter);
  }

  #buildHeap(): number[] {
    const heap = this.#counters.map((_, position) => position);
    this.#heap = heap;
    this.#places = heap.slice();
    for (let place = (heap.length >> 1) - 1; place >= 0; place--) this.#siftDown(heap, place);
    return heap;
  }

  /** Moves the counter at the place down until none below it has a smaller count. */
  #siftDown(heap: number[], place: number): void {
    const position = heap[place];
    const { count } = this.#counters[position];
    for (let child = this.#smallerChild(heap, place); child >= 0; child = this.#smallerChild(heap, place)) {
      if (this.#counters[heap[child]].count >= count) break;
      this.#put(heap, place, heap[child]);
      place = child;
    }
    this.#put(heap, place, position);
  }

  /** The place below with the smaller count, −1 if there is none. */
  #smallerChild(heap: readonly number[], place: number): number {
    const left = 2 * place + 1;
    const right = left + 1;
    if (left >= heap.length) return -1;
    if (right >= heap.length) return left;
    return this.#counters[heap[right]].count < this.#counters[heap[left]].count ? right : left;
  }

  #put(heap: number[], place: number, position: number): void {
    heap[place] = position;
    this.#places[position] = place;
  }
}

/** The smallest count; 0 while a counter is free, since then every value has one. */
function smallestOf(counts: ArrayLike<number>, capacity: number): number {
  if (counts.length < capacity) return 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < counts.length; i++) smallest = Math.min(smallest, counts[i]);
  return smallest;
}
