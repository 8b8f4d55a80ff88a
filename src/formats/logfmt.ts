/**
 * logfmt: `key=value` pairs with spaces between them, one record on each line, as Heroku's router and Go's loggers write it
 * (github.com/kr/logfmt). A value with spaces in it stands in quotes, in which escapes are those of JSON. A key without a value is a
 * flag: true.
 *
 * A value without quotes goes to the next space, whatever it is made of: there are writers that leave `=` and `"` as they are.
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
import { unescapeLatin1, unescapeUtf8 } from './json-text.ts';
import { matchKey, noKey } from './key-code.ts';
import { grammarFormat } from './line-format.ts';
import { logfmtReasons, logfmtRecord, quotedStops } from './logfmt-text.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';
import { SeenFields } from './seen-fields.ts';
import { readText } from './text-values.ts';
import { wholeLineFormat } from './whole-lines.ts';

/**
 * Records from logfmt.
 *
 * @param fields the fields that records have, `{ status: t.int32 }` or `t.object({ … })`: others are not looked at. Without, a record has
 * the strings of all keys, and true for those without a value
 * @throws MillraceError INVALID_OPTION
 * @example formats.logfmt({ method: t.string, status: t.int32, error: t.nullable(t.string) })
 */
export function logfmt(): Format<Record<string, string | true>>;
export function logfmt<T>(type: Type<T>, options?: NumberOptions): Format<T>;
export function logfmt<const F extends FieldTypes>(fields: F, options?: NumberOptions): Format<RecordOfFields<F>>;
export function logfmt(declared?: unknown, options: NumberOptions = {}): Format<unknown> {
  if (declared === undefined) return wholeLineFormat('logfmt', logfmtReasons, logfmtRecord);
  const fields = declaredTextFields('formats.logfmt', declared, checkOptions(options, numberRules, 'formats.logfmt'));
  return grammarFormat({ name: 'logfmt', fields, write: (code) => writeLogfmtRecord(code, fields) }, fieldDetails(fields));
}

const lineFeed = 10;
const space = 32;
const quote = 34;
const equals = 61;

const [noKeyThere, quoteInKey, noEnd, noSpace] = logfmtReasons;

function writeLogfmtRecord(code: ParserCode, all: readonly FieldSpec[]): void {
  const { body } = code;
  const fields = all.filter(({ name }) => code.wants(name));
  const seen = new SeenFields(code, fields);
  const undo = code.encoding === 'latin1' ? unescapeLatin1 : unescapeUtf8;
  const nullText = [...Buffer.from('null')].map((byte, i) => ` && bytes[from + ${i}] === ${byte}`).join('');
  const value = {
    from: 'from',
    to: 'to',
    isNull: `bare || (to - from === 4 && !quoted${nullText})`,
    isFlag: 'bare',
    escapes: { found: 'escaped', undo },
  };
  const skipSpace = `while (bytes[p] <= ${space} && bytes[p] !== ${lineFeed}) p++;`;
  body.block('pairs:', () => {
    body.line(skipSpace);
    body.line(`if (bytes[p] === ${lineFeed}) ${code.bad(noKeyThere)}`);
    body.block('for (;;)', () => {
      findKey(code, fields);
      findValue(code);
      body.block('switch (key)', () => {
        for (const [i, field] of fields.entries()) {
          body.line(`case ${i}:`);
          seen.first(field, () => readText(code, field, value));
          body.line('break;');
        }
      });
      body.line(`if (${seen.all}) { p = bytes.indexOf(${lineFeed}, p) + 1; break pairs; }`);
      body.line(skipSpace);
      body.line(`if (bytes[p] === ${lineFeed}) { p++; break; }`);
    });
    seen.settleMissing();
  });
}

/** Declares `key`, and moves `p` to what ends it. */
function findKey(code: ParserCode, fields: readonly FieldSpec[]): void {
  const { body, names } = code;
  const keys = fields.map(({ name }) => Buffer.from(name, code.encoding));
  matchKey(
    code,
    'key',
    keys.map((key) => Buffer.from([...key, equals])),
  );
  body.block(`if (key === ${noKey})`, () => {
    body.line('const first = p;');
    body.line(`for (let c = bytes[p]; c > ${space} && c !== ${equals} && c !== ${quote}; c = bytes[++p]);`);
    body.line(`if (p === first) ${code.bad(noKeyThere)}`);
    body.line(`if (bytes[p] === ${quote}) ${code.bad(quoteInKey)}`);
    const bareKey = (bytes: Buffer, start: number, end: number) => keys.findIndex((key) => key.compare(bytes, start, end) === 0);
    body.line(`if (bytes[p] !== ${equals}) key = ${names.constant('bareKey', bareKey)}(bytes, first, p);`);
  });
}

/** Declares `from` and `to` of a value and what is to be known of it, and moves `p` behind it. */
function findValue(code: ParserCode): void {
  const { body, names } = code;
  body.line(`const bare = bytes[p] !== ${equals};`);
  body.line('if (!bare) p++;');
  body.line(`const quoted = !bare && bytes[p] === ${quote};`);
  body.line('let escaped = false;');
  body.line('if (quoted) p++;');
  body.line('const from = p;');
  body.block('if (quoted) for (;;)', () => {
    body.line(`while (${names.constant('stops', quotedStops)}[bytes[p]] === 0) p++;`);
    body.line(`if (bytes[p] === ${quote}) break;`);
    body.line(`if (bytes[p] === ${lineFeed}) ${code.bad(noEnd)}`);
    body.line('escaped = true;');
    body.line(`p += bytes[p + 1] === ${lineFeed} ? 1 : 2;`);
  });
  body.line(`else while (bytes[p] > ${space}) p++;`);
  body.line('const to = p;');
  body.line('if (quoted) p++;');
  body.line(`if (bytes[p] > ${space}) ${code.bad(noSpace)}`);
}
