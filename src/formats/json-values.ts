/** Code that reads the JSON values of fields. It begins with `p` at the first byte of a value, and leaves it behind the last. */

import { IsoTime } from './iso-time.ts';
import { behindValue, escapeLength, jsonValue, notJson, stringStops, unescapeUtf8 } from './json-text.ts';
import { dateMsMax, ifInexact, jsonNumber, readBigint, readDecimal, storeNumber } from './number-code.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';
import { losesDigits } from './scan-code.ts';
import type { TimeReader } from './times.ts';

/** Writes code that reads the value of a field. */
export function readValue(code: ParserCode, field: FieldSpec): void {
  const { name, type } = field;
  const { body } = code;
  if (type.nullable && type.kind !== 'any') {
    body.line(`if (${isWord('null')}) {`);
    code.null(name);
    body.line('p += 4;');
    body.line('} else');
  }
  body.block('', () => valueReaders[type.kind as keyof typeof valueReaders](code, field));
}

const valueReaders = {
  string: readString,
  float64: readNumber,
  int32: readNumber,
  bool: readBool,
  bigint64: readInt64,
  timestamp: readTimestamp,
  any: readAny,
};

/** Writes code that passes over a value. */
export function skipValue(code: ParserCode): void {
  const { body, names } = code;
  body.line(`p = ${names.constant('behindValue', behindValue)}(bytes, p);`);
  body.line(`if (p < 0) ${code.bad('a value is missing or has no end')}`);
}

/** The condition that a word stands at `p`. */
export function isWord(word: string): string {
  return [...Buffer.from(word)].map((byte, i) => `bytes[p${i === 0 ? '' : ` + ${i}`}] === ${byte}`).join(' && ');
}

function isNo(name: string, what: string): string {
  return `'${name}' is no ${what}`;
}

/** Writes code that finds the end of the string at `p`, which is left at the quote that ends it. @param escaped a flag that is set at an escape */
function scanString(code: ParserCode, escaped: string, bad: string): void {
  const { body, names } = code;
  const stops = names.constant('stops', stringStops);
  body.block('for (;;)', () => {
    body.line(`while (${stops}[bytes[p]] === 0) p++;`);
    body.line('if (bytes[p] === 34) break;');
    body.line(`const length = bytes[p] === 92 ? ${names.constant('escapeLength', escapeLength)}(bytes, p) : 0;`);
    body.line(`if (length === 0) ${bad}`);
    body.line(`${escaped} = true;`);
    body.line('p += length;');
  });
}

function readString(code: ParserCode, { name }: FieldSpec): void {
  const { body, names } = code;
  const bad = code.bad(isNo(name, 'string'));
  const from = names.fresh('from');
  const escaped = code.flag();
  body.line(`if (bytes[p] !== 34) ${bad}`);
  body.line(`const ${from} = ++p;`);
  scanString(code, escaped, bad);
  code.string(name, from, 'p');
  body.line('p++;');
  code.rewrite(name, escaped, unescapeUtf8);
}

function readNumber(code: ParserCode, field: FieldSpec): void {
  const bad = code.bad(isNo(field.name, field.type.kind === 'int32' ? 'whole number of 32 bits' : 'number'));
  const value = code.names.fresh('number');
  readDecimal(code, value, jsonNumber, bad, ifInexact(code, field));
  storeNumber(code, field, value, bad);
}

function readInt64(code: ParserCode, { name }: FieldSpec): void {
  const value = code.names.fresh('bigint');
  readBigint(code, value, code.bad(isNo(name, 'whole number of 64 bits')));
  code.number(name, value);
}

function readBool(code: ParserCode, { name }: FieldSpec): void {
  const { body } = code;
  const value = code.names.fresh('bool');
  body.line(`const ${value} = ${isWord('true')} ? 1 : 0;`);
  body.line(`if (${value} === 0 && !(${isWord('false')})) ${code.bad(isNo(name, 'boolean'))}`);
  body.line(`p += 5 - ${value};`);
  code.number(name, value);
}

function readTimestamp(code: ParserCode, { name }: FieldSpec): void {
  const { body, names } = code;
  const bad = code.bad(isNo(name, 'time: neither text like 2000-10-10T13:55:36Z nor epoch milliseconds'));
  const time = names.fresh('time');
  const number = names.fresh('number');
  const escaped = names.fresh('escaped');
  const from = names.fresh('from');
  body.line(`let ${time} = 0;`);
  body.block(
    'if (bytes[p] === 34)',
    () => {
      body.line(`let ${escaped} = false;`);
      body.line(`const ${from} = ++p;`);
      scanString(code, escaped, bad);
      const reader = names.constant('time', new IsoTime());
      const slow = names.constant('escapedTime', escapedTime);
      body.line(`${time} = ${escaped} ? ${slow}(${reader}, bytes, ${from}, p) : ${reader}.read(bytes, ${from}, p);`);
      body.line('p++;');
    },
    '} else {',
  );
  readDecimal(code, number, jsonNumber, bad);
  body.line(`${time} = Math.trunc(${number});`);
  body.line('}');
  body.line(`if (!(Math.abs(${time}) <= ${dateMsMax})) ${bad}`);
  code.number(name, time);
}

function escapedTime(reader: TimeReader, bytes: Buffer, start: number, end: number): number {
  const text = Buffer.from(bytes.subarray(start, end));
  return reader.read(text, 0, unescapeUtf8(text, 0, text.length));
}

function readAny(code: ParserCode, field: FieldSpec): void {
  const { name } = field;
  const inexact = ifInexact(code, field);
  const { body, names } = code;
  const from = names.fresh('from');
  const value = names.fresh('value');
  body.line(`const ${from} = p;`);
  skipValue(code);
  body.line(`const ${value} = ${names.constant('jsonValue', jsonValue)}(bytes, ${from}, p);`);
  body.line(`if (${value} === ${names.constant('notJson', notJson)}) ${code.bad(isNo(name, 'JSON'))}`);
  if (inexact !== undefined) body.line(`if (${names.constant('losesDigits', losesDigits)}(bytes, ${from}, p)) ${inexact}`);
  code.number(name, value);
}
