/**
 * Numbers strings, and splits text into words: what `src/batch/string-interner.ts` and `src/batch/string-splitter.ts` do, on bytes in
 * the memory of the module. Whoever has an instance lays the memory out and tells it by addresses.
 *
 * A table of strings is a hash table with linear probing, a place of 32 bytes for each string, half of a cache line, so that most are found
 * by one look at memory:
 *
 *     u64, u64 the first sixteen bytes, then zeros; u32 hash; u32 length; u32 id + 1, 0 for an empty place; u32 where the rest lies
 *
 * The rest of a longer string is in an arena, behind the eight bytes in front of it.
 */

/** Bytes of a string that lie in its place. */
const wordsBytes: u32 = 16;
/** Binary logarithm of the bytes of a place. */
const placeShift: u32 = 5;
/**
 * Tables with more places than this do not fit into the nearer caches: what will be looked at is fetched for many rows at once. Smaller ones are
 * at most a quarter full, so that few strings are not found at the first look, which the processor foresees; larger ones at most a half.
 */
const nearPlacesMax: u32 = 1 << 12;

/** Bytes of a page of memory, or a part of one. */
const pageBytes: usize = 1 << 12;

/** What is known of a table of strings, at the address that stands for it. */
@unmanaged
class Strings {
  /** Where tables begin: that of 2ⁿ places lies 2ⁿ places further. */
  tables: usize;
  /** Binary logarithm of the places. */
  bits: u32;
  count: u32;
  countMax: u32;
  arena: usize;
  /** Bytes used of the arena, and that there are. */
  arenaUsed: u32;
  arenaMax: u32;
  /** By row: where the string begins and ends; its hash; and its id, −1 for null. */
  offsets: usize;
  hashes: usize;
  ids: usize;
  /** By id, less the `count` before: in which row of the last call it came. */
  firstRows: usize;
  /** Of no use to anybody, but what is only fetched would be left out without it. */
  touched: u32;
}

// @ts-ignore: decorator
@inline
function spread(hash: u64): u32 {
  hash = (hash ^ (hash >> 32)) * 0x9fb21c651e98df25;
  return <u32>(hash >> 32);
}

/** The first eight bytes of a string, zeros where it is shorter. No branch depends on its length: the processor could not foresee it. */
// @ts-ignore: decorator
@inline
function firstWord(at: usize, length: u32): u64 {
  const bits = min<u32>(length, 8) << 3;
  // A shift by 64 bits would be one by none.
  return load<u64>(at) & ~select<u64>(0, <u64>-1 << bits, bits === 64);
}

/** The next eight. */
// @ts-ignore: decorator
@inline
function secondWord(at: usize, length: u32): u64 {
  return firstWord(at + 8, select<u32>(length - 8, 0, length > 8));
}

// @ts-ignore: decorator
@inline
function hashOf(at: usize, length: u32): u32 {
  let hash = (firstWord(at, length) ^ length) * 0x9e3779b97f4a7c15 ^ rotl<u64>(secondWord(at, length) * 0xd6e8feb86659fd93, 32);
  if (length > wordsBytes) {
    const last = at + length - 8;
    for (at += wordsBytes; at < last; at += 8) hash = rotl<u64>(hash ^ load<u64>(at), 27) * 0x9e3779b97f4a7c15;
    hash = rotl<u64>(hash ^ load<u64>(last), 27) * 0x9e3779b97f4a7c15;
  }
  return spread(hash);
}

/** Whether what lies in the arena is the rest of a string, behind its words. */
// @ts-ignore: decorator
@inline
function equalsRest(stored: usize, at: usize, length: u32): bool {
  const last = at + length - 8;
  at += wordsBytes;
  for (; at < last; at += 8, stored += 8) if (load<u64>(stored) !== load<u64>(at)) return false;
  return load<u64>(stored - (at - last)) === load<u64>(last);
}

/**
 * Puts the id of each row from `row` to before `to` into `ids`: of the bytes from `offsets[2i]` to `offsets[2i + 1]`, both from `bytes` on; 16
 * more can be read. Says how far it has come: not to the end when the strings have become too many.
 *
 * @param validity where it says of each row by 0 that it is null; 0 where none is
 */
export function take(state: usize, bytes: usize, from: u32, to: u32, validity: usize): u32 {
  const strings = changetype<Strings>(state);
  const offsets = strings.offsets;
  const hashes = strings.hashes;
  const ids = strings.ids;
  const isNear = <u32>1 << strings.bits <= nearPlacesMax;
  if (!isNear) {
    for (let row = from; row < to; row++) {
      const start = load<u32>(offsets + (row << 3));
      store<u32>(hashes + (row << 2), hashOf(bytes + start, load<u32>(offsets + (row << 3), 4) - start));
    }
    fetch(strings, from, to);
  }
  const before = strings.count;
  let shift = 32 - strings.bits;
  let mask = (<u32>1 << strings.bits) - 1;
  let table = tableOf(strings, strings.bits);
  for (let row = from; row < to; row++) {
    if (validity !== 0 && load<u8>(validity + row) === 0) {
      store<i32>(ids + (row << 2), -1);
      continue;
    }
    const start = load<u32>(offsets + (row << 3));
    const at = bytes + start;
    const length = load<u32>(offsets + (row << 3), 4) - start;
    const hash = isNear ? hashOf(at, length) : load<u32>(hashes + (row << 2));
    const first = firstWord(at, length);
    const second = secondWord(at, length);
    const both = <u64>length << 32 | hash;
    let place = hash >> shift;
    let id: u32 = 0;
    let slot = table + (<usize>place << placeShift);
    for (;;) {
      id = load<u32>(slot, 24);
      if (id === 0) break;
      if (((load<u64>(slot) ^ first) | (load<u64>(slot, 8) ^ second) | (load<u64>(slot, 16) ^ both)) === 0) {
        if (length <= wordsBytes || equalsRest(load<u32>(slot, 28), at, length)) break;
      }
      place = (place + 1) & mask;
      slot = table + (<usize>place << placeShift);
    }
    if (id === 0) {
      id = add(strings, at, length, slot);
      if (id === 0) return row;
      store<u64>(slot, first);
      store<u64>(slot, second, 8);
      store<u64>(slot, both, 16);
      store<u32>(slot, id, 24);
      store<u32>(strings.firstRows + ((id - 1 - before) << 2), row);
      // There is no table behind the one that is half full of all strings that there can be.
      if (id << (mask + 1 < nearPlacesMax ? 2 : 1) > mask && id < strings.countMax) {
        grow(strings);
        shift--;
        mask = (mask << 1) | 1;
        table = tableOf(strings, strings.bits);
      }
    }
    store<u32>(ids + (row << 2), id - 1);
  }
  return to;
}

// @ts-ignore: decorator
@inline
function tableOf(strings: Strings, bits: u32): usize {
  return strings.tables + (<usize>1 << (bits + placeShift));
}

/** Reads what the rows will want, of many at once: looking for one after the other the processor would wait for each. */
function fetch(strings: Strings, from: u32, to: u32): void {
  const hashes = strings.hashes;
  const shift = 32 - strings.bits;
  const table = tableOf(strings, strings.bits);
  let touched: u32 = 0;
  for (let row = from; row < to; row++) {
    const place = load<u32>(hashes + (row << 2)) >> shift;
    touched ^= load<u32>(table + (<usize>place << placeShift));
  }
  strings.touched = touched;
}

/** Gives a new string, for which there is a place, an id, and returns that + 1; 0 when there is no room. */
function add(strings: Strings, at: usize, length: u32, slot: usize): u32 {
  if (strings.count === strings.countMax) return 0;
  if (length > wordsBytes) {
    const rest = length - wordsBytes;
    // Whoever compares reads words, also in front of a rest of less than one.
    const behind = strings.arenaUsed + ((8 + rest + 7) & ~7);
    if (behind > strings.arenaMax) return 0;
    const to = strings.arena + strings.arenaUsed + 8;
    store<u64>(to - 8, load<u64>(at + wordsBytes - 8));
    memory.copy(to, at + wordsBytes, rest);
    strings.arenaUsed = behind;
    store<u32>(slot, <u32>to, 28);
  }
  return ++strings.count;
}

/**
 * Goes on with a table of twice as many places, each page of which is written to first. Memory that was only read is a page of zeros that all of it
 * shares; to write there later makes a page of its own, and every other processor of the process is interrupted to hear of it.
 */
function grow(strings: Strings): void {
  const from = tableOf(strings, strings.bits);
  const to = tableOf(strings, ++strings.bits);
  const end = tableOf(strings, strings.bits + 1);
  for (let page = to; page < end; page += pageBytes) store<u32>(page, 0);
  const shift = 32 - strings.bits;
  const mask = (<u32>1 << strings.bits) - 1;
  for (let slot = from; slot < to; slot += <usize>1 << placeShift) {
    if (load<u32>(slot, 24) === 0) continue;
    let place = load<u32>(slot, 16) >> shift;
    while (load<u32>(to + (<usize>place << placeShift), 24) !== 0) place = (place + 1) & mask;
    const target = to + (<usize>place << placeShift);
    v128.store(target, v128.load(slot));
    v128.store(target, v128.load(slot, 16), 16);
  }
}

/**
 * Marks the bytes of a class by the bits of 64-bit words, the lowest first, and with them what lies behind the last byte, up to the end of a
 * word. Up to 63 bytes behind are read. A byte is of the class where the entries of its two halves, in `low` and `high`, have a bit in common.
 */
export function mark(bytes: usize, length: u32, bits: usize, low: usize, high: usize): void {
  const lowTable = v128.load(low);
  const highTable = v128.load(high);
  const half = i8x16.splat(15);
  const zero = i8x16.splat(0);
  for (const end = bytes + length; bytes < end; bytes += 64, bits += 8) {
    let word: u64 = 0;
    for (let part: u32 = 0; part < 4; part++) {
      const x = v128.load(bytes + (part << 4));
      const both = v128.and(i8x16.swizzle(lowTable, v128.and(x, half)), i8x16.swizzle(highTable, i8x16.shr_u(x, 4)));
      word |= <u64>i8x16.bitmask(i8x16.ne(both, zero)) << (part << 4);
    }
    store<u64>(bits, word);
  }
  const rest = length & 63;
  if (rest === 0) store<u64>(bits, -1);
  else store<u64>(bits - 8, load<u64>(bits - 8) | (<u64>-1 << rest));
}

/** Marks what stands between rows: from the end of each, `gap` bytes before `offsets[i + 1]`, to there; all less `base`. */
export function markGaps(bits: usize, offsets: usize, rows: u32, base: u32, gap: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const behind = load<u32>(offsets + (row << 2), 4) - base;
    for (let at = behind - gap; at < behind; at++) {
      const word = bits + ((at >> 6) << 3);
      store<u64>(word, load<u64>(word) | (<u64>1 << (at & 63)));
    }
  }
}

/** Where `words` has got to. */
let position: u32 = 0;

/** Where the last call of `words` has got to: the beginning of a word, or the end. */
export function wordsEnd(): u32 {
  return position;
}

/**
 * Writes beginnings and ends of the runs of bytes that are not marked, from the byte `from` on, which is marked, the first, or the beginning of a
 * word; at most `piecesMax`. The byte `to`, behind the last, is marked. Says how many there are.
 */
export function words(bits: usize, from: u32, to: u32, pieces: usize, piecesMax: u32): u32 {
  // Places where it changes what a byte is: the first is a beginning, the next its end, and so on.
  let out = pieces;
  const outMax = pieces + (<usize>piecesMax << 3);
  let at = from & ~63;
  let marked = ~load<u64>(bits + (at >> 3));
  marked &= <u64>-1 << (from & 63);
  let changes = marked ^ (marked << 1);
  let carry = marked >> 63;
  for (;;) {
    while (changes !== 0) {
      if (out === outMax) {
        position = at + <u32>ctz<u64>(changes);
        return piecesMax;
      }
      store<u32>(out, at + <u32>ctz<u64>(changes));
      out += 4;
      changes &= changes - 1;
    }
    at += 64;
    if (at > to) break;
    const open = ~load<u64>(bits + (at >> 3));
    changes = open ^ ((open << 1) | carry);
    carry = open >> 63;
  }
  position = to;
  return <u32>((out - pieces) >> 3);
}
