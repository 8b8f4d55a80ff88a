/** Code that reads the values of declared fields from text that somebody else has found the end of. */

import { IsoTime } from './iso-time.ts';
import { dateMsMax, ifInexact, readBigint, readDecimal, storeNumber } from './number-code.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';
import { decimal } from './scan-code.ts';
import { ClfTime, type TimeReader } from './times.ts';

/** A value as the code that found it left it; all of these are expressions. */
export interface TextValue {
  readonly from: string;
  readonly to: string;
  /** The condition that the value is not there. */
  readonly isNull: string;
  /** The condition that a name without a value says that it is true. */
  readonly isFlag?: string;
  /** The condition that there are escapes in it, and what undoes them in a string. */
  readonly escapes?: { readonly found: string; readonly undo: (bytes: Buffer, start: number, end: number) => number };
}

/** Writes code that reads a field; it leaves `p` where it is. */
export function readText(code: ParserCode, field: FieldSpec, value: TextValue): void {
  const { name, type } = field;
  const { body } = code;
  const flag = type.kind === 'bool' ? value.isFlag : undefined;
  if (flag !== undefined) {
    body.line(`if (${flag}) {`);
    code.number(name, '1');
    body.line('} else');
  }
  // Only a string can be empty.
  const isNull = type.kind === 'string' ? value.isNull : `${value.isNull} || ${value.from} === ${value.to}`;
  if (type.nullable) {
    body.line(`if (${isNull}) {`);
    code.null(name, value.from);
    body.line('} else');
  } else if (type.kind === 'string' && value.isFlag !== undefined) body.line(`if (${value.isFlag}) ${code.bad(`'${name}' has no value`)}`);
  body.block('', () => readers[type.kind as keyof typeof readers](code, field, value));
}

const readers = {
  string: readString,
  float64: readNumber,
  int32: readNumber,
  bool: readBool,
  bigint64: readInt64,
  timestamp: readTimestamp,
};

function readString(code: ParserCode, { name }: FieldSpec, { from, to, escapes }: TextValue): void {
  code.string(name, from, to);
  if (escapes === undefined) return;
  const escaped = code.flag();
  code.body.line(`${escaped} = ${escapes.found};`);
  code.rewrite(name, escaped, escapes.undo);
}

/** Writes code that reads from the beginning of a value, and has to get to its end. */
function readWhole({ body, names }: ParserCode, { from, to }: TextValue, bad: string, read: () => void): void {
  const behind = names.fresh('behind');
  body.line(`const ${behind} = p;`);
  body.line(`p = ${from};`);
  read();
  body.line(`if (p !== ${to}) ${bad}`);
  body.line(`p = ${behind};`);
}

function readNumber(code: ParserCode, field: FieldSpec, value: TextValue): void {
  const bad = code.bad(`'${field.name}' is no ${field.type.kind === 'int32' ? 'whole number of 32 bits' : 'number'}`);
  const number = code.names.fresh('number');
  readWhole(code, value, bad, () => readDecimal(code, number, decimal, bad, ifInexact(code, field)));
  storeNumber(code, field, number, bad);
}

function readInt64(code: ParserCode, { name }: FieldSpec, value: TextValue): void {
  const bad = code.bad(`'${name}' is no whole number of 64 bits`);
  const number = code.names.fresh('bigint');
  readWhole(code, value, bad, () => readBigint(code, number, bad));
  code.number(name, number);
}

function readBool(code: ParserCode, { name }: FieldSpec, { from, to }: TextValue): void {
  const { body, names } = code;
  const truth = names.fresh('bool');
  body.line(`const ${truth} = ${names.constant('truthAt', truthAt)}(bytes, ${from}, ${to});`);
  body.line(`if (${truth} < 0) ${code.bad(`'${name}' is neither true nor false`)}`);
  code.number(name, truth);
}

const words = [Buffer.from('false'), Buffer.from('true')];

function truthAt(bytes: Buffer, start: number, end: number): number {
  return words.findIndex((word) => word.compare(bytes, start, end) === 0);
}

function readTimestamp(code: ParserCode, { name }: FieldSpec, { from, to }: TextValue): void {
  const { body, names } = code;
  const time = names.fresh('time');
  body.line(`const ${time} = ${names.constant('time', new AnyTime())}.read(bytes, ${from}, ${to});`);
  const notations = '2000-10-10T13:55:36Z, 10/Oct/2000:13:55:36 +0000 or epoch milliseconds';
  body.line(`if (!(Math.abs(${time}) <= ${dateMsMax})) ${code.bad(`'${name}' is no time like ${notations}`)}`);
  code.number(name, time);
}

/** ISO 8601, the notation of access logs with or without brackets, or epoch milliseconds. */
export class AnyTime implements TimeReader {
  readonly length = undefined;
  readonly #iso = new IsoTime();
  readonly #clf = new ClfTime();

  read(bytes: Buffer, start: number, end: number): number {
    const isBracketed = bytes[start] === 91 && bytes[end - 1] === 93;
    const from = isBracketed ? start + 1 : start;
    const to = isBracketed ? end - 1 : end;
    if (to - from === this.#clf.length && bytes[from + 2] === 47) return this.#clf.read(bytes, from, to);
    if (bytes[from + 4] === 45) return this.#iso.read(bytes, from, to);
    const text = bytes.latin1Slice(from, to);
    return decimal.test(text) ? Math.trunc(Number(text)) : Number.NaN;
  }
}
