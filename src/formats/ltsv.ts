/**
 * Labelled tab-separated values: `label:value` fields with tabs between them, one record on each line (ltsv.org). There are no escapes.
 * A value that is `-` stands for none where a field may be null.
 */

import { checkOptions } from '../base/options.ts';
import type { Type } from '../schema/type.ts';
import {
  declaredTextFields,
  type FieldTypes,
  fieldDetails,
  type NumberOptions,
  numberRules,
  type RecordOfFields,
} from './declared-fields.ts';
import type { Format } from './format.ts';
import { matchKey, noKey } from './key-code.ts';
import { grammarFormat } from './line-format.ts';
import type { TextEncoding } from './parser.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';
import { SeenFields } from './seen-fields.ts';
import { readText } from './text-values.ts';
import { addField, wholeLineFormat } from './whole-lines.ts';

/**
 * Records from labelled tab-separated values.
 *
 * @param fields the fields that records have, `{ host: t.string }` or `t.object({ … })`: others are not looked at. Without, a record has
 * the strings of all labels
 * @throws MillraceError INVALID_OPTION
 * @example formats.ltsv({ host: t.string, status: t.int32, referer: t.nullable(t.string) })
 */
export function ltsv(): Format<Record<string, string>>;
export function ltsv<T>(type: Type<T>, options?: NumberOptions): Format<T>;
export function ltsv<const F extends FieldTypes>(fields: F, options?: NumberOptions): Format<RecordOfFields<F>>;
export function ltsv(declared?: unknown, options: NumberOptions = {}): Format<unknown> {
  if (declared === undefined) return wholeLineFormat('ltsv', [noLabel], ltsvRecord);
  const fields = declaredTextFields('formats.ltsv', declared, checkOptions(options, numberRules, 'formats.ltsv'));
  return grammarFormat({ name: 'ltsv', fields, write: (code) => writeLtsvRecord(code, fields) }, fieldDetails(fields));
}

const noLabel = 'a field does not begin with a label and a colon';
const tab = 9;
const lineFeed = 10;
const colon = 58;

function writeLtsvRecord(code: ParserCode, all: readonly FieldSpec[]): void {
  const { body } = code;
  const fields = all.filter(({ name }) => code.wants(name));
  const seen = new SeenFields(code, fields);
  body.block('fields:', () => {
    body.line(`if (bytes[p] === ${lineFeed}) ${code.bad(noLabel)}`);
    body.block('for (;;)', () => {
      matchKey(
        code,
        'key',
        fields.map(({ name }) => Buffer.from(`${name}:`, code.encoding)),
      );
      findColon(code);
      findEnd(code);
      body.block('switch (key)', () => {
        for (const [i, field] of fields.entries()) {
          body.line(`case ${i}:`);
          seen.first(field, () => readText(code, field, { from: 'from', to: 'to', isNull: 'to - from === 1 && bytes[from] === 45' }));
          body.line('break;');
        }
      });
      body.line('p++;');
      body.line(`if (${seen.all}) { p = bytes.indexOf(${lineFeed}, p - 1) + 1; break fields; }`);
      body.line(`if (bytes[p - 1] === ${lineFeed}) break;`);
    });
    seen.settleMissing();
  });
}

/** Moves `p` behind the colon that ends a label. */
function findColon(code: ParserCode): void {
  const { body } = code;
  body.block(`if (key === ${noKey})`, () => {
    body.line('const label = p;');
    body.line(`for (let c = bytes[p]; c !== ${colon} && c !== ${tab} && c !== ${lineFeed}; c = bytes[++p]);`);
    body.line(`if (bytes[p] !== ${colon} || p === label) ${code.bad(noLabel)}`);
  });
  body.line('p++;');
}

/** Declares `from` and `to` of a value, and moves `p` to what ends it. */
function findEnd({ body }: ParserCode): void {
  body.line('const from = p;');
  body.line(`for (let c = bytes[p]; c !== ${tab} && c !== ${lineFeed}; c = bytes[++p]);`);
  body.line(`const to = bytes[p] === ${lineFeed} && p > from && bytes[p - 1] === 13 ? p - 1 : p;`);
}

/** All fields of a line; of several with the same label the first. A number is the index of what is wrong. */
function ltsvRecord(bytes: Buffer, start: number, end: number, encoding: TextEncoding): object | number {
  const record: Record<string, unknown> = {};
  const text = bytes.toString(encoding, start, end);
  for (let from = 0; from <= text.length; ) {
    const tabAt = text.indexOf('\t', from);
    const to = tabAt < 0 ? text.length : tabAt;
    const at = text.indexOf(':', from);
    if (at <= from || at >= to) return 0;
    addField(record, text.slice(from, at), text.slice(at + 1, to));
    from = to + 1;
  }
  return record;
}
