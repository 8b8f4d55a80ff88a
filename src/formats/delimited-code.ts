/**
 * The code that takes records of delimited text apart, field by field: one pass over the bytes. Quoted fields are unescaped where they
 * lie. Every record ends with `p` behind its line feed.
 */

import { behindRecord, type DelimitedSyntax } from './delimited-syntax.ts';
import { ifInexact, storeNumber } from './number-code.ts';
import type { FieldSpec, ParserCode } from './parser-code.ts';
import { endOfLine, lineFeed, readNumber, scanUntil } from './scan-code.ts';
import { readText } from './text-values.ts';
import type { TimeReader } from './times.ts';

/** A field of the records of one file, in its place there. */
export interface DelimitedField {
  /** What it gives; undefined for one that is passed over. */
  readonly spec: FieldSpec | undefined;
  /** Where it is a time, how that is written. */
  readonly time: TimeReader | undefined;
}

export interface DelimitedCodeOptions {
  readonly syntax: DelimitedSyntax;
  /** A text without quotes that stands for null, as the empty one does. */
  readonly nullText: string | undefined;
  readonly fields: readonly DelimitedField[];
}

const carriageReturn = 13;

/** Writes the code of one record: what lies behind the last field that is asked for is not looked at. */
export function writeRecord(code: ParserCode, options: DelimitedCodeOptions): void {
  const { fields, syntax } = options;
  const last = fields.findLastIndex(({ spec }) => code.wants(spec?.name));
  if (syntax.quote >= 0) {
    code.prologue.line('const { filled } = input;');
    code.prologue.line('const end = input.ended ? filled + 1 : filled;');
  }
  code.body.line(
    `if (bytes[p] === ${lineFeed} || (bytes[p] === ${carriageReturn} && bytes[p + 1] === ${lineFeed})) ${code.bad('it is empty')}`,
  );
  for (let i = 0; i <= last; i++) {
    const isLast = i === fields.length - 1;
    new FieldCode(code, options, isLast).write(fields[i] as DelimitedField);
    if (isLast || i < last) code.body.line('p++;');
  }
  if (last < fields.length - 1) skipRest(code, options);
  if (syntax.quote >= 0) code.body.line(`if (p > end) ${code.bad('its end is missing')}`);
}

/** Moves `p`, which is at a delimiter, behind the record. */
function skipRest(code: ParserCode, { syntax }: DelimitedCodeOptions): void {
  const { body, prologue, names } = code;
  if (syntax.quote < 0) {
    body.line(`p = bytes.indexOf(${lineFeed}, p) + 1;`);
    return;
  }
  const quoteFrom = names.constant('quoteFrom', (bytes: Buffer, p: number) => nextQuote(bytes, p, syntax.quote));
  const behind = names.constant('behind', (bytes: Buffer, p: number, filled: number) => behindRecord(bytes, p, filled, syntax));
  // While no quote is near, a record ends with its line.
  prologue.line('let quoteAt = 0;');
  body.line(`const feed = bytes.indexOf(${lineFeed}, p);`);
  body.line(`if (quoteAt < p) quoteAt = ${quoteFrom}(bytes, p);`);
  body.line(`p = quoteAt < feed ? ${behind}(bytes, p + 1, filled) : feed + 1;`);
}

/** Bytes that are spaces or controls end with this one. */
const lastBlank = 32;

/** Bytes in which the next quote is looked for at once: of little cost when it is near, and rarely done when it is not. */
const lookAhead = 16 * 1024;

/** An offset in front of which no quote stands. */
function nextQuote(bytes: Buffer, from: number, quote: number): number {
  const at = bytes.subarray(from, from + lookAhead).indexOf(quote);
  return from + (at < 0 ? lookAhead : at);
}

/** Makes one quote of each pair in place, and returns the new end. */
function halvePairs(bytes: Buffer, start: number, end: number, quote: number): number {
  let to = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    bytes[to++] = byte;
    if (byte === quote) at++;
  }
  return to;
}

/** A field without quotes, or what is between them, in the locals of these names. */
interface Place {
  readonly from: string;
  readonly to: string;
  /** Whether it stands in quotes; undefined where no field does. */
  readonly quoted: string | undefined;
  /** Whether there are pairs of quotes in it. */
  readonly escaped: string | undefined;
}

/** Writes the code of one field, which ends with `p` at the delimiter behind it or at the line feed. */
class FieldCode {
  readonly #code: ParserCode;
  readonly #options: DelimitedCodeOptions;
  readonly #isLast: boolean;
  readonly #terminator: number;

  constructor(code: ParserCode, options: DelimitedCodeOptions, isLast: boolean) {
    this.#code = code;
    this.#options = options;
    this.#isLast = isLast;
    this.#terminator = isLast ? lineFeed : options.syntax.delimiter;
  }

  write({ spec, time }: DelimitedField): void {
    if (spec === undefined || !this.#code.wants(spec.name)) this.#place(false);
    else if (spec.type.kind === 'string') this.#string(spec, this.#place(true));
    else if (time === undefined && (spec.type.kind === 'float64' || spec.type.kind === 'int32')) this.#number(spec);
    else this.#value(spec, time, this.#place(false));
  }

  get #badEnd(): string {
    return this.#code.bad('a quote stands in a field without quotes, or text behind the quote that ends one');
  }

  /** Finds the field. @param escapes whether pairs of quotes are looked for */
  #place(escapes: boolean): Place {
    const { body, names } = this.#code;
    const { quote } = this.#options.syntax;
    const place: Place = {
      from: names.fresh('from'),
      to: names.fresh('to'),
      quoted: quote < 0 ? undefined : names.fresh('quoted'),
      escaped: quote < 0 || !escapes ? undefined : names.fresh('escaped'),
    };
    body.line(`let ${place.from} = p;`);
    body.line(`let ${place.to} = p;`);
    if (place.escaped !== undefined) body.line(`let ${place.escaped} = false;`);
    if (place.quoted === undefined) {
      this.#plain(place);
      return place;
    }
    body.line(`const ${place.quoted} = bytes[p] === ${quote};`);
    body.block(`if (${place.quoted})`, () => this.#inQuotes(place), '} else {');
    this.#plain(place);
    body.line('}');
    return place;
  }

  /** Up to what ends a field without quotes. */
  #plain({ to }: Place): void {
    const { body } = this.#code;
    const { delimiter, quote } = this.#options.syntax;
    const stops = [delimiter, lineFeed, quote].filter((byte) => byte >= 0);
    scanUntil(this.#code, stops, (loop) => loop.line(`if (${stops.map((byte) => `c === ${byte}`).join(' || ')}) break;`));
    body.line(`if (bytes[p] !== ${this.#terminator}) ${this.#badEnd}`);
    body.line(`${to} = p;`);
    if (this.#isLast) body.line(`if (bytes[p - 1] === ${carriageReturn} && p > start) ${to} = p - 1;`);
  }

  #inQuotes({ from, to, escaped }: Place): void {
    const { body } = this.#code;
    const { quote } = this.#options.syntax;
    body.line(`${from} = ++p;`);
    const endless = this.#code.bad('no quote ends the field that begins with one');
    scanUntil(this.#code, [quote, lineFeed], (loop) => {
      loop.block(`if (c === ${quote})`, () => {
        loop.line(`if (bytes[p + 1] !== ${quote}) break;`);
        if (escaped !== undefined) loop.line(`${escaped} = true;`);
        loop.line('p++;');
      });
      loop.line(`if (c === ${lineFeed} && p >= filled) ${endless}`);
    });
    body.line(`${to} = p++;`);
    this.#atEnd(this.#badEnd);
  }

  /** Checks that what ends the field stands at `p`. */
  #atEnd(bad: string): void {
    const { body } = this.#code;
    if (this.#isLast) body.line(`if (bytes[p] === ${carriageReturn}) p++;`);
    body.line(`if (bytes[p] !== ${this.#terminator}) ${bad}`);
  }

  #string({ name, type }: FieldSpec, place: Place): void {
    const { body } = this.#code;
    const { from, to, quoted, escaped } = place;
    if (type.nullable) {
      const unquoted = quoted === undefined ? '' : `!${quoted} && `;
      body.block(`if (${unquoted}(${this.#isNull(from, to)}))`, () => this.#code.null(name, from), '} else {');
      this.#code.string(name, from, to);
      body.line('}');
    } else this.#code.string(name, from, to);
    const { quote } = this.#options.syntax;
    if (escaped !== undefined) this.#code.rewrite(name, escaped, (bytes, start, end) => halvePairs(bytes, start, end, quote));
  }

  /** The condition that a field without quotes stands for null. */
  #isNull(from: string, to: string): string {
    const { nullText } = this.#options;
    if (nullText === undefined) return `${from} === ${to}`;
    const same = [...Buffer.from(nullText)].map((byte, i) => ` && bytes[${from} + ${i}] === ${byte}`).join('');
    return `${from} === ${to} || (${to} - ${from} === ${Buffer.byteLength(nullText)}${same})`;
  }

  /** A number without quotes is read as it is scanned. */
  #number(spec: FieldSpec): void {
    const { name, type } = spec;
    const code = this.#code;
    const { body, names } = code;
    const { quote } = this.#options.syntax;
    const bad = code.bad(`'${name}' is no ${type.kind === 'int32' ? 'whole number of 32 bits' : 'number'}`);
    const value = names.fresh('value');
    const plain = (): void => {
      const number = names.fresh('number');
      readNumber(code, number, this.#isLast ? endOfLine : [this.#terminator], bad, ifInexact(code, spec));
      this.#atEnd(bad);
      storeNumber(code, spec, number, bad);
    };
    // What does not begin like a number may be quoted, or null.
    body.line(`const ${value} = bytes[p];`);
    if (quote < 0 && !type.nullable) {
      plain();
      return;
    }
    const others = [quote, this.#terminator, ...Buffer.from(this.#options.nullText ?? '').subarray(0, 1)];
    const isOther = others.map((byte) => `${value} === ${byte}`).join(' || ');
    body.block(`if (${value} <= ${lastBlank} || ${isOther})`, () => this.#value(spec, undefined, this.#place(false)), '} else {');
    plain();
    body.line('}');
  }

  /** A value that is read when the end of its field is known. */
  #value(spec: FieldSpec, time: TimeReader | undefined, { from, to, quoted }: Place): void {
    const code = this.#code;
    const isNull = `${quoted === undefined ? '' : `!${quoted} && `}(${this.#isNull(from, to)})`;
    if (time === undefined) {
      readText(code, spec, { from, to, isNull });
      return;
    }
    const read = (): void => {
      const value = code.names.fresh('time');
      code.body.line(`const ${value} = ${code.names.constant('reader', time)}.read(bytes, ${from}, ${to});`);
      code.body.line(`if (${value} !== ${value}) ${code.bad(`'${spec.name}' is no time in the notation that it was said to have`)}`);
      code.number(spec.name, value);
    };
    if (spec.type.nullable) code.body.block(`if (${isNull})`, () => code.null(spec.name), '} else');
    code.body.block('', read);
  }
}
