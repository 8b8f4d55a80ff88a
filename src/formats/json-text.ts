/**
 * Passing over JSON values, and what their text says. The bytes of a value end at the latest with the line feed that ends the line.
 *
 * @hotpath
 */

const quote = 34;
const backslash = 92;
const lineFeed = 10;
const lowerU = 117;

/** Bytes inside of a string at which there is something to do: its end, an escape, or a control character, which it must not have. */
export const stringStops = new Uint8Array(256);
stringStops.fill(1, 0, 32);
stringStops[quote] = 1;
stringStops[backslash] = 1;

/** What a byte means outside of strings: 1 quote, 2 begins a list, 3 ends one, 4 line feed. */
const structure = new Uint8Array(256);
structure[quote] = 1;
structure['['.charCodeAt(0)] = 2;
structure['{'.charCodeAt(0)] = 2;
structure[']'.charCodeAt(0)] = 3;
structure['}'.charCodeAt(0)] = 3;
structure[lineFeed] = 4;

/** Bytes behind the last one of a number or a word. */
const wordEnds = new Uint8Array(256);
for (const byte of Buffer.from('\t\n\r ,]}:{["')) wordEnds[byte] = 1;

/** What a byte behind a backslash stands for; 0 for those that stand for nothing. */
const escaped = new Uint8Array(256);
for (const [byte, meaning] of Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }))
  escaped[byte.charCodeAt(0)] = meaning.charCodeAt(0);

/**
 * Where the value at `from` ends; -1 where it does not before the line does, or where there is none. What is passed over is not checked
 * any further.
 */
export function behindValue(bytes: Buffer, from: number): number {
  const first = bytes[from] as number;
  if (first === quote) return behindString(bytes, from + 1);
  if (structure[first] === 2) return behindList(bytes, from + 1);
  let p = from;
  while (wordEnds[bytes[p] as number] === 0) p++;
  return p === from ? -1 : p;
}

/** @param from behind the quote that begins it */
function behindString(bytes: Buffer, from: number): number {
  let p = from;
  for (;;) {
    while (stringStops[bytes[p] as number] === 0) p++;
    const byte = bytes[p] as number;
    if (byte === quote) return p + 1;
    if (byte === lineFeed) return -1;
    p += byte === backslash && bytes[p + 1] !== lineFeed ? 2 : 1;
  }
}

/** @param from behind the bracket that begins it */
function behindList(bytes: Buffer, from: number): number {
  let p = from;
  for (let depth = 1; depth > 0; p++) {
    while (structure[bytes[p] as number] === 0) p++;
    const kind = structure[bytes[p] as number];
    if (kind === 2) depth++;
    else if (kind === 3) depth--;
    else if (kind === 4) return -1;
    else {
      p = behindString(bytes, p + 1);
      if (p < 0) return -1;
      p--;
    }
  }
  return p;
}

/** Bytes of the escape that begins with the backslash at `at`; 0 where it is none. */
export function escapeLength(bytes: Buffer, at: number): number {
  const byte = bytes[at + 1] as number;
  if (byte === lowerU) return hexAt(bytes, at + 2) < 0 ? 0 : 6;
  return escaped[byte] === 0 ? 0 : 2;
}

/** The number that four hexadecimal digits make; -1 where there are others. */
function hexAt(bytes: Buffer, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const byte = bytes[i] as number;
    const letter = byte | 32;
    const digit = (byte - 48) >>> 0 < 10 ? byte - 48 : (letter - 97) >>> 0 < 6 ? letter - 87 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

const replacement = 0xfffd;

/**
 * Undoes the escapes of a string in place, as UTF-8, and returns its new end. Half of a surrogate pair becomes U+FFFD: UTF-8 cannot
 * hold it. What is no escape of JSON is left as it is.
 */
export function unescapeUtf8(bytes: Buffer, start: number, end: number): number {
  return unescapeInPlace(bytes, start, end, writeUtf8);
}

/** Likewise as Latin-1; escapes of characters that it does not have are left as they are. */
export function unescapeLatin1(bytes: Buffer, start: number, end: number): number {
  return unescapeInPlace(bytes, start, end, writeLatin1);
}

/** Puts a character at `at`, and says where it ends; -1 where there is no such character. */
type WriteCharacter = (bytes: Buffer, at: number, codePoint: number) => number;

function unescapeInPlace(bytes: Buffer, start: number, end: number, write: WriteCharacter): number {
  let to = start;
  let at = start;
  while (at < end) {
    const byte = bytes[at] as number;
    const length = byte === backslash ? escapeLength(bytes, at) : 0;
    if (length === 0) {
      bytes[to++] = byte;
      at++;
    } else if (length === 2) {
      bytes[to++] = escaped[bytes[at + 1] as number] as number;
      at += 2;
    } else {
      const unit = hexAt(bytes, at + 2);
      const low = isHigh(unit) && at + 6 < end ? lowAt(bytes, at + 6) : -1;
      const codePoint = low >= 0 ? 0x10000 + (unit - 0xd800) * 0x400 + low - 0xdc00 : isSurrogate(unit) ? replacement : unit;
      const written = write(bytes, to, codePoint);
      if (written < 0) bytes[to] = backslash;
      at += written < 0 ? 1 : low >= 0 ? 12 : 6;
      to = written < 0 ? to + 1 : written;
    }
  }
  return to;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

/** The low surrogate whose escape stands at `at`; -1 where there is none. */
function lowAt(bytes: Buffer, at: number): number {
  const unit = bytes[at] === backslash && bytes[at + 1] === lowerU ? hexAt(bytes, at + 2) : -1;
  return unit >= 0xdc00 && unit < 0xe000 ? unit : -1;
}

function writeLatin1(bytes: Buffer, at: number, codePoint: number): number {
  if (codePoint > 0xff) return -1;
  bytes[at] = codePoint;
  return at + 1;
}

/** No escape is shorter than what it stands for. */
function writeUtf8(bytes: Buffer, at: number, codePoint: number): number {
  if (codePoint < 0x80) {
    bytes[at] = codePoint;
    return at + 1;
  }
  if (codePoint < 0x800) {
    bytes[at] = 0xc0 | (codePoint >> 6);
    bytes[at + 1] = 0x80 | (codePoint & 63);
    return at + 2;
  }
  if (codePoint < 0x10000) {
    bytes[at] = 0xe0 | (codePoint >> 12);
    bytes[at + 1] = 0x80 | ((codePoint >> 6) & 63);
    bytes[at + 2] = 0x80 | (codePoint & 63);
    return at + 3;
  }
  bytes[at] = 0xf0 | (codePoint >> 18);
  bytes[at + 1] = 0x80 | ((codePoint >> 12) & 63);
  bytes[at + 2] = 0x80 | ((codePoint >> 6) & 63);
  bytes[at + 3] = 0x80 | (codePoint & 63);
  return at + 4;
}

/** The text is no JSON. */
export const notJson: unique symbol = Symbol('not JSON');

/** The value whose text this is, or `notJson`. */
export function jsonValue(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.utf8Slice(start, end));
  } catch {
    return notJson;
  }
}

/** The object whose text this is; undefined where it is another value, or no JSON. */
export function jsonObject(bytes: Buffer, start: number, end: number): Record<string, unknown> | undefined {
  const value = jsonValue(bytes, start, end);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
