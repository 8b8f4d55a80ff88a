/**
 * Code that finds where a field ends and what it says. Each piece begins with `p` at the first byte of the field, and leaves `p` at what
 * stands behind it, which it has looked for: a byte that ends the field, or a line feed, which ends every line.
 *
 * The loops look at four bytes a turn. Numbers, which are short, are read byte by byte.
 */

import type { CodeWriter } from '../base/code-writer.ts';
import type { ParserCode } from './parser-code.ts';
import type { TimeReader } from './times.ts';

export const lineFeed = 10;

/** What stands behind a field: the bytes of a literal. */
export type Terminator = readonly number[];

/** Whatever stands there. */
export const anything: Terminator = [];

/** The end of the line, with or without a carriage return. */
export const endOfLine: Terminator = [lineFeed];

/** The highest bits of the four bytes of a word. */
const highBits = 0x80808080 | 0;

/**
 * Moves `p` to the first of some bytes, which is in the local `c` where `atStop` is written: that leaves the loop by `break`, or goes on
 * with the byte behind. Looks at four bytes at a time, by arithmetic on all of them at once: a word with a zero byte, or with one below
 * n, shows it in the byte's highest bit (Anderson, Bit Twiddling Hacks; bits above the lowest that is set may be wrong).
 *
 * @param stops bytes below 128
 */
export function scanUntil(code: ParserCode, stops: readonly number[], atStop: (body: CodeWriter) => void): void {
  const { body } = code;
  // Most of what ends a field are controls, spaces and quotes: one test finds all below a bound, and some more.
  const low = stops.filter((byte) => byte <= quoteByte);
  const others = stops.filter((byte) => byte > quoteByte);
  const tests = others.map((byte) => `((x ^ ${repeated(byte)}) - ${repeated(1)}) & ~(x ^ ${repeated(byte)})`);
  if (low.length > 0) tests.push(`(x - ${repeated(Math.max(...low) + 1)}) & ~x`);
  body.block('for (;;)', () => {
    body.line('const x = view.getInt32(p, true);');
    body.line(`const m = (${tests.map((test) => `(${test})`).join(' | ')}) & ${highBits};`);
    body.line('if (m === 0) { p += 4; continue; }');
    body.line('p += (31 - Math.clz32(m & -m)) >>> 3;');
    body.line('const c = bytes[p];');
    atStop(body);
    body.line('p++;');
  });
}

const quoteByte = 34;

/** A byte four times, as a word. */
function repeated(byte: number): number {
  return (byte * 0x01010101) | 0;
}

/** Moves `p` to where the terminator begins. */
export function scanTo(code: ParserCode, terminator: Terminator, bad: string): void {
  const [first, ...rest] = terminator as [number, ...number[]];
  const matches = rest.map((byte, i) => ` && bytes[p + ${i + 1}] === ${byte}`).join('');
  scanUntil(code, first === lineFeed ? [lineFeed] : [first, lineFeed], (body) => {
    body.line(`if (c === ${first}${matches}) break;`);
    if (first !== lineFeed) body.line(`if (c === ${lineFeed}) ${bad}`);
  });
}

/** Writes the check that the terminator stands at `p`. */
export function checkAt({ body }: ParserCode, terminator: Terminator, bad: string): void {
  const differs = terminator.map((byte, i) => `bytes[p${i === 0 ? '' : ` + ${i}`}] !== ${byte}`).join(' || ');
  if (terminator === endOfLine) body.line(`if (bytes[p] !== ${lineFeed} && !(bytes[p] === 13 && bytes[p + 1] === ${lineFeed})) ${bad}`);
  else if (terminator.length > 0) body.line(`if (${differs}) ${bad}`);
}

/** Powers of ten that a float64 holds exactly. */
export const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Digits of a whole number that a float64 always holds exactly. */
export const exactDigits = 15;

/**
 * Reads a decimal number into the local `name`. Digits and a point are put together here: a mantissa of up to 15 digits and a power
 * of ten are exact, so their quotient is rounded once, as it should be. Anything else is left to `Number`.
 *
 * @param inexact the statements for a whole number that a float64 does not hold; none where that is rounded
 */
export function readNumber(code: ParserCode, name: string, terminator: Terminator, bad: string, inexact?: string): void {
  const { body, names } = code;
  const slow = names.constant('slowNumber', slowNumber);
  body.line(`let ${name} = 0;`);
  body.block('', () => {
    body.line('const from = p;');
    readDigits(body);
    const ends = terminator === endOfLine ? '(d === -38 || d === -35)' : `d === ${(terminator[0] as number) - 48}`;
    body.block(
      `if (p > digits && p - digits <= ${exactDigits} && ${ends} && p !== point)`,
      () => {
        spellDigits(code, name);
      },
      '} else {',
    );
    body.line('p = from;');
    scanTo(code, terminator, bad);
    body.line(`${name} = ${slow}(bytes, from, p);`);
    body.line(`if (${name} !== ${name}) ${bad}`);
    if (inexact !== undefined) body.line(`if (${names.constant('losesDigits', losesDigits)}(bytes, from, p)) ${inexact}`);
    body.line('}');
  });
}

/** Digits, perhaps with a point among them, that an int32 always holds. */
const intDigits = 9;

/**
 * Reads a sign, digits, and digits behind a point, as far as they are there: where the first one is (`digits`), how many stand in front of
 * the point (`whole`), where the point ends (`point`, 0 for none), what byte follows, less 48 (`d`), and as long as they are few, what they
 * spell (`mantissa`).
 */
export function readDigits(body: CodeWriter): void {
  // A sign is as good as none to the processor where nothing branches on it.
  body.line('const sign = +(bytes[p] === 45);');
  body.line('p += sign;');
  body.line('const digits = p;');
  body.line('let point = 0;');
  body.line('let mantissa = 0;');
  body.line('let d = bytes[p] - 48;');
  body.line('while (d >>> 0 < 10) { mantissa = (mantissa * 10 + d) | 0; d = bytes[++p] - 48; }');
  body.line('const whole = p - digits;');
  body.block('if (d === -2)', () => {
    body.line('point = ++p;');
    body.line('d = bytes[p] - 48;');
    body.line('while (d >>> 0 < 10) { mantissa = (mantissa * 10 + d) | 0; d = bytes[++p] - 48; }');
  });
}

/** Writes what the digits that `readDigits` has found spell, of which there are at most `exactDigits`, into a local. */
export function spellDigits({ body, names }: ParserCode, name: string): void {
  const many = names.constant('manyDigits', manyDigits);
  body.line(`${name} = (1 - 2 * sign) * (p - digits <= ${intDigits} ? mantissa : ${many}(bytes, digits, p));`);
  body.line(`if (point !== 0) ${name} /= ${names.constant('powers', powersOfTen)}[p - point];`);
}

/** The number that more digits spell, without the point among them. */
function manyDigits(bytes: Buffer, start: number, end: number): number {
  let number = 0;
  for (let i = start; i < end; i++) if (bytes[i] !== 46) number = number * 10 + (bytes[i] as number) - 48;
  return number;
}

/** Numbers as people and programs write them. */
export const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The decimal number that bytes spell, with an exponent or without; NaN for anything else. */
export function slowNumber(bytes: Buffer, start: number, end: number): number {
  const text = bytes.latin1Slice(start, end).trim();
  return decimal.test(text) ? Number(text) : Number.NaN;
}

/** Whether bytes spell a whole number whose float64 is another number: what a sum may bear makes one of two ids. */
export function losesDigits(bytes: Buffer, start: number, end: number): boolean {
  if (end - start <= exactDigits) return false;
  const text = bytes.latin1Slice(start, end).trim();
  if (!/^[+-]?\d+$/.test(text)) return false;
  const number = Number(text);
  return !Number.isFinite(number) || BigInt(number) !== BigInt(text);
}

/** Reads a whole number, not below zero, into the local `name`. */
export function readCount({ body }: ParserCode, name: string, bad: string): void {
  body.line(`let ${name} = 0;`);
  body.block('', () => {
    body.line('const from = p;');
    body.line('let d = bytes[p] - 48;');
    body.line(`while (d >>> 0 < 10) { ${name} = ${name} * 10 + d; d = bytes[++p] - 48; }`);
    body.line(`if (p === from || p - from > ${exactDigits}) ${bad}`);
  });
}

/** Reads a time into the local `name`. */
export function readTime(code: ParserCode, name: string, reader: TimeReader, terminator: Terminator, bad: string): void {
  const { body, names } = code;
  const time = names.constant('time', reader);
  const from = names.fresh('from');
  body.line(`const ${from} = p;`);
  if (reader.length !== undefined) body.line(`p += ${reader.length};`);
  else {
    scanTo(code, terminator, bad);
    if (terminator === endOfLine) body.line(`if (p > ${from} && bytes[p - 1] === 13) p--;`);
  }
  body.line(`const ${name} = ${time}.read(bytes, ${from}, p);`);
  body.line(`if (${name} !== ${name}) ${bad}`);
}

/** Moves `p` on by some bytes, at least four, of the same line. */
export function skipBytes({ body }: ParserCode, length: number, bad: string): void {
  body.line(`if (p + ${length} > bytes.length) ${bad}`);
  body.block('', () => {
    body.line('let m = 0;');
    for (let i = 0; i < length; i += 4) {
      body.line(
        `{ const x = view.getInt32(p + ${Math.min(i, length - 4)}, true) ^ ${repeated(lineFeed)}; m |= (x - ${repeated(1)}) & ~x; }`,
      );
    }
    body.line(`if ((m & ${highBits}) !== 0) ${bad}`);
  });
  body.line(`p += ${length};`);
}

/** Moves `p` behind the line, whatever is left of it. */
export function skipLine({ body }: ParserCode): void {
  body.line(`p = bytes.indexOf(${lineFeed}, p) + 1;`);
}
