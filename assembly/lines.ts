/**
 * Takes lines apart: fields with fixed text between them, and numbers in decimal notation. Whatever is out of the ordinary ends it, and is left to
 * the loop in JavaScript of which this is the twin.
 */

/** A step along a line: a field, and the fixed text behind it. */
@unmanaged
class Step {
  kind: u32;
  /** Bytes of a field that always has as many. */
  fieldLength: u32;
  /** Bytes of the text, at most 8. */
  length: u32;
  /** Of a count, the byte that stands for 0 by itself; what is no byte for none. */
  nothing: u32;
  /** The text, and which bits of a word it takes. */
  text: u64;
  mask: u64;
  /** Where it goes where each field begins and ends, by row; 0 where nobody wants to know. */
  offsets: usize;
  /** The same for what stands in front of the path of a request, and behind it. */
  methods: usize;
  protocols: usize;
  /** Where counts go, by row; 0 where nobody wants them. */
  values: usize;
}

const stepBytes: usize = 64;

/** Kinds of fields: up to the first place where the text stands; of a fixed length; digits; in double quotes; a request. */
const text: u32 = 0;
const fixed: u32 = 1;
const count: u32 = 2;
const quoted: u32 = 3;
const request: u32 = 4;
/** What is left of a line; the same as digits; nothing but the end of the line. */
const rest: u32 = 5;
const restCount: u32 = 6;
const ended: u32 = 7;

const lineFeed: u32 = 10;
const carriageReturn: u32 = 13;
const space: u32 = 32;
const quote: u32 = 34;
const backslash: u32 = 92;
/** Bytes that are looked at in one turn: of lines of many fields, and of short ones. */
const windowBytes: usize = 64;
const separatorsBytes: usize = 32;
/** Ends of lines that are found in one turn: few at first, since whoever stops soon has looked for the others in vain. */
const endsMin: u32 = 8;
const endsMax: u32 = 64;

/** Marks the bytes of a class by the bits of a word: line feeds, and three others. */
// @ts-ignore: decorator
@inline
function marksAt(at: usize, first: v128, second: v128, third: v128): u64 {
  const low = marksOf(at, first, second, third) | (marksOf(at + 16, first, second, third) << 16);
  const high = marksOf(at + 32, first, second, third) | (marksOf(at + 48, first, second, third) << 16);
  return <u64>low | (<u64>high << 32);
}

// @ts-ignore: decorator
@inline
function marksOf(at: usize, first: v128, second: v128, third: v128): u32 {
  const x = v128.load(at);
  const either = v128.or(i8x16.eq(x, i8x16.splat(<i8>lineFeed)), i8x16.eq(x, first));
  return <u32>i8x16.bitmask(v128.or(either, v128.or(i8x16.eq(x, second), i8x16.eq(x, third))));
}

// @ts-ignore: decorator
@inline
function lineFeedsOf(at: usize): u32 {
  return <u32>i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(<i8>lineFeed)));
}

/** Writes where line feeds in front of `stop` are, at most so many, and says how many. */
function findEnds(at: usize, stop: usize, ends: usize, max: u32): u32 {
  const first = ends;
  const last = ends + (<usize>max << 2);
  for (; at < stop && ends < last; at += windowBytes) {
    const low = lineFeedsOf(at) | (lineFeedsOf(at + 16) << 16);
    const high = lineFeedsOf(at + 32) | (lineFeedsOf(at + 48) << 16);
    let marks = <u64>low | (<u64>high << 32);
    const behind = ends + (<usize>popcnt(marks) << 2);
    // Of long lines most windows have none or one: no branch depends on which.
    store<u32>(ends, <u32>(at + <usize>ctz(marks)));
    for (ends += 4; ends < behind; ends += 4) {
      marks &= marks - 1;
      store<u32>(ends, <u32>(at + <usize>ctz(marks)));
    }
    ends = behind;
  }
  ends = min(ends, last);
  while (ends > first && <usize>load<u32>(ends - 4) >= stop) ends -= 4;
  return <u32>((ends - first) >> 2);
}

/**
 * Takes lines apart that begin from `from` on and end before `to`, as rows from `row` to before `rowsMax`, and says how many rows there are then: it stops in
 * front of a line that is not made of these steps. Every line ends in a line feed, and up to 128 bytes behind it can be read.
 *
 * @param steps descriptions, up to `stepsEnd`; what lies behind the last one is passed over
 * @param classes three bytes to look for: those that texts begin with, with a field in quotes quote and backslash, with a request a space, too
 * @param ends where it puts the address of each line's end, by row, with room for 64 more than there are rows
 */
export function lines(
  bytes: usize,
  from: u32,
  to: u32,
  row: u32,
  rowsMax: u32,
  steps: usize,
  stepsEnd: usize,
  classes: u32,
  ends: usize,
): u32 {
  const first = i8x16.splat(<i8>classes);
  const second = i8x16.splat(<i8>(classes >> 8));
  const third = i8x16.splat(<i8>(classes >> 16));
  const stop = bytes + to;
  let start = bytes + from;
  let known = row;
  let turn = endsMin;
  for (; row < rowsMax && start < stop; row++) {
    if (row === known) {
      known += findEnds(start, stop, ends + (<usize>row << 2), min(turn, rowsMax - row));
      turn = min(turn << 1, endsMax);
      if (row === known) break;
    }
    const lineEnd = <usize>load<u32>(ends + (<usize>row << 2));
    let at = start;
    // One mark is taken off after the other: where a field ends does not hang on what was found of the one in front of it.
    let window = at;
    let marks = marksAt(window, first, second, third);
    let each = steps;
    for (; each < stepsEnd; each += stepBytes) {
      const step = changetype<Step>(each);
      const kind = step.kind;
      let begin = at;
      let end: usize = 0;
      if (kind === fixed) {
        end = at + step.fieldLength;
        // Nothing may be looked for behind the line: nobody knows where that would end.
        if (end > lineEnd || (load<u64>(end) & step.mask) !== step.text) break;
        at = end + step.length;
        window = at;
        marks = marksAt(window, first, second, third);
      } else if (kind >= rest) {
        if (kind === ended) {
          if (at !== lineEnd && (at + 1 !== lineEnd || <u32>load<u8>(at) !== carriageReturn)) break;
          continue;
        }
        at = lineEnd + 1;
        end = lineEnd - <usize>(lineEnd > begin && <u32>load<u8>(lineEnd - 1) === carriageReturn);
        if (kind === restCount && !takeCount(step, row, begin, end)) break;
      } else {
        if (kind === quoted) {
          if (<u32>load<u8>(at) !== quote) break;
          begin++;
          while (marks === 0) {
            window += windowBytes;
            marks = marksAt(window, first, second, third);
          }
          marks &= marks - 1;
        }
        let firstSpace: usize = 0;
        let lastSpace: usize = 0;
        let isPlain = true;
        for (;;) {
          while (marks === 0) {
            window += windowBytes;
            marks = marksAt(window, first, second, third);
          }
          end = window + <usize>ctz(marks);
          marks &= marks - 1;
          const word = load<u64>(end);
          if ((word & step.mask) === step.text) break;
          const byte = <u32>word & 0xff;
          if (byte === space) {
            if (firstSpace === 0) firstSpace = end;
            else lastSpace = end;
          } else if (byte === lineFeed || (kind >= quoted && (byte === backslash || byte === quote))) {
            isPlain = false;
            break;
          }
        }
        if (!isPlain) break;
        at = end + step.length;
        if (step.length > 1) {
          while (at >= window + windowBytes) {
            window += windowBytes;
            marks = marksAt(window, first, second, third);
          }
          marks &= <u64>-1 << (at - window);
        }
        if (kind === request) {
          if (lastSpace === 0) break;
          if (step.methods !== 0) put(step.methods, row, begin - bytes, firstSpace - bytes);
          if (step.protocols !== 0) put(step.protocols, row, lastSpace + 1 - bytes, end - bytes);
          begin = firstSpace + 1;
          end = lastSpace;
        } else if (kind === count && !takeCount(step, row, begin, end)) break;
      }
      if (step.offsets !== 0) put(step.offsets, row, begin - bytes, end - bytes);
    }
    if (each < stepsEnd) break;
    start = lineEnd + 1;
  }
  return row;
}

/** Marks one byte and line feeds by the bits of a word. */
// @ts-ignore: decorator
@inline
function separatorsAt(at: usize, separators: v128): u32 {
  const lineFeeds = i8x16.splat(<i8>lineFeed);
  const first = v128.load(at);
  const second = v128.load(at, 16);
  const low = i8x16.bitmask(v128.or(i8x16.eq(first, separators), i8x16.eq(first, lineFeeds)));
  const high = i8x16.bitmask(v128.or(i8x16.eq(second, separators), i8x16.eq(second, lineFeeds)));
  return <u32>low | (<u32>high << 16);
}

/**
 * The same, in half of the time, for lines of which every step is text up to one and the same byte, and the last one up to the line feed, in front of
 * which that byte belongs to the field. It takes all lines that begin before `to`.
 */
export function separate(
  bytes: usize,
  from: u32,
  to: u32,
  row: u32,
  rowsMax: u32,
  steps: usize,
  stepsEnd: usize,
  separator: u32,
  ends: usize,
): u32 {
  const separators = i8x16.splat(<i8>separator);
  const stop = bytes + to;
  let start = bytes + from;
  for (; row < rowsMax && start < stop; row++) {
    let at = start;
    let window = start;
    let marks = separatorsAt(window, separators);
    let isWhole = true;
    for (let each = steps; each < stepsEnd; each += stepBytes) {
      const step = changetype<Step>(each);
      const terminator = <u32>step.text;
      let end: usize;
      for (;;) {
        while (marks === 0) {
          window += separatorsBytes;
          marks = separatorsAt(window, separators);
        }
        end = window + ctz(marks);
        marks &= marks - 1;
        const byte = <u32>load<u8>(end);
        if (byte === terminator) break;
        if (byte !== lineFeed) continue;
        isWhole = false;
        break;
      }
      if (!isWhole) break;
      if (step.offsets !== 0) {
        const hasReturn = terminator === lineFeed && end > at && <u32>load<u8>(end - 1) === carriageReturn;
        put(step.offsets, row, at - bytes, end - bytes - <usize>hasReturn);
      }
      at = end + 1;
    }
    if (!isWhole) break;
    store<u32>(ends + (<usize>row << 2), <u32>(at - 1));
    start = at;
  }
  return row;
}

// @ts-ignore: decorator
@inline
function put(offsets: usize, row: u32, begin: usize, end: usize): void {
  store<u32>(offsets + (<usize>row << 3), <u32>begin);
  store<u32>(offsets + (<usize>row << 3), <u32>end, 4);
}

/** Whether a field is a whole number of up to 15 digits, or what stands for none; puts it where it is wanted. */
// @ts-ignore: decorator
@inline
function takeCount(step: Step, row: u32, begin: usize, end: usize): bool {
  const length = <u32>(end - begin);
  if (length - 1 >= shortMax) return takeOddCount(step, row, begin, end);
  const digits = lastDigits(end, length);
  if (others(digits) !== 0) return takeOddCount(step, row, begin, end);
  if (step.values !== 0) store<f64>(step.values + (<usize>row << 3), <f64>(<i64>spelled(digits)));
  return true;
}

/** The same for one of many digits, or of none. */
function takeOddCount(step: Step, row: u32, begin: usize, end: usize): bool {
  let value: i64 = 0;
  if (end - begin !== 1 || <u32>load<u8>(begin) !== step.nothing) {
    if (<u32>(end - begin) - 1 >= longMax) return false;
    for (let at = begin; at < end; at++) {
      const digit = <u32>load<u8>(at) - 48;
      if (digit > 9) return false;
      value = value * 10 + digit;
    }
  }
  if (step.values !== 0) store<f64>(step.values + (<usize>row << 3), <f64>value);
  return true;
}

/**
 * Makes rows null whose text is one certain byte: says so in `validity`, and leaves nothing of the text. Returns how many there are.
 *
 * @param offsets where each text begins and ends, both from `bytes` on
 */
export function nulls(bytes: usize, offsets: usize, row: u32, rows: u32, validity: usize, byte: u32): u32 {
  let found: u32 = 0;
  for (; row < rows; row++) {
    const begin = load<u32>(offsets + (<usize>row << 3));
    const end = load<u32>(offsets + (<usize>row << 3), 4);
    const isNull = <u32>(end - begin === 1 && <u32>load<u8>(bytes + begin) === byte);
    store<u32>(offsets + (<usize>row << 3), end - isNull, 4);
    store<u8>(validity + row, isNull ^ 1);
    found += isNull;
  }
  return found;
}

/** A byte eight times. */
// @ts-ignore: decorator
@inline
function repeated(byte: u64): u64 {
  return byte * 0x0101010101010101;
}

/** Characters of the numbers that are read. */
const shortMax: u32 = 8;
const longMax: u32 = 15;

/** The last eight bytes of up to eight digits, less 48 each, and zeros for those in front of them. */
// @ts-ignore: decorator
@inline
function lastDigits(end: usize, length: u32): u64 {
  const unused = (8 - length) << 3;
  return ((load<u64>(end - 8) ^ repeated(48)) >> unused) << unused;
}

/** The highest bits of bytes that are no digits. */
// @ts-ignore: decorator
@inline
function others(digits: u64): u64 {
  return (((digits & repeated(0x7f)) + repeated(0x76)) | digits) & repeated(0x80);
}

/** What eight digits spell: pairs of them, then fours, then all (Lemire, Number parsing at a gigabyte per second). */
// @ts-ignore: decorator
@inline
function spelled(digits: u64): u64 {
  digits = digits * 10 + (digits >> 8);
  const pairs: u64 = 0x000000ff000000ff;
  digits = ((digits & pairs) * 0x000f424000000064 + ((digits >> 16) & pairs) * 0x0000271000000001) >> 32;
  return digits & 0xffffffff;
}

/**
 * Reads the numbers of rows: an optional sign, digits, and a point among them. Both the digits and the power of ten that they are divided by are
 * exact in a float64, so that the quotient is rounded once, as it should be. Says how many it has read: it stops at what is longer, or is none.
 *
 * @param offsets where each begins and ends, both from `bytes` on; eight bytes in front can be read
 * @param powers float64s, powers of ten from the zeroth on
 */
export function numbers(bytes: usize, offsets: usize, rows: u32, values: usize, powers: usize): u32 {
  for (let row: u32 = 0; row < rows; row++) {
    const start = bytes + load<u32>(offsets + (<usize>row << 3));
    const end = bytes + load<u32>(offsets + (<usize>row << 3), 4);
    const sign = <u32>(load<u8>(start) === 45);
    const length = <u32>(end - start) - sign;
    let digits: u64;
    let fraction: u32 = 0;
    if (length - 1 < shortMax) {
      digits = lastDigits(end, length);
      const marks = others(digits);
      if (marks !== 0) {
        const point = <u32>ctz(marks) & 56;
        if (((digits >> point) & 0xff) !== (46 ^ 48) || (marks & (marks - 1)) !== 0 || length === 1) return row;
        fraction = (56 - point) >> 3;
        // What stands in front of the point moves to where it is.
        const front: u64 = (<u64>1 << point) - 1;
        digits = ((digits & front) << 8) | (digits & ~((front << 8) | 0xff));
      }
      digits = spelled(digits);
    } else {
      if (length - 1 >= longMax) return row;
      let point: usize = 0;
      digits = 0;
      for (let at = start + sign; at < end; at++) {
        const digit = <u32>load<u8>(at) - 48;
        if (digit < 10) digits = digits * 10 + digit;
        else if (digit === -2 && point === 0) point = at;
        else return row;
      }
      if (point !== 0) fraction = <u32>(end - point) - 1;
    }
    const value = <f64>(<i64>digits) / load<f64>(powers + (<usize>fraction << 3));
    // The sign as a bit, which is right for zero, too; and nothing branches on it.
    store<u64>(values + (<usize>row << 3), reinterpret<u64>(value) | (<u64>sign << 63));
  }
  return rows;
}
