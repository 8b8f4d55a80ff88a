/**
 * Lines described by a pattern: fixed text, and fields in `%{type:name}` between it. The pattern becomes a loop over bytes; there is no
 * regular expression in it.
 *
 * A field of text ends where the text behind it first stands. `%{type}` without a name is passed over, `%{type?:name}` is null where there
 * is `-` or nothing, and `%%` is one `%`.
 *
 * | type | takes | in records |
 * | --- | --- | --- |
 * | `string`, `ip` | any text, an address | string |
 * | `quoted` | text in double quotes, with `\"` for a quote in it | string |
 * | `number` | a decimal number | number |
 * | `int` | digits | number |
 * | `timestamp` | ISO 8601: `2025-03-03T06:00:00.123Z`, `2025-03-03 06:00:00,123`, without a zone in UTC | epoch milliseconds |
 * | `epoch`, `epochms` | seconds or milliseconds since 1970, perhaps with a fraction | epoch milliseconds |
 * | `httpdate` | `10/Oct/2000:13:55:36 -0700` | epoch milliseconds |
 */

import { MillraceError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';
import { checkArgument, text } from '../base/options.ts';
import { EpochTime } from './epoch-time.ts';
import type { Format } from './format.ts';
import { isoPart } from './iso-part.ts';
import { lineFormat } from './line-format.ts';
import { countPart, type FieldPart, type LinePart, numberPart, orNull, quotedPart, stringPart, timePart } from './line-parts.ts';
import { ClfTime } from './times.ts';

interface PatternTypes {
  string: string;
  ip: string;
  quoted: string;
  number: number;
  int: number;
  timestamp: number;
  epoch: number;
  epochms: number;
  httpdate: number;
}

type CaptureValue<Type extends string> = Type extends `${infer Inner}?`
  ? CaptureValue<Inner> | null
  : Type extends keyof PatternTypes
    ? PatternTypes[Type]
    : never;

type Captures<P extends string> = P extends `${string}%{${infer Capture}}${infer Rest}`
  ? (Capture extends `${infer Type}:${infer Name}` ? { readonly [name in Name]: CaptureValue<Type> } : unknown) & Captures<Rest>
  : unknown;

/** The records of a pattern: its fields, and the line as `raw`. */
export type PatternRecord<P extends string> = {
  readonly [name in keyof (Captures<P> & { raw: string })]: (Captures<P> & { raw: string })[name];
};

const parts: { readonly [type in keyof PatternTypes]: (name: string | undefined) => FieldPart } = {
  string: (name) => stringPart(name),
  ip: (name) => stringPart(name),
  quoted: (name) => quotedPart(name),
  number: (name) => numberPart(name),
  int: (name) => countPart(name),
  timestamp: isoPart,
  epoch: (name) => timePart(name, new EpochTime(1000), '1741003200.123'),
  epochms: (name) => timePart(name, new EpochTime(1), '1741003200123'),
  httpdate: (name) => timePart(name, new ClfTime(), '10/Oct/2000:13:55:36 -0700'),
};

/**
 * The format of lines that look like a pattern.
 *
 * @throws MillraceError INVALID_OPTION for a pattern that says nothing, or something else than it can
 * @example formats.pattern('%{string:station};%{number:t}')
 */
export function pattern<const P extends string>(pattern: P): Format<PatternRecord<P>> {
  checkArgument(pattern, text, 'formats.pattern: the pattern');
  return lineFormat<PatternRecord<P>>({ name: 'pattern', parts: parsePattern(pattern), details: { pattern } });
}

function parsePattern(pattern: string): LinePart[] {
  const found: LinePart[] = [];
  let literal = '';
  let end = 0;
  for (const match of pattern.matchAll(/%%|%\{([^}]*)\}/g)) {
    literal += pattern.slice(end, match.index) + (match[1] === undefined ? '%' : '');
    end = match.index + match[0].length;
    if (match[1] === undefined) continue;
    if (literal !== '') found.push(literal);
    else if (found.length > 0) refuse(pattern, `nothing stands in front of ${match[0]}: where the field before it ends cannot be told`);
    literal = '';
    found.push(fieldPart(pattern, match[1]));
  }
  literal += pattern.slice(end);
  if (pattern.slice(end).includes('%{')) refuse(pattern, 'no } stands behind %{; for the text %{ write %%{');
  if (literal !== '') found.push(literal);
  checkNames(pattern, found);
  return found;
}

function fieldPart(pattern: string, capture: string): FieldPart {
  const { kind, optional, name } = /^(?<kind>[^:?]*)(?<optional>\??)(?::(?<name>.*))?$/s.exec(capture)?.groups ?? {};
  const part = Object.hasOwn(parts, kind ?? '') ? parts[kind as keyof PatternTypes] : undefined;
  if (part === undefined || name === '') {
    const known = Object.keys(parts);
    const nearest = nearestName(kind ?? '', known);
    refuse(
      pattern,
      `%{${capture}} is no field: write %{type:name}, of the types ${known.join(', ')}${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`,
    );
  }
  return optional === '?' ? orNull(part(name)) : part(name);
}

function checkNames(pattern: string, found: readonly LinePart[]): void {
  const names = found.flatMap((part) => (typeof part === 'string' ? [] : part.fields.map(({ name }) => name)));
  if (names.length === 0) refuse(pattern, 'it names no field; write one, such as %{string:name}');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuse(pattern, `the name '${twice}' stands there twice`);
  const taken = names.find((name) => name === 'raw' || name === '__proto__' || /^\d+$/.test(name));
  if (taken !== undefined) refuse(pattern, `a field cannot be called '${taken}'`);
  if (found.some((part) => typeof part === 'string' && part.includes('\n'))) refuse(pattern, 'a line has no line feed in it');
}

function refuse(pattern: string, why: string): never {
  throw new MillraceError('INVALID_OPTION', `formats.pattern: '${pattern}': ${why}`);
}
