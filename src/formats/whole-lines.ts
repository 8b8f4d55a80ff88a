/** Formats whose records are taken as they are: one JavaScript value for each line. */

import { anyColumn } from '../schema/type.ts';
import type { Format } from './format.ts';
import { grammarFormat } from './line-format.ts';
import type { TextEncoding } from './parser.ts';
import type { ParserCode } from './parser-code.ts';

/** The record of the line in bytes[start, end), or the index of the reason why it is none. */
export type ReadLine = (bytes: Buffer, start: number, end: number, encoding: TextEncoding) => object | number;

/** The format of lines that a function makes records of. @param reasons what can be wrong with a line */
export function wholeLineFormat<T>(name: string, reasons: readonly string[], read: ReadLine): Format<T> {
  const write = (code: ParserCode): void => writeLine(code, reasons, read);
  return grammarFormat({ name, form: 'scalar', fields: [{ name: '', type: anyColumn }], write });
}

function writeLine(code: ParserCode, reasons: readonly string[], read: ReadLine): void {
  const { body, names } = code;
  body.line('const lineEnd = bytes.indexOf(10, p);');
  body.line('const end = lineEnd > p && bytes[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd;');
  // Empty lines are no records, and nothing is told of them.
  body.line(`if (end === p) ${code.bad(reasons[0] as string)}`);
  body.line(`const record = ${names.constant('read', read)}(bytes, p, end, '${code.encoding}');`);
  for (const [i, reason] of reasons.entries()) body.line(`if (record === ${i}) ${code.bad(reason)}`);
  code.number('', 'record');
  body.line('p = lineEnd + 1;');
}

/** Gives a record a field that it does not have yet. */
export function addField(record: Record<string, unknown>, name: string, value: unknown): void {
  if (Object.hasOwn(record, name)) return;
  if (name !== '__proto__') record[name] = value;
  else Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
}
