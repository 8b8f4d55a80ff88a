/** Code that reads numbers whose end is not known beforehand, and puts them where the type of their field wants them. */

import type { FieldSpec, ParserCode } from './parser-code.ts';
import { exactDigits, losesDigits, readDigits, spellDigits } from './scan-code.ts';

/** Bytes that numbers are written with. */
const numberBytes = new Uint8Array(256);
for (const byte of Buffer.from('0123456789+-.eE')) numberBytes[byte] = 1;

/** A notation of numbers. */
export type NumberSyntax = RegExp;

/** RFC 8259, section 6. */
export const jsonNumber: NumberSyntax = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Reads the number at `p` into the local `name`, and leaves `p` behind it. Up to 15 digits are put together here: mantissa and power of
 * ten are exact, so that their quotient is rounded once, as it should be. Anything else is left to `Number`.
 *
 * @param inexact the statements for a whole number that a float64 does not hold; none where that is rounded
 */
export function readDecimal(code: ParserCode, name: string, syntax: NumberSyntax, bad: string, inexact?: string): void {
  const { body, names } = code;
  const inNumber = names.constant('numberBytes', numberBytes);
  const slow = names.constant('slowNumber', slowNumber);
  body.line(`let ${name} = 0;`);
  body.block('', () => {
    body.line('const first = p;');
    readDigits(body);
    const noExponent = '(d | 32) !== 53';
    const noZeroInFront = '(whole === 1 || bytes[digits] !== 48)';
    body.block(
      `if (whole > 0 && p - digits <= ${exactDigits} && p !== point && ${noExponent} && ${noZeroInFront})`,
      () => {
        spellDigits(code, name);
      },
      '} else {',
    );
    body.line('p = first;');
    body.line(`while (${inNumber}[bytes[p]] === 1) p++;`);
    body.line(`${name} = ${slow}(bytes, first, p, ${names.constant('syntax', syntax)});`);
    body.line(`if (${name} !== ${name}) ${bad}`);
    if (inexact !== undefined) body.line(`if (${names.constant('losesDigits', losesDigits)}(bytes, first, p)) ${inexact}`);
    body.line('}');
  });
}

function slowNumber(bytes: Buffer, start: number, end: number, syntax: NumberSyntax): number {
  const text = bytes.latin1Slice(start, end);
  return syntax.test(text) ? Number(text) : Number.NaN;
}

/** The statements for a whole number that the column of a field does not hold; undefined where it is rounded. */
export function ifInexact(code: ParserCode, { name, type, isExact }: FieldSpec): string | undefined {
  if (isExact !== true || type.kind === 'int32') return undefined;
  return code.bad(`'${name}' has more digits than a float64 holds; a job with the field declared as t.bigint64 reads it`);
}

/** Milliseconds that a `Date` gets away from the epoch at most. */
export const dateMsMax = 8.64e15;

/** Puts a number into a column of numbers. */
export function storeNumber(code: ParserCode, { name, type }: FieldSpec, value: string, bad: string): void {
  if (type.kind === 'int32') code.body.line(`if ((${value} | 0) !== ${value}) ${bad}`);
  code.number(name, value);
}

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
/** Digits of the longest number of 64 bits. */
const int64Digits = 19;

/** Reads the whole number of 64 bits at `p` into the local `name`, and leaves `p` behind it. */
export function readBigint(code: ParserCode, name: string, bad: string): void {
  const { body, names } = code;
  const from = names.fresh('from');
  body.line(`const ${from} = p;`);
  body.line(`while (${names.constant('numberBytes', numberBytes)}[bytes[p]] === 1) p++;`);
  body.line(`const ${name} = ${names.constant('bigintAt', bigintAt)}(bytes, ${from}, p);`);
  body.line(`if (${name} === undefined) ${bad}`);
}

function bigintAt(bytes: Buffer, start: number, end: number): bigint | undefined {
  const text = bytes.latin1Slice(start, end);
  if (!/^-?(?:0|[1-9]\d*)$/.test(text) || text.length > int64Digits + 1) return undefined;
  const value = BigInt(text);
  return value >= int64Min && value <= int64Max ? value : undefined;
}
