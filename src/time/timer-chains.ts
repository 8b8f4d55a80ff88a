/**
 * Timers in chains: each chain is first in, first out, and grows at its end by chunks that all chains take from one pool. What
 * is in a chain lies in order in memory, chunk for chunk, so that walking over it is cheap.
 *
 *     an entry, 24 bytes:   time │ namespace │ slot │ id
 *                           8      8           4      4
 *
 * One subtask owns the chains.
 *
 * @hotpath
 */

import { assert } from '../base/assert.ts';

/** Of an entry, as 64-bit and as 32-bit words. */
const entryDoubles = 3;
const entryWords = 6;
const namespaceDouble = 1;
const slotWord = 4;
const idWord = 5;

/** Entries of a chunk: some cache lines to read in a row, and little lost in chains that are short. */
const chunkBits = 6;
const chunkEntries = 1 << chunkBits;
const chunkMask = chunkEntries - 1;

const chunksMin = 4;

const none = -1;

export class TimerChains {
  /** By chain: the place of its first entry, and the place behind its last one; −1 where it is empty. */
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  /** Chunks that some chain has. */
  #used = 0;
  /** By chunk: the next one of its chain, or the next free one. */
  #following = freeChunks(0, chunksMin);
  #free = 0;
  #doubles = new Float64Array(chunksMin * chunkEntries * entryDoubles);
  #words = new Int32Array(this.#doubles.buffer);

  constructor(chains: number) {
    this.#heads = new Int32Array(chains).fill(none);
    this.#tails = new Int32Array(chains).fill(none);
  }

  /** Place of the first entry of a chain, −1 when there is none. */
  first(chain: number): number {
    return this.#heads[chain] as number;
  }

  /** Place of the entry behind another, −1 after the last. */
  next(chain: number, place: number): number {
    const following = place + 1;
    if (following === this.#tails[chain]) return none;
    return (following & chunkMask) !== 0 ? following : (this.#following[place >> chunkBits] as number) << chunkBits;
  }

  time(place: number): number {
    return this.#doubles[place * entryDoubles] as number;
  }

  namespace(place: number): number {
    return this.#doubles[place * entryDoubles + namespaceDouble] as number;
  }

  slot(place: number): number {
    return this.#words[place * entryWords + slotWord] as number;
  }

  id(place: number): number {
    return this.#words[place * entryWords + idWord] as number;
  }

  append(chain: number, time: number, slot: number, namespace: number, id: number): void {
    let place = this.#tails[chain] as number;
    if ((place & chunkMask) === 0 || place === none) place = this.#extend(chain, place);
    this.#doubles[place * entryDoubles] = time;
    this.#doubles[place * entryDoubles + namespaceDouble] = namespace;
    this.#words[place * entryWords + slotWord] = slot;
    this.#words[place * entryWords + idWord] = id;
    this.#tails[chain] = place + 1;
  }

  /** Takes the first entry off a chain and returns the place of the next one. What was at its place is there until an append. */
  shift(chain: number): number {
    const place = this.#heads[chain] as number;
    const next = this.next(chain, place);
    if (next === none) this.#tails[chain] = none;
    if (next === none || (next & chunkMask) === 0) this.#release(place >> chunkBits);
    this.#heads[chain] = next;
    return next;
  }

  /** Makes the entries of one chain those of another, which is empty. */
  hand(from: number, to: number): void {
    assert(this.#heads[to] === none, 'entries are handed to an empty chain');
    this.#heads[to] = this.#heads[from] as number;
    this.#tails[to] = this.#tails[from] as number;
    this.#heads[from] = none;
    this.#tails[from] = none;
  }

  /** Whether most of the memory is in no chain. */
  get sparse(): boolean {
    return this.#following.length > chunksMin * 16 && this.#used * 8 < this.#following.length;
  }

  /** Bytes that the pool takes. */
  get bytes(): number {
    return this.#doubles.byteLength + this.#following.byteLength;
  }

  #extend(chain: number, tail: number): number {
    if (this.#free === none) this.#grow();
    const chunk = this.#free;
    this.#free = this.#following[chunk] as number;
    this.#used++;
    const place = chunk << chunkBits;
    if (tail === none) this.#heads[chain] = place;
    else this.#following[(tail - 1) >> chunkBits] = chunk;
    return place;
  }

  #release(chunk: number): void {
    this.#following[chunk] = this.#free;
    this.#free = chunk;
    this.#used--;
  }

  #grow(): void {
    const before = this.#following.length;
    assert(before < 2 ** (30 - chunkBits), 'places of timers are int32');
    const following = freeChunks(before, before * 2);
    following.set(this.#following);
    const doubles = new Float64Array(before * 2 * chunkEntries * entryDoubles);
    doubles.set(this.#doubles);
    this.#following = following;
    this.#doubles = doubles;
    this.#words = new Int32Array(doubles.buffer);
    this.#free = before;
  }
}

/** Chunks of which those from `from` are free, each naming the next. */
function freeChunks(from: number, chunks: number): Int32Array {
  const following = new Int32Array(chunks);
  for (let chunk = from; chunk < chunks; chunk++) following[chunk] = chunk + 1 < chunks ? chunk + 1 : none;
  return following;
}
